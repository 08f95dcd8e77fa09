/* Messages and records from inside a test binary. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "harness/preload/wire.h"
#include "harness/runner/wire_read.h"

/* A case is a test: a number this large only costs time here. */
static bool has_few_cases(const char *test, size_t size)
{
    return size < 12 || (test[9] == 0 && test[10] == 0 && test[11] == 0);
}

/* A list is given to the reader when every part that would be a test has few cases. */
static bool is_quick(const char *packet, size_t size)
{
    uint32_t part;

    for (size_t at = sizeof(uint32_t); at + sizeof part <= size; at += part) {
        memcpy(&part, packet + at, sizeof part);
        at += sizeof part;
        if (part > size - at)
            break;
        if (!has_few_cases(packet + at, part))
            return false;
    }
    return true;
}

static void read_tests(const char *packet, size_t size)
{
    struct hn_binary binary = {.name = "bin"};
    struct hn_plan plan = {.binaries = &binary, .binary_count = 1};
    struct pf_err err = {0};

    if (has_few_cases(packet, size))
        (void)!hn_wire_add_test(&plan, 0, packet, size, &err);
    if (is_quick(packet, size))
        (void)!hn_wire_add_tests(&plan, 0, packet, size, &err);
    for (uint32_t i = 0; i < plan.test_count; i++)
        if (strncmp(plan.tests[i].id, "bin/", 4) != 0)
            abort();
    free(plan.tests);
    pf_arena_fini(&plan.arena);
}

static void read_native(const uint8_t *data, size_t size)
{
    char *packet = malloc(size + 1), *text; /* of its own, as it is written to */
    struct hn_wire_native event;

    memcpy(packet, data, size);
    if (hn_wire_read_native(packet, size, &event, &text) && strlen(text) >= size)
        abort();
    free(packet);
}

static void read_records(const uint8_t *data, size_t size)
{
    static struct hn_shared *shared;
    struct hn_record_view record;

    if (!shared)
        shared = calloc(1, HN_WIRE_SHARED_BYTES);
    size_t used = size < 65536 ? size : 65536;
    memcpy(shared + 1, data, used);
    for (uint32_t at = 0; hn_wire_next_record(shared, &at, &record);)
        if (strlen(record.text) > record.size)
            abort();
    memset(shared + 1, 0, used);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[64];

    (void)hn_wire_type((const char *)data, size);
    (void)hn_wire_copy_text(text, sizeof text, (const char *)data, size);
    read_tests((const char *)data, size);
    read_native(data, size);
    read_records(data, size);
    return 0;
}

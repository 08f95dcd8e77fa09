/* Messages and records from inside a test binary. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "harness/preload/wire.h"
#include "harness/runner/wire_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct hn_shared *shared;
    struct hn_binary binary = {.name = "bin"};
    struct hn_plan plan = {.binaries = &binary, .binary_count = 1};
    struct hn_record_view record;
    struct pf_err err = {0};
    char text[64];

    (void)hn_wire_type((const char *)data, size);
    (void)hn_wire_copy_text(text, sizeof text, (const char *)data, size);
    /* A case is a test: a number this large only costs time here. */
    if (size < 12 || (data[9] == 0 && data[10] == 0 && data[11] == 0))
        (void)!hn_wire_add_test(&plan, 0, (const char *)data, size, &err);
    free(plan.tests);
    pf_arena_fini(&plan.arena);

    if (!shared)
        shared = calloc(1, HN_WIRE_SHARED_BYTES);
    size_t used = size < 65536 ? size : 65536;
    memcpy(shared + 1, data, used);
    for (uint32_t at = 0; hn_wire_next_record(shared, &at, &record);)
        if (strlen(record.text) > record.size)
            abort();
    memset(shared + 1, 0, used);
    return 0;
}

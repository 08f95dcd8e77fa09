/* SPDX-License-Identifier: MIT */
#include "harness/runner/wire_read.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "harness/preload/wire.h"
#include "tests/unit/harness/runner/runner_plan_support.h"

enum { FIXED = offsetof(struct hn_wire_test, strings) };

static const char strings[] = "suite\0name\0file.c\0what it is\0slow\0";

static size_t pack(char *packet, const struct hn_wire_test *head)
{
    memcpy(packet, head, FIXED);
    memcpy(packet + FIXED, strings, sizeof strings);
    return FIXED + sizeof strings;
}

static struct hn_plan empty_plan(void)
{
    static const char *const none[] = {NULL};

    return ts_plan(none);
}

Test(wire_read, a_test_is_taken_whole)
{
    char packet[256];
    struct hn_plan plan = empty_plan();
    struct pf_err err = {0};
    struct hn_wire_test head = {.type = HN_WIRE_TEST, .line = 12, .signal = 11, .timeout_s = 1.5};

    cr_assert(hn_wire_add_test(&plan, 0, packet, pack(packet, &head), &err));

    cr_expect_eq(plan.test_count, 1);
    cr_expect_str_eq(plan.tests[0].id, "bin/suite/name");
    cr_expect_str_eq(plan.tests[0].file, "file.c");
    cr_expect_str_eq(plan.tests[0].tags, "slow");
    cr_expect_eq(plan.tests[0].line, 12);
    cr_expect_eq(plan.tests[0].signal, 11);
    hn_plan_fini(&plan);
}

Test(wire_read, cases_become_tests_with_stable_ids)
{
    char packet[256];
    struct hn_plan plan = empty_plan();
    struct pf_err err = {0};
    struct hn_wire_test head = {.type = HN_WIRE_TEST, .cases = 3, .flags = HN_WIRE_PARAMETERIZED};

    cr_assert(hn_wire_add_test(&plan, 0, packet, pack(packet, &head), &err));

    cr_expect_eq(plan.test_count, 3);
    cr_expect_str_eq(plan.tests[2].id, "bin/suite/name[2]");
    cr_expect_eq(plan.tests[2].index, 0);
    hn_plan_fini(&plan);
}

Test(wire_read, a_packet_cut_anywhere_is_an_error)
{
    char packet[256];
    struct hn_plan plan = empty_plan();
    struct pf_err err = {0};
    struct hn_wire_test head = {.type = HN_WIRE_TEST};
    size_t size = pack(packet, &head);

    for (size_t cut = 0; cut < size; cut++) {
        char *copy = malloc(cut + 1);
        memcpy(copy, packet, cut);
        cr_expect_not(hn_wire_add_test(&plan, 0, copy, cut, &err), "%zu", cut);
        free(copy);
    }
    cr_expect_eq(plan.test_count, 0);
    hn_plan_fini(&plan);
}

/* Two tests in one packet. */
static size_t pack_two(char *packet)
{
    struct hn_wire_test head = {.type = HN_WIRE_TEST, .line = 7};
    uint32_t type = HN_WIRE_TESTS;
    size_t at = sizeof type;

    memcpy(packet, &type, sizeof type);
    for (int i = 0; i < 2; i++) {
        uint32_t part = (uint32_t)pack(packet + at + sizeof part, &head);
        memcpy(packet + at, &part, sizeof part);
        at += sizeof part + part;
    }
    return at;
}

Test(wire_read, a_packet_of_tests_is_taken_whole)
{
    char packet[512];
    struct hn_plan plan = empty_plan();
    struct pf_err err = {0};
    size_t size = pack_two(packet);

    cr_assert(hn_wire_add_tests(&plan, 0, packet, size, &err), "%s", err.text);

    cr_expect_eq(plan.test_count, 2);
    cr_expect_eq(plan.tests[1].index, 1);
    cr_expect_eq(plan.tests[1].line, 7);
    hn_plan_fini(&plan);
}

Test(wire_read, a_packet_of_tests_cut_anywhere_is_an_error)
{
    char packet[512];
    size_t size = pack_two(packet);
    size_t first = sizeof(uint32_t) + (size - sizeof(uint32_t)) / 2;

    for (size_t cut = sizeof(uint32_t) + 1; cut < size; cut++) {
        struct hn_plan plan = empty_plan();
        struct pf_err err = {0};
        char *copy = malloc(cut);
        memcpy(copy, packet, cut);
        bool is_between = cut == first; /* one whole test */
        cr_expect_eq(hn_wire_add_tests(&plan, 0, copy, cut, &err), is_between, "%zu", cut);
        free(copy);
        hn_plan_fini(&plan);
    }
}

Test(wire_read, hostile_numbers_are_refused_or_tamed)
{
    char packet[256];
    struct hn_plan plan = empty_plan();
    struct pf_err err = {0};
    struct hn_wire_test head = {
        .type = HN_WIRE_TEST, .cases = UINT32_MAX, .flags = HN_WIRE_PARAMETERIZED};

    cr_expect_not(hn_wire_add_test(&plan, 0, packet, pack(packet, &head), &err));
    head = (struct hn_wire_test){.type = HN_WIRE_TEST, .timeout_s = NAN, .retries = UINT32_MAX};
    cr_assert(hn_wire_add_test(&plan, 0, packet, pack(packet, &head), &err));
    cr_expect_eq(plan.tests[0].timeout_s, 0);
    cr_expect_eq(plan.tests[0].retries, 100);
    hn_plan_fini(&plan);
}

static struct hn_shared *new_shared(void)
{
    return calloc(1, HN_WIRE_SHARED_BYTES);
}

static void put_record(struct hn_shared *shared, uint32_t at, uint32_t kind, uint32_t size,
                       const char *text)
{
    struct hn_record head = {.kind = kind, .size = size};

    memcpy((char *)(shared + 1) + at, &head, sizeof head);
    (void)strcpy((char *)(shared + 1) + at + sizeof head, text);
}

Test(wire_read, records_are_read_in_order_to_the_first_incomplete)
{
    struct hn_shared *shared = new_shared();
    struct hn_record_view record;
    uint32_t at = 0;

    put_record(shared, 0, HN_RECORD_NOTE, 24, "one");
    put_record(shared, 24, HN_RECORD_SKIP, 24, "");
    put_record(shared, 48, 0, 24, "unfinished");

    cr_assert(hn_wire_next_record(shared, &at, &record));
    cr_expect_str_eq(record.text, "one");
    cr_expect_eq(record.size, 3);
    cr_assert(hn_wire_next_record(shared, &at, &record));
    cr_expect_eq(record.size, 0);
    cr_expect_not(hn_wire_next_record(shared, &at, &record));
    free(shared);
}

Test(wire_read, hostile_records_end_the_reading)
{
    static const uint32_t sizes[] = {0, 8, 16, 17, 23, UINT32_MAX, HN_WIRE_SHARED_BYTES};
    struct hn_shared *shared = new_shared();
    struct hn_record_view record;

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        uint32_t at = 0;
        put_record(shared, 0, HN_RECORD_NOTE, sizes[i], "x");
        cr_expect_not(hn_wire_next_record(shared, &at, &record), "%u", sizes[i]);
    }
    memset(shared + 1, 1, 64);
    put_record(shared, 0, HN_RECORD_NOTE, 24, "12345678x"); /* no NUL within its size */
    uint32_t at = 0;
    cr_expect_not(hn_wire_next_record(shared, &at, &record));
    at = UINT32_MAX;
    cr_expect_not(hn_wire_next_record(shared, &at, &record));
    free(shared);
}

Test(wire_read, an_event_of_criterions_runner_is_cut_at_no_byte)
{
    char packet[sizeof(struct hn_wire_native) + 8] = "", copy[sizeof packet];
    struct hn_wire_native head = {.type = HN_WIRE_NATIVE, .event = HN_NATIVE_CRASH, .signal = 11};
    const size_t fixed = offsetof(struct hn_wire_native, text);

    memcpy(packet, &head, fixed);
    memcpy(packet + fixed, "text", 4); /* its end is not there: it is made */
    for (size_t size = 0; size <= fixed + 4; size++) {
        struct hn_wire_native event = {0};
        char *text = NULL;
        memcpy(copy, packet, sizeof copy);
        bool whole = hn_wire_read_native(copy, size, &event, &text);
        cr_expect_eq(whole, size > fixed, "%zu", size);
        cr_expect(!whole || (event.signal == 11 && strlen(text) == size - fixed - 1));
    }
}

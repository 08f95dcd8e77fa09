/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <string.h>

#include "profiler/leak/leaks.h"

static uint32_t stack_named(struct pf_profile *profile, const char *name, const char *file,
                            uint32_t line)
{
    struct pf_function function = {.name = pf_profile_string(profile, name),
                                   .system_name = pf_profile_string(profile, name),
                                   .file = pf_profile_string(profile, file)};
    uint32_t location =
        pf_profile_named_location(profile, pf_profile_function(profile, &function), line);
    return pf_profile_stack(profile, &location, 1);
}

static void add(struct pf_leaks *leaks, enum pf_leak_kind kind, uint32_t stack, uint64_t bytes,
                bool is_suppressed)
{
    struct pf_leak_record part = {.kind = kind,
                                  .bytes = bytes,
                                  .blocks = 1,
                                  .stack = stack,
                                  .age_ms = bytes,
                                  .is_suppressed = is_suppressed};
    pf_leaks_add(leaks, &part);
}

Test(leaks, merges_records_of_one_kind_and_stack)
{
    struct pf_leaks leaks;
    pf_leaks_init(&leaks);
    uint32_t stack = stack_named(&leaks.profile, "f", "a.c", 1);

    add(&leaks, PF_LEAK_DEFINITE, stack, 10, false);
    add(&leaks, PF_LEAK_POSSIBLE, stack, 100, false);
    add(&leaks, PF_LEAK_DEFINITE, stack, 5, false);
    pf_leaks_finish(&leaks);

    cr_assert_eq(leaks.record_count, 2);
    cr_assert_eq(leaks.records[0].bytes, 15);
    cr_assert_eq(leaks.records[0].blocks, 2);
    cr_assert_eq(leaks.records[0].age_ms, 10);
    cr_assert_eq(leaks.totals[PF_LEAK_DEFINITE].blocks, 2);
    pf_leaks_fini(&leaks);
}

Test(leaks, lists_kinds_in_order_and_the_largest_first)
{
    struct pf_leaks leaks;
    pf_leaks_init(&leaks);

    add(&leaks, PF_LEAK_REACHABLE, stack_named(&leaks.profile, "r", "", 0), 1000, false);
    add(&leaks, PF_LEAK_DEFINITE, stack_named(&leaks.profile, "small", "", 0), 1, false);
    add(&leaks, PF_LEAK_DEFINITE, stack_named(&leaks.profile, "large", "", 0), 2, false);
    pf_leaks_finish(&leaks);

    cr_assert_eq(leaks.records[0].bytes, 2);
    cr_assert_eq(leaks.records[1].bytes, 1);
    cr_assert_eq(leaks.records[2].kind, PF_LEAK_REACHABLE);
    pf_leaks_fini(&leaks);
}

Test(leaks, suppressed_ones_are_not_in_the_totals)
{
    struct pf_leaks leaks;
    pf_leaks_init(&leaks);

    add(&leaks, PF_LEAK_DEFINITE, PF_NONE, 8, true);
    pf_leaks_finish(&leaks);

    cr_assert_eq(leaks.totals[PF_LEAK_DEFINITE].blocks, 0);
    cr_assert_eq(leaks.suppressed.bytes, 8);
    pf_leaks_fini(&leaks);
}

Test(leaks, a_fingerprint_knows_names_but_neither_line_nor_folder)
{
    struct pf_leaks leaks;
    pf_leaks_init(&leaks);
    struct pf_profile *profile = &leaks.profile;

    uint64_t here =
        pf_leak_fingerprint(profile, PF_LEAK_DEFINITE, stack_named(profile, "f", "/a/x.c", 1));
    uint64_t moved =
        pf_leak_fingerprint(profile, PF_LEAK_DEFINITE, stack_named(profile, "f", "/b/x.c", 9));
    uint64_t renamed =
        pf_leak_fingerprint(profile, PF_LEAK_DEFINITE, stack_named(profile, "g", "/a/x.c", 1));
    uint64_t possible =
        pf_leak_fingerprint(profile, PF_LEAK_POSSIBLE, stack_named(profile, "f", "/a/x.c", 1));

    cr_assert_eq(here, moved);
    cr_assert_neq(here, renamed);
    cr_assert_neq(here, possible);
    pf_leaks_fini(&leaks);
}

Test(leaks, an_empty_result_is_fine)
{
    struct pf_leaks leaks;
    pf_leaks_init(&leaks);

    pf_leaks_finish(&leaks);

    cr_assert_eq(leaks.record_count, 0);
    pf_leaks_fini(&leaks);
}

Test(leaks, sentences_of_the_note_follow_each_other_and_the_last_is_cut)
{
    struct pf_leaks leaks;
    pf_leaks_init(&leaks);

    pf_leaks_say(&leaks, "%u did not.", 2u);
    pf_leaks_say(&leaks, "One did.");
    cr_expect_str_eq(leaks.note, "2 did not. One did.");
    for (unsigned i = 0; i < PF_LEAKS_NOTE; i++)
        pf_leaks_say(&leaks, "And so on.");
    cr_expect_eq(strlen(leaks.note), (size_t)PF_LEAKS_NOTE - 1);
    pf_leaks_fini(&leaks);
}

Test(leaks, a_suppressed_leak_does_not_count)
{
    struct pf_leaks leaks;
    pf_leaks_init(&leaks);
    uint32_t stack = stack_named(&leaks.profile, "f", "a.c", 1);

    add(&leaks, PF_LEAK_DEFINITE, stack, 10, true);
    add(&leaks, PF_LEAK_POSSIBLE, stack, 10, false);
    pf_leaks_finish(&leaks);

    cr_expect_not(pf_leaks_has(&leaks, pf_leak_bit(PF_LEAK_DEFINITE)));
    cr_expect(pf_leaks_has(&leaks, pf_leak_bit(PF_LEAK_DEFINITE) | pf_leak_bit(PF_LEAK_POSSIBLE)));
    cr_expect_not(pf_leaks_has(&leaks, 0));
    pf_leaks_fini(&leaks);
}

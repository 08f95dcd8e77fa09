/* SPDX-License-Identifier: MIT */
#include "profiler/session/record_quality.h"

#include <criterion/criterion.h>

#include "profiler/attach/mapped_objects.h"

static struct pf_record_quality quality;
static struct pf_summary summary;

static void count(bool is_rooted, enum pf_lost lost, uint32_t object, unsigned times)
{
    struct pf_trail trail = {.is_rooted = is_rooted, .lost = lost, .lost_object = object};

    while (times--)
        pf_quality_count(&quality, &trail);
}

Test(record_quality, unrooted_stacks_are_told_by_object_and_reason)
{
    struct pf_mapped_objects objects = {0};
    struct pf_object_key key = {.path = {"/lib/no-cfi.so", 14}};
    uint32_t object = pf_mapped_objects_enter(&objects, &key);

    count(true, PF_LOST_NOT, UINT32_MAX, 90);
    count(false, PF_LOST_OUT_OF_BYTES, object, 2);
    count(false, PF_LOST_NO_RULE, object, 7);
    count(false, PF_LOST_NO_CODE, UINT32_MAX, 1);
    pf_quality_summarise(&quality, &objects, &summary);

    cr_expect_eq(summary.samples, 100u);
    cr_expect_eq(summary.rooted, 90u);
    cr_expect_eq(summary.truncated, 2u);
    cr_assert_eq(summary.unrooted_count, 3u);
    cr_expect_str_eq(summary.unrooted[0].object, "/lib/no-cfi.so");
    cr_expect_str_eq(summary.unrooted[0].reason, "no call frame information");
    cr_expect_eq(summary.unrooted[0].samples, 7u);
    cr_expect_str_eq(summary.unrooted[2].object, "[unknown]");
    pf_mapped_objects_fini(&objects);
}

Test(record_quality, more_reasons_than_rows_are_still_counted)
{
    struct pf_mapped_objects objects = {0};

    for (uint32_t i = 0; i < PF_SUMMARY_ROWS_MAX + 10; i++)
        count(false, PF_LOST_NO_RULE, i, 1);
    pf_quality_summarise(&quality, &objects, &summary);

    cr_expect_eq(summary.samples, (uint64_t)PF_SUMMARY_ROWS_MAX + 10);
    cr_expect_eq(summary.unrooted_count, (uint32_t)PF_SUMMARY_ROWS_MAX);
}

Test(record_quality, guesses_are_told_with_the_object_that_needs_most)
{
    struct pf_mapped_objects objects = {0};
    struct pf_object_key key = {.path = {"/bin/bare", 9}};
    uint32_t object = pf_mapped_objects_enter(&objects, &key);
    struct pf_trail known = {.is_rooted = true};
    struct pf_trail in_nothing = {.is_rooted = true, .guessed = 4, .guess_object = UINT32_MAX};
    struct pf_trail in_bare = {.is_rooted = true, .guessed = 2, .guess_object = object};

    pf_quality_count(&quality, &known);
    pf_quality_count(&quality, &in_nothing);
    pf_quality_count(&quality, &in_bare);
    pf_quality_count(&quality, &in_bare);
    pf_quality_summarise(&quality, &objects, &summary);

    cr_expect_eq(summary.guessed, 3u);
    cr_expect_str_eq(summary.guessed_in, "/bin/bare");
    pf_mapped_objects_fini(&objects);
}

Test(record_quality, every_reason_has_words)
{
    for (int reason = PF_LOST_NOT; reason <= PF_LOST_DEPTH; reason++)
        cr_expect_str_neq(pf_quality_reason((enum pf_lost)reason), "unknown");
    cr_expect_str_eq(pf_quality_reason((enum pf_lost)99), "unknown");
}

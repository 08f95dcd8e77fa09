/* SPDX-License-Identifier: MIT */
#include "profiler/profile/summary.h"

#include <criterion/criterion.h>

#include "profiler/profile/profile.h"

static void add_comment(struct pf_profile *profile, const char *text)
{
    pf_profile_comment(profile, pf_profile_string(profile, text));
}

Test(summary, what_is_stored_is_loaded)
{
    static struct pf_summary in, out;
    struct pf_profile profile;

    in = (struct pf_summary){.engine = "perf",
                             .mode = "cpu",
                             .command = "nginx: master process = x",
                             .note = "no PMU: cpu-clock",
                             .pid = 42,
                             .frequency_hz = 99,
                             .samples = 1000,
                             .lost = 3,
                             .throttled = 1,
                             .truncated = 2,
                             .rooted = 990,
                             .target_cpu_ns = UINT64_MAX,
                             .profiler_cpu_ns = 7,
                             .cost_percent = 0.25,
                             .process_count = 2,
                             .unrooted_count = 1,
                             .processes = {{42, "nginx: worker", 10}, {43, "nginx", 990}},
                             .unrooted = {{"libfoo bar.so", "no rule", 10}}};
    pf_profile_init(&profile);
    pf_summary_store(&in, &profile);

    cr_assert(pf_summary_load(&out, &profile));
    cr_assert_eq(memcmp(&in, &out, sizeof in), 0);
    pf_profile_fini(&profile);
}

Test(summary, storing_again_replaces_and_keeps_foreign_comments)
{
    static struct pf_summary in, out;
    struct pf_profile profile;

    pf_profile_init(&profile);
    add_comment(&profile, "somebody's comment");
    in.samples = 1;
    pf_summary_store(&in, &profile);
    uint32_t count = profile.comments.count;
    in.samples = 2;
    pf_summary_store(&in, &profile);

    cr_assert_eq(profile.comments.count, count);
    cr_assert(pf_summary_load(&out, &profile));
    cr_assert_eq(out.samples, 2);
    cr_assert_str_eq(pf_profile_text(&profile, *(uint32_t *)profile.comments.items),
                     "somebody's comment");
    pf_profile_fini(&profile);
}

Test(summary, profile_without_our_comments_has_none)
{
    static struct pf_summary out;
    struct pf_profile profile;

    pf_profile_init(&profile);
    add_comment(&profile, "go1.22");

    cr_assert_not(pf_summary_load(&out, &profile));
    cr_assert_lt(out.cost_percent, 0);
    pf_profile_fini(&profile);
}

Test(summary, hostile_comments_are_cut_not_trusted)
{
    static struct pf_summary out;
    struct pf_profile profile;
    char large[2000];

    memset(large, 'x', sizeof large);
    memcpy(large, "assay.command=", 14);
    large[sizeof large - 1] = '\0';
    pf_profile_init(&profile);
    add_comment(&profile, large);
    add_comment(&profile, "assay.process=");
    add_comment(&profile, "assay.unrooted=12");
    add_comment(&profile, "assay.pid");
    add_comment(&profile, "assay.");
    for (int i = 0; i < PF_SUMMARY_ROWS_MAX + 10; i++)
        add_comment(&profile, "assay.process=1 2 three");

    cr_assert(pf_summary_load(&out, &profile));
    cr_assert_eq(strlen(out.command), sizeof out.command - 1);
    cr_assert_eq(out.process_count, PF_SUMMARY_ROWS_MAX);
    cr_assert_eq(out.unrooted[0].samples, 12);
    cr_assert_str_eq(out.unrooted[0].object, "");
    pf_profile_fini(&profile);
}

Test(summary, line_breaks_do_not_make_two_comments)
{
    static struct pf_summary in, out;
    struct pf_profile profile;

    strcpy(in.command, "a\nassay.pid=1");
    pf_profile_init(&profile);
    pf_summary_store(&in, &profile);

    cr_assert(pf_summary_load(&out, &profile));
    cr_assert_str_eq(out.command, "a assay.pid=1");
    cr_assert_eq(out.pid, 0);
    pf_profile_fini(&profile);
}

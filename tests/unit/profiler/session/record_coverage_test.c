/* SPDX-License-Identifier: MIT */
#include "profiler/session/record_coverage.h"

#include <criterion/criterion.h>
#include <string.h>

#include "profiler/session/record_engine.h"

enum { MS = 1000000 };

Test(record_coverage, time_without_samples_is_missing_where_chance_does_not_explain_it)
{
    static const struct {
        const char *claim;
        struct pf_coverage coverage;
        double percent;
    } cases[] = {
        {"all of it", {.samples = 100, .period_ns = 10 * MS, .cpu_ns = 1000 * (uint64_t)MS}, 100},
        {"none", {.samples = 0, .period_ns = 10 * MS, .cpu_ns = 640 * MS}, 0},
        {"half", {.samples = 500, .period_ns = MS, .cpu_ns = 1000 * (uint64_t)MS}, 50},
        {"few: chance", {.samples = 4, .period_ns = 10 * MS, .cpu_ns = 90 * MS}, 100},
        {"a tenth", {.samples = 900, .period_ns = MS, .cpu_ns = 1000 * (uint64_t)MS}, 100},
        {"the kernel's half is hidden",
         {.samples = 500, .period_ns = MS, .cpu_ns = 1000 * (uint64_t)MS, .hidden_share = 0.5},
         100},
        {"a fifth is hidden, the rest was too short",
         {.samples = 400, .period_ns = MS, .cpu_ns = 1000 * (uint64_t)MS, .hidden_share = 0.2},
         50},
        {"nobody knows what is hidden",
         {.samples = 1, .period_ns = MS, .cpu_ns = 1000 * (uint64_t)MS, .hidden_share = -1},
         100},
        {"nothing is known", {0}, 100},
    };

    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++)
        cr_expect_float_eq(pf_coverage_percent(&cases[i].coverage), cases[i].percent, 1e-9, "%s",
                           cases[i].claim);
}

Test(record_coverage, note_says_what_is_too_short)
{
    static struct pf_summary summary;
    struct pf_record_job job = {.summary = &summary};
    struct pf_coverage coverage = {.period_ns = 10 * MS, .cpu_ns = 640 * MS};

    pf_coverage_note(&coverage, &job);

    cr_expect(strstr(summary.note, "samples cover 0 %"), "%s", summary.note);
    cr_expect(strstr(summary.note, "less than 10.0 ms"), "%s", summary.note);
}

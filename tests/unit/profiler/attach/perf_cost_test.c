/* SPDX-License-Identifier: MIT */
#include "profiler/attach/perf_cost.h"

#include <criterion/criterion.h>

Test(perf_cost, median_of_the_gaps_in_which_samples_were_taken)
{
    static const struct pf_clock_gap gaps[] = {
        {1000, 6000}, {20000, 40000}, {50000, 51500}, {100000, 112000}, {200000, 216000}};
    static const uint64_t samples[] = {2000, 30000, 105000, 210000};

    /* 5, 20, 12 and 16 microseconds; the gap of 1.5 has no sample in it. */
    cr_expect_eq(pf_perf_cost_median(gaps, 5, samples, 4), 16000u);
}

Test(perf_cost, preemptions_are_no_interrupts)
{
    static const struct pf_clock_gap gaps[] = {
        {1000, 6000}, {10000, 9010000}, {9020000, 9030000}, {9040000, 9047000}};
    static const uint64_t samples[] = {2000, 20000, 9025000, 9041000};

    cr_expect_eq(pf_perf_cost_median(gaps, 4, samples, 4), 7000u);
}

Test(perf_cost, too_few_samples_tell_nothing)
{
    static const struct pf_clock_gap gaps[] = {{1000, 6000}, {20000, 40000}};
    static const uint64_t samples[] = {2000, 30000, 990000};

    cr_expect_eq(pf_perf_cost_median(gaps, 2, samples, 3), 0u);
    cr_expect_eq(pf_perf_cost_median(gaps, 2, samples, 0), 0u);
    cr_expect_eq(pf_perf_cost_median(gaps, 0, samples, 3), 0u);
}

/* A machine on which an interrupt takes a millisecond would be sampled by nobody. */
Test(perf_cost, an_interrupt_here_takes_microseconds)
{
    struct pf_err err = {0};
    struct pf_perf_access access = {0};
    struct pf_perf_rings rings = {0};
    struct pf_perf_wish wish = {.frequency_hz = 99, .stack_bytes = 16 << 10};

    if (!pf_perf_probe(&access, &err))
        cr_skip_test("%s", err.text);
    cr_assert(pf_perf_rings_open(&rings, 512 << 10, &err), "%s", err.text);
    uint64_t cost_ns = pf_perf_cost_ns(&rings, &access, &wish);

    cr_expect(cost_ns == 0 || (cost_ns >= 1000 && cost_ns <= 250000), "%llu ns",
              (unsigned long long)cost_ns);
    pf_perf_rings_close(&rings);
}

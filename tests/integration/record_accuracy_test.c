/*
 * Shares against a known truth: four leaf functions that take 50, 30, 15 and 5 % of the time.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <math.h>

#include "tests/integration/record_support.h"
#include "tests/support/command.h"

struct share {
    const char *function;
    double percent;
};

static const struct share truth[] = {{"leaf_a", 50}, {"leaf_b", 30}, {"leaf_c", 15}, {"leaf_d", 5}};

/*
 * A share p of n samples has a standard error of sqrt(p(1-p)/n); four of them are passed once in
 * 16 000 times. Half a point more is for what is in no leaf (calls, interrupts: see the summary of
 * any recording). At 5000 samples that is 3.3 points for the largest share.
 */
static double tolerance(double percent, double samples)
{
    return 4 * sqrt(percent * (100 - percent) / samples) + 0.5;
}

static void check_split(const char *arguments, const char *name)
{
    struct pf_child child = ts_workload_start("", arguments);
    struct ts_recording recording = ts_record("", child.pid, "-d 3 -F 1999", name);

    ts_stop(&child);
    cr_expect_geq(recording.summary.samples, 500u);
    cr_expect_geq(ts_rooted_percent(&recording), 99.0);
    for (unsigned i = 0; i < sizeof truth / sizeof truth[0]; i++)
        cr_expect_lt(fabs(ts_self_percent(&recording, truth[i].function) - truth[i].percent),
                     tolerance(truth[i].percent, (double)recording.summary.samples),
                     "%s: %.2f %% of %llu samples", truth[i].function,
                     ts_self_percent(&recording, truth[i].function),
                     (unsigned long long)recording.summary.samples);
    ts_recording_fini(&recording);
}

Test(record_accuracy, one_thread)
{
    check_split("split 1", "split1.pb.gz");
}

Test(record_accuracy, two_threads)
{
    check_split("split 2", "split2.pb.gz");
}

Test(record_accuracy, eight_threads)
{
    check_split("split 8", "split8.pb.gz");
}

Test(record_accuracy, samples_account_for_the_cpu_time_used)
{
    struct pf_child child = ts_workload_start("", "split 1");
    struct ts_recording recording = ts_record("", child.pid, "-d 2 -F 999", "cpu.pb.gz");
    double sampled_s = (double)(recording.summary.samples + recording.summary.lost) / 999;
    double used_s = (double)recording.summary.target_cpu_ns / 1e9;

    ts_stop(&child);
    /* Two clocks, one of events and one of samples, over the same time; a throttled moment or an
     * interrupted timer may cost a few samples, none may be invented. */
    cr_expect_gt(used_s, 0);
    cr_expect_lt(fabs(sampled_s / used_s - 1), 0.1, "%.3f s in samples, %.3f s used", sampled_s,
                 used_s);
    ts_recording_fini(&recording);
}

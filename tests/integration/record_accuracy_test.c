/*
 * Shares against a known truth: four leaf functions that take 50, 30, 15 and 5 % of the time.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>

#include "tests/integration/record_support.h"
#include "tests/support/command.h"

struct share {
    const char *function;
    double percent;
};

static const struct share truth[] = {{"leaf_a", 50}, {"leaf_b", 30}, {"leaf_c", 15}, {"leaf_d", 5}};

/*
 * Every share of the four within two points. A share p of n samples strays by sqrt(p(1-p)/n): at
 * 9000 samples two points are 3.8 times that for the largest, passed by chance once in 7000 runs.
 * The work is given in CPU time, so a busy machine makes the test longer, not the samples fewer.
 */
enum { CPU_MS = 2000, HZ = 4999, SAMPLES_LEAST = 9000 };

static const double points_most = 2;

/* The rest is the kernel's: a tenth and more where the machine is busy, and no part of the truth.
 */
enum { LEAVES_LEAST_PERCENT = 50 };

static double sum_of_leaves(const struct ts_recording *recording)
{
    double sum = 0;

    for (unsigned i = 0; i < sizeof truth / sizeof truth[0]; i++)
        sum += ts_self_percent(recording, truth[i].function);
    return sum;
}

static void check_split(unsigned threads)
{
    struct ts_result result =
        ts_run("\"$ASSAY_BIN\" record --engine perf -F %d -o %s/split%u.pb.gz -- %s split %u %d",
               HZ, ts_temp_dir(), threads, ts_workload_path(), threads, CPU_MS);
    char name[32];

    cr_assert_eq(result.status, 0, "%s", ts_err(&result));
    ts_result_fini(&result);
    (void)snprintf(name, sizeof name, "split%u.pb.gz", threads);
    struct ts_recording recording = ts_recording_load(name);
    uint64_t samples = recording.summary.samples;
    cr_expect_geq(samples + recording.summary.lost, SAMPLES_LEAST);
    cr_expect_geq(ts_rooted_percent(&recording), 99.0);
    double leaves = sum_of_leaves(&recording);
    cr_expect_geq(leaves, LEAVES_LEAST_PERCENT);
    for (unsigned i = 0; i < sizeof truth / sizeof truth[0]; i++) {
        double share = 100 * ts_self_percent(&recording, truth[i].function) / leaves;
        cr_expect_lt(fabs(share - truth[i].percent), points_most, "%s: %.2f %% of %llu samples",
                     truth[i].function, share, (unsigned long long)samples);
    }
    ts_recording_fini(&recording);
}

Test(record_accuracy, one_thread)
{
    check_split(1);
}

Test(record_accuracy, two_threads)
{
    check_split(2);
}

Test(record_accuracy, eight_threads)
{
    check_split(8);
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

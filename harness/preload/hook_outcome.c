/*
 * The end of a test as Criterion tells it: TEST_CRASH, or POST_TEST and POST_FINI.
 *
 * In the lane, after everything the test started is gone, and before the runner is told: what a
 * hook prints is the test's output. The test may have spoilt its records: they are checked.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <criterion/stats.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "harness/preload/preload.h"

enum { ASSERTS_MAX = 256 };

static bool is_wanted(void)
{
    return hn_hooks_has("cr_tsc") || hn_hooks_has("cr_pot") || hn_hooks_has("cr_pof")
           || hn_hooks_has("cr_pos") || hn_hooks_has("cr_poa");
}

static bool ended_as_declared(const struct criterion_test *test, int wait_status)
{
    const struct criterion_test_extra_data *data = test->data;

    if (WIFSIGNALED(wait_status))
        return WTERMSIG(wait_status) == data->signal;
    return data->signal == 0 && WIFEXITED(wait_status)
           && WEXITSTATUS(wait_status) == data->exit_code;
}

static struct hn_outcome judge(const struct criterion_test *test, int wait_status, double seconds)
{
    const struct hn_shared *shared = hn_preload.shared;
    bool as_declared = ended_as_declared(test, wait_status);
    struct hn_outcome out = {
        .is_known = true,
        .status = CR_STATUS_PASSED,
        .failed_asserts = shared->failures,
        .exit_code = WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 0,
        .signal = WIFSIGNALED(wait_status) && !as_declared ? WTERMSIG(wait_status) : 0,
        .seconds = (float)seconds,
    };

    if (shared->asserts > shared->failures)
        out.passed_asserts = (uint32_t)(shared->asserts - shared->failures);
    out.timed_out =
        out.signal == SIGKILL && test->data->timeout > 0 && seconds >= test->data->timeout;
    out.crashed = out.signal != 0 && !out.timed_out;
    if (shared->phase == HN_PHASE_SKIPPED)
        out.status = CR_STATUS_SKIPPED;
    else if (!as_declared || shared->failures || shared->phase == HN_PHASE_ABORTED)
        out.status = CR_STATUS_FAILED;
    return out;
}

/* The failed assertions, last first, as Criterion chains them. */
static struct criterion_assert_stats *chain_asserts(void)
{
    static struct criterion_assert_stats all[ASSERTS_MAX];
    const size_t room = HN_WIRE_SHARED_BYTES - sizeof(struct hn_shared);
    struct criterion_assert_stats *last = NULL;
    unsigned count = 0;

    for (size_t at = 0; at + sizeof(struct hn_record) < room && count < ASSERTS_MAX;) {
        const struct hn_record *record = (const void *)((const char *)(hn_preload.shared + 1) + at);
        if (!record->kind || record->size <= sizeof *record || record->size > room - at
            || record->size % 8)
            break;
        size_t size = record->size - sizeof *record;
        size_t file_size = strnlen(record->text, size) + 1;
        at += record->size;
        if (record->kind != HN_RECORD_FAILURE || file_size >= size || record->text[size - 1])
            continue;
        all[count] = (struct criterion_assert_stats){.message = record->text + file_size,
                                                     .line = record->line,
                                                     .file = record->text,
                                                     .next = last};
        last = &all[count++];
    }
    return last;
}

void hn_outcome_fill(struct criterion_test_stats *stats, struct criterion_test *test,
                     const struct hn_outcome *outcome)
{
    memset(stats, 0, sizeof *stats);
    stats->test = test;
    stats->test_status = (enum criterion_test_status)outcome->status;
    stats->passed_asserts = (int)outcome->passed_asserts;
    stats->failed_asserts = (int)outcome->failed_asserts;
    stats->signal = outcome->signal;
    stats->exit_code = outcome->exit_code;
    stats->elapsed_time = outcome->seconds;
    stats->timed_out = outcome->timed_out;
    stats->crashed = outcome->crashed;
    stats->file = test->data->file_;
}

void hn_outcome_report(const struct hn_wire_run *run, int wait_status, uint64_t duration_ns)
{
    const struct hn_item *item = &hn_preload.items[run->test];
    struct criterion_test_stats stats;

    if (!is_wanted())
        return;
    struct hn_outcome outcome = judge(item->test, wait_status, (double)duration_ns / 1e9);
    hn_stats_note(item, run->param, &outcome);
    hn_outcome_fill(&stats, item->test, &outcome);
    stats.asserts = chain_asserts();
    if (outcome.crashed) {
        hn_hooks_run("cr_tsc", &stats);
    } else {
        hn_hooks_run("cr_pot", &stats);
        hn_hooks_run("cr_pof", &stats);
    }
    (void)fflush(NULL); /* or the next test would print it again */
}

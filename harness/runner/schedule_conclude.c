/*
 * A finished test: its verdict, whether it runs again, who is told.
 *
 * SPDX-License-Identifier: MIT
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "harness/runner/budgets.h"
#include "harness/runner/sanitizer_file.h"
#include "harness/runner/schedule_priv.h"
#include "harness/runner/snapshots.h"
#include "harness/runner/torture.h"

void hn_run_tell_start(const struct hn_run *run, const struct hn_test *test, unsigned attempt)
{
    for (const struct hn_listener *to = run->schedule->listener; to; to = to->next)
        if (to->on_start)
            to->on_start(to->self, test, attempt);
}

static void tell_end(const struct hn_run *run, const struct hn_test *test,
                     const struct hn_attempt *attempt, unsigned number)
{
    for (const struct hn_listener *to = run->schedule->listener; to; to = to->next)
        if (to->on_end)
            to->on_end(to->self, test, attempt, number);
}

void hn_run_add_attempt(struct hn_test *test, struct hn_attempt *attempt)
{
    struct hn_attempt **at = &test->attempts;

    while (*at)
        at = &(*at)->next;
    *at = attempt;
}

/* The status of the test after its attempts so far: the last one's, but a pass after a failure is
 * flaky, and of repeated runs the worst counts. */
static void settle_status(const struct hn_run *run, struct hn_test *test, enum hn_status status,
                          unsigned attempt)
{
    bool repeated = run->schedule->repeat > 1 || run->schedule->until_fail;

    if ((repeated || *test->torture) && test->status > status && attempt == 1)
        return;
    if (status == HN_PASS && attempt > 1)
        status = HN_FLAKY;
    test->status = status;
}

static bool wants_retry(const struct hn_run *run, const struct hn_test *test, unsigned attempt)
{
    unsigned retries = test->retries ? test->retries : run->schedule->retries;

    return !run->stop && attempt <= retries;
}

/* Enter an attempt into its test; the one that comes back is the last word. A skip does not forgive
 * the failure before it, and a torture test that broke earlier ends with the call that broke it. */
static struct hn_attempt *enter(struct hn_run *run, struct hn_test *test,
                                struct hn_attempt *attempt, unsigned number)
{
    struct hn_attempt *before = (struct hn_attempt *)(uintptr_t)hn_test_last(test);
    bool was_red = before && hn_status_is_red(before->status);

    if (was_red && number > 1 && attempt->status == HN_SKIP) {
        hn_attempt_say(
            before, &run->plan->arena, HN_MESSAGE_NOTE, NULL, 0,
            hn_text(&run->plan->arena, "tried again, it skipped itself: %s", attempt->reason));
        return before;
    }
    if (*test->torture && before && hn_status_is_red(test->status)
        && !hn_status_is_red(attempt->status))
        return before;
    hn_run_add_attempt(test, attempt);
    return attempt;
}

void hn_run_conclude(struct hn_run *run, uint32_t index, struct hn_attempt *attempt,
                     unsigned number)
{
    struct hn_test *test = &run->plan->tests[index];
    bool is_skip = attempt->status == HN_SKIP;

    attempt = enter(run, test, attempt, number);
    settle_status(run, test, attempt->status, number);
    tell_end(run, test, attempt, number);
    if (hn_status_is_red(attempt->status) && !is_skip && wants_retry(run, test, number)) {
        run->again[run->again_count++] = (struct hn_again){.test = index, .attempt = number + 1};
        return;
    }
    run->left[test->binary]--;
    if (hn_status_is_red(test->status)) {
        run->red = true;
        run->stop |= run->schedule->fail_fast;
    }
}

/* A test that could not even be started. */
void hn_run_conclude_error(struct hn_run *run, uint32_t index, const char *why)
{
    struct hn_attempt *attempt = pf_arena_alloc(&run->plan->arena, sizeof *attempt);

    attempt->status = HN_ERROR;
    attempt->reason = hn_text(&run->plan->arena, "%s", why);
    hn_attempt_say(attempt, &run->plan->arena, HN_MESSAGE_ERROR, NULL, 0, why);
    hn_run_tell_start(run, &run->plan->tests[index], 1);
    hn_run_conclude(run, index, attempt, UINT32_MAX);
}

static void keep_output(struct hn_run *run, struct hn_slot *slot, struct hn_attempt *attempt)
{
    attempt->out = hn_capture_text(&slot->lane.out, &run->plan->arena);
    attempt->err = hn_capture_text(&slot->lane.err, &run->plan->arena);
}

/* A sanitizer that writes into a file of the user's speaks for the test all the same. */
static void join_report(struct hn_run *run, const struct hn_slot *slot, struct hn_attempt *attempt)
{
    const struct hn_binary *binary = &run->plan->binaries[slot->binary];
    struct pf_arena *arena = &run->plan->arena;

    if ((!binary->has_asan && !binary->has_tsan && !binary->has_ubsan) || slot->seen.pid <= 0)
        return;
    const char *report = hn_sanitizer_file(slot->seen.pid, binary->working_dir, arena);
    if (!report)
        return;
    const char *before = attempt->err ? attempt->err : "";
    size_t size = strlen(before) + strlen(report) + 1;
    char *both = pf_arena_alloc(arena, size);
    (void)snprintf(both, size, "%s%s", before, report);
    attempt->err = both;
}

/* Where it died of a signal, and our handler did not see it. */
static void explain_no_stacks(struct hn_run *run, const struct hn_slot *slot,
                              struct hn_attempt *attempt)
{
    if (attempt->status != HN_CRASH || slot->stacks || attempt->signal == SIGKILL
        || (run->schedule->run_flags & HN_WIRE_RUN_NO_STACKS)
        || (slot->special & HN_SPECIAL_CALLGRIND))
        return;
    hn_attempt_say(attempt, &run->plan->arena, HN_MESSAGE_NOTE, NULL, 0,
                   hn_text(&run->plan->arena,
                           "no stacks: %s was blocked, or handled by the code "
                           "itself, when it came",
                           hn_signal_name(attempt->signal)));
}

static bool has_output(const struct hn_slot *slot)
{
    return slot->lane.out.head_size || slot->lane.err.head_size;
}

/* What a tool wrote about the process is the test's own. */
static void take_tool(struct hn_run *run, const struct hn_slot *slot, struct hn_attempt *attempt)
{
    const struct hn_tool *tool = run->schedule->tool;

    if (!tool || slot->seen.pid <= 0)
        return;
    const char *report = hn_tool_report(tool, slot->seen.pid, &run->plan->arena);
    if (report && attempt->status > HN_SKIP)
        hn_attempt_say(attempt, &run->plan->arena, HN_MESSAGE_NOTE, NULL, 0,
                       hn_text(&run->plan->arena, "%s:\n%s", tool->name, report));
    if (slot->special & HN_SPECIAL_CALLGRIND)
        return;
    if (tool->counts_instructions)
        attempt->instructions =
            hn_budgets_judge(attempt, &run->plan->arena, slot->lane.shared, tool, slot->seen.pid);
    else
        hn_budgets_refuse(attempt, &run->plan->arena, slot->lane.shared, tool->name);
}

/* This run could not tell what the test asks: start it again where it can be told. */
static bool wants_special(struct hn_run *run, const struct hn_slot *slot)
{
    unsigned needed = hn_special_needed(slot->lane.shared);

    if (!(needed & ~slot->special) || slot->seen.timed_out)
        return false;
    struct hn_again again = slot->now;
    again.special = slot->special | needed;
    run->again[run->again_count++] = again;
    return true;
}

static void judge_more(struct hn_run *run, struct hn_slot *slot, struct hn_attempt *attempt)
{
    const struct hn_schedule *schedule = run->schedule;

    if (slot->special & HN_SPECIAL_CALLGRIND)
        (void)hn_budgets_judge(attempt, &run->plan->arena, slot->lane.shared, schedule->callgrind,
                               slot->seen.pid);
    if (schedule->snapshots)
        hn_snapshots_judge(attempt, &run->plan->arena, &run->plan->tests[slot->now.test],
                           slot->lane.shared, schedule->snapshots);
}

/* A torture test runs on until every call has failed once; only what broke is an attempt of it. */
static bool goes_on(struct hn_run *run, struct hn_slot *slot, struct hn_attempt *attempt)
{
    struct hn_test *test = &run->plan->tests[slot->now.test];
    unsigned nth = slot->now.torture_nth;

    if (!*test->torture || run->stop)
        return false;
    if (nth == 0 && hn_status_is_red(attempt->status))
        return false;
    bool more = hn_torture_judge(attempt, &run->plan->arena, test, slot->torture_fd, nth);
    if (!more)
        return false;
    if (nth > 0 && hn_status_is_red(attempt->status)) {
        hn_run_add_attempt(test, attempt);
        test->status = attempt->status > test->status ? attempt->status : test->status;
    }
    run->again[run->again_count++] =
        (struct hn_again){slot->now.test, 1, slot->now.special, .torture_nth = nth + 1};
    return true;
}

void hn_slot_end(struct hn_run *run, struct hn_slot *slot)
{
    struct hn_test *test = &run->plan->tests[slot->now.test];
    struct hn_attempt *attempt = pf_arena_alloc(&run->plan->arena, sizeof *attempt);
    struct hn_policy policy = run->schedule->policy;

    slot->is_busy = false;
    if (wants_special(run, slot)) {
        hn_temp_dir_recycle(slot->temp_dir);
        return;
    }
    if (has_output(slot))
        keep_output(run, slot, attempt);
    join_report(run, slot, attempt);
    slot->seen.limit_s = slot->limit_s;
    slot->seen.limit_factor = slot->factor;
    policy.leaks_are_red |= *test->torture != '\0';
    hn_verdict(attempt, &run->plan->arena, test, &run->plan->binaries[test->binary], &slot->seen,
               slot->lane.shared, &policy);
    attempt->stacks = slot->stacks;
    explain_no_stacks(run, slot, attempt);
    take_tool(run, slot, attempt);
    if (*test->torture && slot->now.torture_nth)
        hn_torture_forgive(attempt, slot->torture_fd);
    hn_memory_judge(run, slot, attempt);
    judge_more(run, slot, attempt);
    if (!run->schedule->keep_output && attempt->status <= HN_SKIP)
        attempt->out = attempt->err = NULL;
    hn_temp_dir_recycle(slot->temp_dir);
    if (!goes_on(run, slot, attempt))
        hn_run_conclude(run, slot->now.test, attempt, slot->now.attempt);
}

/* SPDX-License-Identifier: MIT */
#include "harness/runner/schedule.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/runner/process_time.h"
#include "harness/runner/schedule_priv.h"
#include "harness/runner/stacks.h"
#include "profiler/base/clock.h"

enum { EVENTS = 64, TICK_MS = 100 };

/* A test that wanted less of the CPU than this share of its last half hangs rather than works. */
enum { IDLE_ONE_IN = 20 };

static const uint64_t GRACE_NS = 5000000000u, LOOK_AGAIN_NS = 10000000u;

/* A disabled test is not run, but has its place in every report. */
static void skip_disabled(struct hn_run *run, uint32_t index)
{
    struct hn_attempt *attempt = pf_arena_alloc(&run->plan->arena, sizeof *attempt);

    attempt->status = HN_SKIP;
    attempt->reason = run->plan->tests[index].flags & HN_WIRE_NO_CASES
                          ? "no case: its parameters are empty"
                          : "disabled in its declaration";
    hn_run_tell_start(run, &run->plan->tests[index], 1);
    hn_run_conclude(run, index, attempt, 1);
}

static bool is_busy(const struct hn_run *run)
{
    for (uint32_t i = 0; i < run->schedule->jobs; i++)
        if (run->slots[i].is_busy)
            return true;
    return false;
}

static bool goes_another_round(const struct hn_run *run)
{
    bool is_endless = run->schedule->until_fail && !run->schedule->repeat;

    return !(run->schedule->until_fail && run->red)
           && (is_endless || run->round < run->schedule->repeat);
}

/* What to run next; false if nothing is left to start. */
static bool take_next(struct hn_run *run, struct hn_again *out)
{
    if (run->again_count) {
        *out = run->again[0];
        run->again_count--;
        memmove(run->again, run->again + 1, run->again_count * sizeof *run->again);
        return true;
    }
    if (run->next == run->plan->order_count) {
        if (is_busy(run)) /* a round ends before the next begins: its verdicts decide */
            return false;
        run->round++;
        if (!goes_another_round(run) || !run->plan->order_count)
            return false;
        run->next = 0;
        for (uint32_t i = 0; i < run->plan->order_count; i++)
            run->left[run->plan->tests[run->plan->order[i]].binary]++;
    }
    *out = (struct hn_again){.test = run->plan->order[run->next++], .attempt = 1};
    return true;
}

static void fill_slots(struct hn_run *run)
{
    for (uint32_t i = 0; i < run->schedule->jobs; i++) {
        struct hn_again next;
        while (!run->stop && !run->slots[i].is_busy && take_next(run, &next)) {
            const struct hn_test *test = &run->plan->tests[next.test];
            if (test->flags & HN_WIRE_DISABLED)
                skip_disabled(run, next.test);
            else
                hn_slot_start(run, i, &next);
        }
    }
}

static void take_state(struct hn_slot *slot, const struct hn_wire_state *state)
{
    slot->seen.pid = state->pid;
    slot->seen.wait_status = state->wait_status;
    slot->seen.left_over = state->left_over;
    slot->seen.has_execed = state->has_execed != 0;
    slot->seen.duration_ns = state->duration_ns;
    slot->seen.user_us = state->user_us;
    slot->seen.system_us = state->system_us;
    slot->seen.peak_kib = state->peak_kib;
}

static void take_stacks(struct hn_run *run, struct hn_slot *slot, pid_t pid, pid_t tid)
{
    if (!(run->schedule->run_flags & HN_WIRE_RUN_NO_STACKS))
        slot->stacks = hn_stacks_text(pid, tid, &run->plan->arena);
}

static void signal_test(const struct hn_slot *slot, int number)
{
    pid_t pid = hn_lane_test_pid(&slot->lane);

    if (pid > 0)
        (void)kill(pid, number);
}

static void lose_lane(struct hn_run *run, struct hn_slot *slot)
{
    slot->seen.lane_lost = true;
    slot->seen.duration_ns = pf_clock_now_ns() - slot->start_ns;
    signal_test(slot, SIGKILL);
    if (slot->is_busy)
        hn_slot_end(run, slot);
    hn_slot_close(slot);
}

static void on_lane(struct hn_run *run, struct hn_slot *slot)
{
    struct hn_wire_state state;

    if (!hn_lane_receive(&slot->lane, &state)) {
        lose_lane(run, slot);
        return;
    }
    if (!slot->is_busy)
        return;
    if (state.type == HN_WIRE_CRASHED) {
        if (state.pid > 0) {
            take_stacks(run, slot, state.pid, slot->lane.shared->crash_tid);
            (void)kill(state.pid, SIGCONT);
        }
    } else if (state.type == HN_WIRE_ENDED) {
        take_state(slot, &state);
        hn_slot_end(run, slot);
    }
}

/* Reading stops at end of file; the descriptor is left to close_lane. */
static void on_output(struct hn_run *run, int fd, struct hn_capture *capture)
{
    if (fd > 0 && !hn_capture_drain(capture, fd))
        (void)epoll_ctl(run->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
}

static void on_signal(struct hn_run *run)
{
    struct signalfd_siginfo info;

    while (read(run->signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
        run->stop = true;
        run->tally->interrupted = true;
    }
}

static void dispatch(struct hn_run *run, const struct epoll_event *event)
{
    uint32_t index = (uint32_t)event->data.u64;
    struct hn_slot *slot = &run->slots[index];

    switch ((enum hn_source)(event->data.u64 >> 32)) {
    case FROM_SIGNAL:
        on_signal(run);
        break;
    case FROM_LANE:
        if (slot->is_open)
            on_lane(run, slot);
        break;
    case FROM_OUT:
        on_output(run, slot->lane.out_fd, &slot->lane.out);
        break;
    case FROM_ERR:
        on_output(run, slot->lane.err_fd, &slot->lane.err);
        break;
    case FROM_SUITE:
        on_output(run, run->suites[index].output_fd, &run->suites[index].output);
        break;
    }
}

/* A test that counts coverage is asked to write its counters and end; one that cannot any more is
 * killed a moment later, with its lane. */
static void end_late(struct hn_run *run, struct hn_slot *slot, pid_t pid)
{
    bool counts = run->plan->binaries[slot->binary].gcov_dump != 0;

    (void)kill(pid, counts ? HN_WIRE_SIGNAL_DUMP : SIGKILL);
    if (counts)
        (void)kill(pid, SIGCONT);
}

/* Over its time: keep the stacks, then end it. Its lane buries what it started. */
static void time_out(struct hn_run *run, struct hn_slot *slot, pid_t pid, uint64_t now)
{
    uint64_t demand = hn_process_demand_ns(pid);

    slot->seen.timed_out = true;
    slot->seen.was_idle =
        slot->demand_at_half != UINT64_MAX && demand != UINT64_MAX && demand >= slot->demand_at_half
        && (double)(demand - slot->demand_at_half) < slot->limit_s * 1e9 / 2 / IDLE_ONE_IN;
    take_stacks(run, slot, pid, 0);
    end_late(run, slot, pid);
    slot->limit_ns = UINT64_MAX;
    slot->kill_ns = now + GRACE_NS;
    slot->asked_twice = run->plan->binaries[slot->binary].gcov_dump == 0;
}

/* Its time is over, but the test has not begun, or has ended and is being cleared away: soon one or
 * the other is told, or the lane itself is stuck. */
static void wait_for_lane(struct hn_slot *slot, uint64_t now)
{
    slot->limit_ns = now + LOOK_AGAIN_NS;
    if (slot->kill_ns != UINT64_MAX)
        return;
    slot->kill_ns = now + GRACE_NS;
    slot->asked_twice = true;
}

/* First the test, where it was only asked before; then whatever keeps its lane. */
static void kill_stubborn(struct hn_slot *slot, uint64_t now)
{
    pid_t lane = hn_lane_pid(&slot->lane);

    if (!slot->asked_twice) {
        signal_test(slot, SIGKILL);
    } else if (lane > 0) {
        slot->seen.lane_stuck = true;
        (void)kill(lane, SIGKILL);
    }
    slot->kill_ns = slot->asked_twice ? UINT64_MAX : now + GRACE_NS;
    slot->asked_twice = true;
}

static void check_clock(struct hn_run *run, struct hn_slot *slot, uint64_t now)
{
    pid_t pid = hn_lane_test_pid(&slot->lane);

    if (now >= slot->half_ns) {
        slot->demand_at_half = pid > 0 ? hn_process_demand_ns(pid) : UINT64_MAX;
        slot->half_ns = UINT64_MAX;
    }
    if (now >= slot->limit_ns && pid > 0)
        time_out(run, slot, pid, now);
    else if (now >= slot->limit_ns)
        wait_for_lane(slot, now);
    if (now >= slot->kill_ns)
        kill_stubborn(slot, now);
}

static void check_clocks(struct hn_run *run)
{
    uint64_t now = pf_clock_now_ns();

    for (uint32_t i = 0; i < run->schedule->jobs; i++)
        if (run->slots[i].is_busy)
            check_clock(run, &run->slots[i], now);
}

static int time_to_wait(const struct hn_run *run)
{
    uint64_t next = pf_clock_now_ns() + (uint64_t)TICK_MS * 1000000u;

    for (uint32_t i = 0; i < run->schedule->jobs; i++) {
        const struct hn_slot *slot = &run->slots[i];
        if (!slot->is_busy)
            continue;
        next = slot->half_ns < next ? slot->half_ns : next;
        next = slot->limit_ns < next ? slot->limit_ns : next;
        next = slot->kill_ns < next ? slot->kill_ns : next;
    }
    return pf_clock_left_ms(next);
}

static void tick(const struct hn_run *run)
{
    for (const struct hn_listener *to = run->schedule->listener; to; to = to->next)
        if (to->on_tick)
            to->on_tick(to->self);
}

static void loop(struct hn_run *run)
{
    struct epoll_event events[EVENTS];
    uint64_t next_tick = 0;

    for (;;) {
        fill_slots(run);
        if (!is_busy(run) || run->tally->interrupted)
            return;
        int count = epoll_wait(run->epoll_fd, events, EVENTS, time_to_wait(run));
        for (int i = 0; i < count; i++)
            dispatch(run, &events[i]);
        check_clocks(run);
        if (pf_clock_now_ns() >= next_tick) {
            tick(run);
            next_tick = pf_clock_now_ns() + (uint64_t)TICK_MS * 1000000u;
        }
    }
}

static bool prepare(struct hn_run *run, struct pf_err *err)
{
    sigset_t ending;

    run->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    (void)sigemptyset(&ending);
    (void)sigaddset(&ending, SIGINT);
    (void)sigaddset(&ending, SIGTERM);
    (void)sigaddset(&ending, SIGHUP);
    (void)sigprocmask(SIG_BLOCK, &ending, NULL);
    run->signal_fd = signalfd(-1, &ending, SFD_CLOEXEC | SFD_NONBLOCK);
    if (run->epoll_fd < 0 || run->signal_fd < 0)
        return pf_err_sys(err, errno, "epoll and signalfd");
    hn_run_watch(run, run->signal_fd, FROM_SIGNAL, 0);
    for (uint32_t i = 0; i < run->plan->binary_count; i++)
        hn_run_watch(run, run->suites[i].output_fd, FROM_SUITE, i);
    (void)prctl(PR_SET_CHILD_SUBREAPER, 1);
    (void)hn_temp_dir_open(&run->temp);
    for (uint32_t i = 0; i < run->plan->order_count; i++)
        run->left[run->plan->tests[run->plan->order[i]].binary]++;
    return true;
}

/* End what still runs; lanes and binaries die when we hang up, their tests with them. */
static void clean_up(struct hn_run *run)
{
    for (uint32_t i = 0; i < run->schedule->jobs; i++) {
        struct hn_slot *slot = &run->slots[i];
        if (slot->is_busy) {
            signal_test(slot, SIGKILL);
            hn_temp_dir_remove(slot->temp_dir);
        }
        if (slot->torture_fd > 0)
            (void)close(slot->torture_fd);
        hn_slot_close(slot);
    }
    for (uint32_t i = 0; i < run->plan->binary_count; i++)
        hn_suite_stop(&run->suites[i]);
    for (uint32_t i = 0; i < run->plan->binary_count * HN_SPECIAL_COUNT; i++)
        hn_suite_stop(&run->special[i]);
    hn_orphans_end();
    hn_temp_dir_close(&run->temp);
    if (run->epoll_fd > 0)
        (void)close(run->epoll_fd);
    if (run->signal_fd > 0)
        (void)close(run->signal_fd);
}

void hn_tally_count(const struct hn_plan *plan, struct hn_tally *tally)
{
    for (uint32_t i = 0; i < plan->order_count; i++) {
        const struct hn_test *test = &plan->tests[plan->order[i]];
        tally->by_status[test->status]++;
        tally->ran += test->attempts != NULL && test->status != HN_SKIP;
    }
}

bool hn_schedule_run(struct hn_plan *plan, struct hn_suite *suites,
                     const struct hn_schedule *schedule, struct hn_tally *tally, struct pf_err *err)
{
    struct hn_run run = {.plan = plan, .suites = suites, .schedule = schedule, .tally = tally};
    uint64_t start_ns = pf_clock_now_ns();

    *tally = (struct hn_tally){0};
    run.slots = pf_mem_new(schedule->jobs, sizeof *run.slots);
    run.special = pf_mem_new(plan->binary_count * HN_SPECIAL_COUNT + 1, sizeof *run.special);
    run.left = pf_mem_new(plan->binary_count + 1, sizeof *run.left);
    run.again = pf_mem_new(schedule->jobs + plan->order_count + 1, sizeof *run.again);
    bool ok = prepare(&run, err);
    if (ok)
        loop(&run);
    clean_up(&run);
    hn_tally_count(plan, tally);
    tally->seconds = (double)(pf_clock_now_ns() - start_ns) / 1e9;
    free(run.slots);
    free(run.special);
    free(run.left);
    free(run.again);
    return ok;
}

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

#include "harness/runner/lane_link.h"
#include "harness/runner/process_time.h"
#include "harness/runner/stacks.h"
#include "harness/runner/temp_dir.h"
#include "profiler/base/clock.h"

enum { JOBS_MAX = 256, EVENTS = 64, TICK_MS = 100, KILL_GRACE_MS = 5000 };

enum source { FROM_SIGNAL, FROM_LANE, FROM_OUT, FROM_ERR, FROM_SUITE };

/* One place where a test runs. */
struct slot {
    struct hn_lane lane;
    bool is_open, is_busy;
    uint32_t binary, test;
    unsigned attempt;
    uint64_t start_ns, half_ns, limit_ns, kill_ns; /* kill_ns: when the lane itself must die */
    uint64_t cpu_at_half;
    double limit_s;
    struct hn_observed seen;
    const char *stacks;
    char temp_dir[HN_WIRE_PATH_MAX];
};

struct again {
    uint32_t test;
    unsigned attempt;
};

struct run {
    struct hn_plan *plan;
    struct hn_suite *suites;
    const struct hn_schedule *schedule;
    struct hn_tally *tally;
    struct slot *slots;
    uint32_t *left;      /* tests of a binary still to run */
    struct again *again; /* retries to come */
    uint32_t again_count;
    uint32_t next, round;
    struct hn_temp_dir temp;
    int epoll_fd, signal_fd;
    bool stop, red;
};

static void watch(struct run *run, int fd, enum source source, uint32_t index)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = (uint64_t)source << 32 | index};

    if (fd > 0)
        (void)epoll_ctl(run->epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

static void tell_start(const struct run *run, const struct hn_test *test, unsigned attempt)
{
    for (const struct hn_listener *to = run->schedule->listener; to; to = to->next)
        if (to->on_start)
            to->on_start(to->self, test, attempt);
}

static void tell_end(const struct run *run, const struct hn_test *test,
                     const struct hn_attempt *attempt, unsigned number)
{
    for (const struct hn_listener *to = run->schedule->listener; to; to = to->next)
        if (to->on_end)
            to->on_end(to->self, test, attempt, number);
}

static void add_attempt(struct hn_test *test, struct hn_attempt *attempt)
{
    struct hn_attempt **at = &test->attempts;

    while (*at)
        at = &(*at)->next;
    *at = attempt;
}

/* The status of the test after its attempts so far: the last one's, but a pass after a failure is
 * flaky, and of repeated runs the worst counts. */
static void settle_status(const struct run *run, struct hn_test *test, enum hn_status status,
                          unsigned attempt)
{
    bool repeated = run->schedule->repeat > 1 || run->schedule->until_fail;

    if (repeated && test->status > status && attempt == 1)
        return;
    if (status == HN_PASS && attempt > 1)
        status = HN_FLAKY;
    test->status = status;
}

static bool wants_retry(const struct run *run, const struct hn_test *test, unsigned attempt)
{
    unsigned retries = test->retries ? test->retries : run->schedule->retries;

    return !run->stop && attempt <= retries;
}

static void conclude(struct run *run, uint32_t index, struct hn_attempt *attempt, unsigned number)
{
    struct hn_test *test = &run->plan->tests[index];

    add_attempt(test, attempt);
    settle_status(run, test, attempt->status, number);
    tell_end(run, test, attempt, number);
    if (hn_status_is_red(attempt->status) && wants_retry(run, test, number)) {
        run->again[run->again_count++] = (struct again){index, number + 1};
        return;
    }
    run->left[test->binary]--;
    if (hn_status_is_red(test->status)) {
        run->red = true;
        run->stop |= run->schedule->fail_fast;
    }
}

/* A test that could not even be started. */
static void conclude_error(struct run *run, uint32_t index, const char *why)
{
    struct hn_attempt *attempt = pf_arena_alloc(&run->plan->arena, sizeof *attempt);

    attempt->status = HN_ERROR;
    attempt->reason = hn_text(&run->plan->arena, "%s", why);
    hn_attempt_say(attempt, &run->plan->arena, HN_MESSAGE_ERROR, NULL, 0, why);
    tell_start(run, &run->plan->tests[index], 1);
    conclude(run, index, attempt, UINT32_MAX);
}

static void close_lane(struct slot *slot)
{
    if (slot->is_open)
        hn_lane_close(&slot->lane);
    slot->is_open = false;
}

static bool open_lane(struct run *run, uint32_t index, uint32_t binary, struct pf_err *err)
{
    struct slot *slot = &run->slots[index];

    if (slot->is_open && slot->binary == binary)
        return true;
    close_lane(slot);
    if (!hn_lane_open(&slot->lane, &run->suites[binary], run->schedule->show_output, err))
        return false;
    slot->is_open = true;
    slot->binary = binary;
    watch(run, slot->lane.control_fd, FROM_LANE, index);
    watch(run, slot->lane.out_fd, FROM_OUT, index);
    watch(run, slot->lane.err_fd, FROM_ERR, index);
    return true;
}

static double limit_of(const struct run *run, const struct hn_test *test)
{
    double limit_s = test->timeout_s > 0 ? test->timeout_s : run->schedule->timeout_s;

    return limit_s * (run->schedule->time_factor > 0 ? run->schedule->time_factor : 1);
}

static void set_clock(struct slot *slot, double limit_s)
{
    uint64_t now = pf_clock_now_ns();

    slot->start_ns = now;
    slot->limit_s = limit_s;
    slot->limit_ns = limit_s > 0 ? now + (uint64_t)(limit_s * 1e9) : UINT64_MAX;
    slot->half_ns = limit_s > 0 ? now + (uint64_t)(limit_s * 5e8) : UINT64_MAX;
    slot->kill_ns = UINT64_MAX;
}

static struct hn_wire_run request(const struct run *run, const struct hn_test *test,
                                  const struct slot *slot)
{
    const struct hn_binary *binary = &run->plan->binaries[test->binary];
    struct hn_wire_run wire = {
        .type = HN_WIRE_RUN,
        .test = test->index,
        .param = test->param == HN_NO_CASE ? 0 : test->param,
        .flags = run->schedule->run_flags,
        .attempt = slot->attempt,
        .memory_bytes =
            test->memory_mb ? (uint64_t)test->memory_mb << 20 : run->schedule->memory_bytes,
        .gcov_dump = binary->gcov_dump,
        .gcov_reset = binary->gcov_reset,
    };

    if ((test->flags & HN_WIRE_NETNS) || run->schedule->network_namespace)
        wire.flags |= HN_WIRE_RUN_NETNS;
    memcpy(wire.temp_dir, slot->temp_dir, sizeof wire.temp_dir);
    return wire;
}

static void start_test(struct run *run, uint32_t slot_index, uint32_t index, unsigned attempt)
{
    struct slot *slot = &run->slots[slot_index];
    struct hn_test *test = &run->plan->tests[index];
    struct pf_err err = {0};

    if (!open_lane(run, slot_index, test->binary, &err)) {
        conclude_error(run, index, err.text);
        return;
    }
    slot->test = index;
    slot->attempt = attempt;
    slot->seen = (struct hn_observed){0};
    slot->stacks = NULL;
    slot->cpu_at_half = UINT64_MAX;
    hn_temp_dir_make(&run->temp, slot->temp_dir, sizeof slot->temp_dir);
    set_clock(slot, limit_of(run, test));
    struct hn_wire_run wire = request(run, test, slot);
    if (!hn_lane_run(&slot->lane, &wire, &err)) {
        close_lane(slot);
        conclude_error(run, index, err.text);
        return;
    }
    slot->is_busy = true;
    tell_start(run, test, attempt);
}

/* A disabled test is not run, but has its place in every report. */
static void skip_disabled(struct run *run, uint32_t index)
{
    struct hn_attempt *attempt = pf_arena_alloc(&run->plan->arena, sizeof *attempt);

    attempt->status = HN_SKIP;
    attempt->reason = "disabled in its declaration";
    tell_start(run, &run->plan->tests[index], 1);
    conclude(run, index, attempt, 1);
}

/* What to run next; false if nothing is left to start. */
static bool take_next(struct run *run, struct again *out)
{
    if (run->again_count) {
        *out = run->again[0];
        run->again_count--;
        memmove(run->again, run->again + 1, run->again_count * sizeof *run->again);
        return true;
    }
    if (run->next == run->plan->order_count) {
        run->round++;
        bool more = run->schedule->until_fail ? !run->red : run->round < run->schedule->repeat;
        if (!more || !run->plan->order_count)
            return false;
        run->next = 0;
        for (uint32_t i = 0; i < run->plan->order_count; i++)
            run->left[run->plan->tests[run->plan->order[i]].binary]++;
    }
    *out = (struct again){run->plan->order[run->next++], 1};
    return true;
}

static void fill_slots(struct run *run)
{
    for (uint32_t i = 0; i < run->schedule->jobs; i++) {
        struct again next;
        while (!run->stop && !run->slots[i].is_busy && take_next(run, &next)) {
            const struct hn_test *test = &run->plan->tests[next.test];
            if (test->flags & HN_WIRE_DISABLED)
                skip_disabled(run, next.test);
            else
                start_test(run, i, next.test, next.attempt);
        }
    }
}

static void keep_output(struct run *run, struct slot *slot, struct hn_attempt *attempt)
{
    attempt->out = hn_capture_text(&slot->lane.out, &run->plan->arena);
    attempt->err = hn_capture_text(&slot->lane.err, &run->plan->arena);
}

static bool has_output(const struct slot *slot)
{
    return slot->lane.out.head_size || slot->lane.err.head_size;
}

static void end_test(struct run *run, struct slot *slot)
{
    struct hn_test *test = &run->plan->tests[slot->test];
    struct hn_attempt *attempt = pf_arena_alloc(&run->plan->arena, sizeof *attempt);

    if (has_output(slot))
        keep_output(run, slot, attempt);
    slot->seen.limit_s = slot->limit_s;
    hn_verdict(attempt, &run->plan->arena, test, &run->plan->binaries[test->binary], &slot->seen,
               slot->lane.shared, &run->schedule->policy);
    attempt->stacks = slot->stacks;
    if (!run->schedule->keep_output && attempt->status <= HN_SKIP)
        attempt->out = attempt->err = NULL;
    slot->is_busy = false;
    hn_temp_dir_remove(slot->temp_dir);
    conclude(run, slot->test, attempt, slot->attempt);
}

static void take_state(struct slot *slot, const struct hn_wire_state *state)
{
    slot->seen.wait_status = state->wait_status;
    slot->seen.left_over = state->left_over;
    slot->seen.duration_ns = state->duration_ns;
    slot->seen.user_us = state->user_us;
    slot->seen.system_us = state->system_us;
    slot->seen.peak_kib = state->peak_kib;
}

static void take_stacks(struct run *run, struct slot *slot, pid_t tid)
{
    if (!(run->schedule->run_flags & HN_WIRE_RUN_NO_STACKS) && slot->lane.test_pid > 0)
        slot->stacks = hn_stacks_text(slot->lane.test_pid, tid, &run->plan->arena);
}

static void lose_lane(struct run *run, struct slot *slot)
{
    slot->seen.lane_lost = true;
    slot->seen.duration_ns = pf_clock_now_ns() - slot->start_ns;
    if (slot->lane.test_pid > 0)
        (void)kill(slot->lane.test_pid, SIGKILL);
    if (slot->is_busy)
        end_test(run, slot);
    close_lane(slot);
}

static void on_lane(struct run *run, struct slot *slot)
{
    struct hn_wire_state state;

    if (!hn_lane_receive(&slot->lane, &state)) {
        lose_lane(run, slot);
        return;
    }
    if (!slot->is_busy)
        return;
    if (state.type == HN_WIRE_CRASHED) {
        take_stacks(run, slot, slot->lane.shared->crash_tid);
        (void)kill(slot->lane.test_pid, SIGCONT);
    } else if (state.type == HN_WIRE_ENDED) {
        take_state(slot, &state);
        end_test(run, slot);
    }
}

/* Reading stops at end of file; the descriptor is left to close_lane. */
static void on_output(struct run *run, int fd, struct hn_capture *capture)
{
    if (fd > 0 && !hn_capture_drain(capture, fd))
        (void)epoll_ctl(run->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
}

static void on_signal(struct run *run)
{
    struct signalfd_siginfo info;

    while (read(run->signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
        run->stop = true;
        run->tally->interrupted = true;
    }
}

static void dispatch(struct run *run, const struct epoll_event *event)
{
    uint32_t index = (uint32_t)event->data.u64;
    struct slot *slot = &run->slots[index];

    switch ((enum source)(event->data.u64 >> 32)) {
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

/* Over its time: keep the stacks, then end it. Its lane buries what it started. */
static void time_out(struct run *run, struct slot *slot, uint64_t now)
{
    uint64_t cpu = hn_process_cpu_ns(slot->lane.test_pid);

    slot->seen.timed_out = true;
    slot->seen.was_idle = slot->cpu_at_half != UINT64_MAX && cpu != UINT64_MAX
                          && (double)(cpu - slot->cpu_at_half) < slot->limit_s * 1e9 / 2 / 100;
    take_stacks(run, slot, 0);
    (void)kill(slot->lane.test_pid, SIGKILL);
    slot->limit_ns = UINT64_MAX;
    slot->kill_ns = now + (uint64_t)KILL_GRACE_MS * 1000000u;
}

static void check_clocks(struct run *run)
{
    uint64_t now = pf_clock_now_ns();

    for (uint32_t i = 0; i < run->schedule->jobs; i++) {
        struct slot *slot = &run->slots[i];
        if (!slot->is_busy || slot->lane.test_pid <= 0)
            continue;
        if (now >= slot->half_ns) {
            slot->cpu_at_half = hn_process_cpu_ns(slot->lane.test_pid);
            slot->half_ns = UINT64_MAX;
        }
        if (now >= slot->limit_ns)
            time_out(run, slot, now);
        if (now >= slot->kill_ns) {
            (void)kill(slot->lane.lane_pid, SIGKILL);
            slot->kill_ns = UINT64_MAX;
        }
    }
}

static int time_to_wait(const struct run *run)
{
    uint64_t next = pf_clock_now_ns() + (uint64_t)TICK_MS * 1000000u;

    for (uint32_t i = 0; i < run->schedule->jobs; i++) {
        const struct slot *slot = &run->slots[i];
        if (!slot->is_busy)
            continue;
        next = slot->half_ns < next ? slot->half_ns : next;
        next = slot->limit_ns < next ? slot->limit_ns : next;
        next = slot->kill_ns < next ? slot->kill_ns : next;
    }
    return pf_clock_left_ms(next);
}

static bool is_busy(const struct run *run)
{
    for (uint32_t i = 0; i < run->schedule->jobs; i++)
        if (run->slots[i].is_busy)
            return true;
    return false;
}

static void tick(const struct run *run)
{
    for (const struct hn_listener *to = run->schedule->listener; to; to = to->next)
        if (to->on_tick)
            to->on_tick(to->self);
}

static void loop(struct run *run)
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

static bool prepare(struct run *run, struct pf_err *err)
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
    watch(run, run->signal_fd, FROM_SIGNAL, 0);
    for (uint32_t i = 0; i < run->plan->binary_count; i++)
        watch(run, run->suites[i].output_fd, FROM_SUITE, i);
    (void)prctl(PR_SET_CHILD_SUBREAPER, 1);
    (void)hn_temp_dir_open(&run->temp);
    for (uint32_t i = 0; i < run->plan->order_count; i++)
        run->left[run->plan->tests[run->plan->order[i]].binary]++;
    return true;
}

/* End what still runs; lanes and binaries die when we hang up, their tests with them. */
static void clean_up(struct run *run)
{
    for (uint32_t i = 0; i < run->schedule->jobs; i++) {
        struct slot *slot = &run->slots[i];
        if (slot->is_busy && slot->lane.test_pid > 0)
            (void)kill(slot->lane.test_pid, SIGKILL);
        if (slot->is_busy)
            hn_temp_dir_remove(slot->temp_dir);
        close_lane(slot);
    }
    for (uint32_t i = 0; i < run->plan->binary_count; i++)
        hn_suite_stop(&run->suites[i]);
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
    struct run run = {.plan = plan, .suites = suites, .schedule = schedule, .tally = tally};
    uint64_t start_ns = pf_clock_now_ns();

    *tally = (struct hn_tally){0};
    run.slots = pf_mem_new(schedule->jobs, sizeof *run.slots);
    run.left = pf_mem_new(plan->binary_count + 1, sizeof *run.left);
    run.again = pf_mem_new(schedule->jobs + plan->order_count + 1, sizeof *run.again);
    bool ok = prepare(&run, err);
    if (ok)
        loop(&run);
    clean_up(&run);
    hn_tally_count(plan, tally);
    tally->seconds = (double)(pf_clock_now_ns() - start_ns) / 1e9;
    free(run.slots);
    free(run.left);
    free(run.again);
    return ok;
}

/* SPDX-License-Identifier: MIT */
#include "harness/runner/criterion_run.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness/preload/wire.h"
#include "harness/runner/criterion_priv.h"
#include "harness/runner/stacks.h"
#include "profiler/base/clock.h"

enum { END_S = 2 };

/* How a round with one process of the binary ended. */
enum ending { GOES_ON, HUNG_UP, LATE, STOPPED };

static bool is_left(const struct hn_native *native, const struct hn_test *test)
{
    return test->binary == native->binary && test->chosen && !test->attempts;
}

static unsigned count_left(const struct hn_native *native)
{
    unsigned count = 0;

    for (uint32_t i = 0; i < native->plan->test_count; i++)
        count += is_left(native, &native->plan->tests[i]);
    return count;
}

/* "0 3:2 4": the tests of this binary that were chosen and have not run; the first may begin at a
 * later case. */
static unsigned select_text(struct hn_native *native, struct pf_buf *out)
{
    uint32_t last = UINT32_MAX;
    unsigned count = 0;

    native->resume_index = UINT32_MAX;
    for (uint32_t i = 0; i < native->plan->test_count; i++) {
        const struct hn_test *test = &native->plan->tests[i];
        if (!is_left(native, test) || test->index == last)
            continue;
        last = test->index;
        pf_buf_printf(out, "%u", test->index);
        if (count++ == 0 && test->param != HN_NO_CASE && test->param) {
            native->resume_index = test->index;
            native->resume_case = test->param;
            pf_buf_printf(out, ":%u", test->param);
        }
        pf_buf_put_str(out, " ");
    }
    return count;
}

/* What a declaration asks for and only the fork engine can give; NULL: nothing. */
static const char *demand_of(const struct hn_test *test)
{
    if (*test->torture)
        return "torture is done";
    if (test->memory_mb)
        return "its memory limit is kept";
    return test->flags & HN_WIRE_NETNS ? "a network of its own is made" : NULL;
}

static void conclude_unrun(struct hn_native *native)
{
    for (uint32_t i = 0; i < native->plan->test_count; i++) {
        struct hn_test *test = &native->plan->tests[i];
        if (!is_left(native, test) || native->stop)
            continue;
        const char *demand = demand_of(test);
        if (test->flags & HN_WIRE_DISABLED)
            hn_native_conclude(native, test, HN_SKIP, "disabled in its declaration");
        else if (demand)
            hn_native_conclude(native, test, HN_ERROR,
                               hn_text(&native->plan->arena, "%s only by --engine fork", demand));
    }
}

static void take_signals(struct hn_native *native)
{
    struct signalfd_siginfo info;

    while (read(native->signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
        native->stop = true;
        native->tally->interrupted = true;
    }
}

static enum ending take_packet(struct hn_native *native)
{
    static char packet[HN_WIRE_PACKET_MAX];

    ssize_t got = recv(native->suite.control_fd, packet, sizeof packet, MSG_DONTWAIT);
    if (got < 0 && (errno == EINTR || errno == EAGAIN))
        return GOES_ON;
    if (got <= 0)
        return HUNG_UP;
    hn_native_take(native, packet, (size_t)got);
    return GOES_ON;
}

/* Its runner's own words when a child that a test forked speaks to it: from then on it hangs. */
static void take_output(struct hn_native *native)
{
    static const char words[] = "that is not a child process.";
    const struct hn_capture *output = &native->suite.output;

    native->is_silent = !hn_capture_drain(&native->suite.output, native->suite.output_fd);
    native->is_lost = output->head_size
                      && memmem(output->head, output->head_size, words, sizeof words - 1) != NULL;
}

static enum ending go_on(struct hn_native *native)
{
    struct pollfd ready[] = {{native->suite.control_fd, POLLIN, 0},
                             {native->is_silent ? -1 : native->suite.output_fd, POLLIN, 0},
                             {native->signal_fd, POLLIN, 0}};

    if (poll(ready, 3, pf_clock_left_ms(native->deadline_ns)) < 0)
        return errno == EINTR ? GOES_ON : HUNG_UP;
    if (ready[2].revents)
        take_signals(native);
    if (native->stop)
        return STOPPED;
    if (ready[1].revents)
        take_output(native);
    if (native->is_lost)
        return LATE;
    if (ready[0].revents) {
        enum ending ending = take_packet(native);
        return native->stop && ending == GOES_ON ? STOPPED : ending;
    }
    return pf_clock_now_ns() >= native->deadline_ns ? LATE : GOES_ON;
}

/* Its workers die with it; what tests started becomes ours. */
static void kill_binary(struct hn_native *native)
{
    if (native->worker > 0)
        (void)kill(native->worker, SIGKILL);
    (void)kill(native->suite.child.pid, SIGKILL);
    (void)pf_child_wait(&native->suite.child, UINT64_MAX);
}

static void judge_late(struct hn_native *native)
{
    struct pf_arena *arena = &native->plan->arena;
    double limit_s =
        native->test->timeout_s > 0 ? native->test->timeout_s : native->schedule->timeout_s;

    if (native->is_lost)
        hn_native_worsen(native->attempt, HN_ERROR,
                         "a child it forked came back out of it, and Criterion's runner is lost: "
                         "--engine fork ends such a child");
    else
        hn_native_worsen(native->attempt, HN_TIMEOUT,
                         hn_text(arena, "over its time limit of %g s", limit_s));
    if (native->worker > 0 && !native->schedule->no_stacks)
        native->attempt->stacks = hn_stacks_text(native->worker, 0, arena);
}

static void judge_hung_up(struct hn_native *native)
{
    struct pf_child *child = &native->suite.child;

    if (!pf_child_wait(child, pf_clock_now_ns() + (uint64_t)END_S * 1000000000u))
        kill_binary(native);
    hn_native_worsen(native->attempt, HN_ERROR,
                     hn_text(&native->plan->arena,
                             "Criterion's own runner died while it ran (status %d)",
                             pf_child_exit_status(child)));
}

/* What is running when the round ends is over, too. */
static void end_round(struct hn_native *native, enum ending ending)
{
    bool runs = native->test && !native->has_ended;

    if (runs && ending == LATE)
        judge_late(native);
    else if (runs && ending == HUNG_UP)
        judge_hung_up(native);
    if (ending != HUNG_UP)
        kill_binary(native);
    if (runs && ending == STOPPED)
        native->test = NULL; /* it was not run to its end: no verdict */
    hn_native_finish(native);
}

/* A round that got no test to its end: the rest cannot be run. */
static void conclude_rest(struct hn_native *native)
{
    const char *printed = hn_capture_text(&native->suite.output, &native->plan->arena);
    const char *reason =
        hn_text(&native->plan->arena, "Criterion's own runner came to no test's end%s%.200s",
                printed ? ": " : "", printed ? printed : "");

    for (uint32_t i = 0; i < native->plan->test_count; i++)
        if (is_left(native, &native->plan->tests[i]) && !native->stop)
            hn_native_conclude(native, &native->plan->tests[i], HN_ERROR, reason);
}

static bool run_round(struct hn_native *native, const char *preload, const char *selection,
                      struct pf_err *err)
{
    struct hn_suite_spec spec = {
        .binary = &native->plan->binaries[native->binary],
        .preload = preload,
        .engine = "criterion",
        .select = selection,
    };
    enum ending ending = GOES_ON;
    unsigned left = count_left(native);

    native->last_index = UINT32_MAX;
    native->test = NULL;
    native->is_lost = native->is_silent = false;
    native->worker = 0;
    if (!hn_suite_start(&native->suite, &spec, err))
        return false;
    native->deadline_ns = pf_clock_now_ns() + (uint64_t)HN_NATIVE_PATIENCE_S * 1000000000u;
    while (ending == GOES_ON)
        ending = go_on(native);
    end_round(native, ending);
    if (count_left(native) == left)
        conclude_rest(native);
    hn_suite_stop(&native->suite);
    return true;
}

/* A round ends early where a test brings Criterion's runner down; the rest gets another. */
static bool run_binary(struct hn_native *native, const char *preload, struct pf_err *err)
{
    bool ok = true;

    conclude_unrun(native);
    while (ok && !native->stop) {
        struct pf_buf selection = {0};
        bool any = select_text(native, &selection) > 0;
        ok = !any || run_round(native, preload, pf_buf_cstr(&selection), err);
        pf_buf_fini(&selection);
        if (!any)
            break;
    }
    return ok;
}

static bool open_signals(struct hn_native *native, struct pf_err *err)
{
    sigset_t ending;

    (void)sigemptyset(&ending);
    (void)sigaddset(&ending, SIGINT);
    (void)sigaddset(&ending, SIGTERM);
    (void)sigaddset(&ending, SIGHUP);
    (void)sigprocmask(SIG_BLOCK, &ending, NULL);
    native->signal_fd = signalfd(-1, &ending, SFD_CLOEXEC | SFD_NONBLOCK);
    return native->signal_fd >= 0 ? true : pf_err_sys(err, errno, "signalfd");
}

bool hn_criterion_run(struct hn_plan *plan, const char *preload, const struct hn_schedule *schedule,
                      struct hn_tally *tally, struct pf_err *err)
{
    struct hn_native native = {.plan = plan, .schedule = schedule, .tally = tally};
    uint64_t start_ns = pf_clock_now_ns();

    *tally = (struct hn_tally){0};
    (void)prctl(PR_SET_CHILD_SUBREAPER, 1);
    bool ok = open_signals(&native, err);
    for (uint32_t i = 0; ok && !native.stop && i < plan->binary_count; i++) {
        native.binary = i;
        if (plan->binaries[i].kind == HN_BINARY_CRITERION)
            ok = run_binary(&native, preload, err);
    }
    if (native.signal_fd > 0)
        (void)close(native.signal_fd);
    hn_tally_count(plan, tally);
    tally->seconds = (double)(pf_clock_now_ns() - start_ns) / 1e9;
    return ok;
}

/*
 * The clock of a test program, as the test holds it: started, advanced, waited for.
 *
 * SPDX-License-Identifier: MIT
 */
#include "mocks/clock/clock_control.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#include "mocks/clock/clock_priv.h"
#include "mocks/clock/clock_stacks.h"
#include "mocks/mock_priv.h"

enum { AWAIT_MS = 5000, DEFAULT_HANG_MS = 5000 };

static struct mk_clock_page own_page;
struct mk_clock_control mk_clock_control;

static int self_thread(void)
{
    return (int)syscall(SYS_gettid);
}

void mk_clock_fail(const char *file, int line, const char *fmt, ...)
{
    char text[512];
    va_list args;
    bool entered = mk_enter();

    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    mk_lock();
    mk_fail_at(file, line, "%s", text);
    mk_unlock();
    if (entered)
        mk_leave();
}

const char *mk_clock_name_of(int thread, char *name)
{
    if (!mk_task_read((int)syscall(SYS_getpid), thread, "comm", name, MK_CLOCK_NAME_BYTES))
        return "?";
    name[strcspn(name, "\n")] = '\0';
    return name;
}

static int64_t real_of(clockid_t clock)
{
    struct timespec now = {0};

    (void)syscall(SYS_clock_gettime, clock, &now);
    return mk_ns_of(&now);
}

static void start_page(const struct assay_clock *start)
{
    int64_t mono_ns = start->mono_ms ? start->mono_ms * MK_NS_PER_MS : real_of(CLOCK_MONOTONIC);
    int64_t wall_ns = start->wall_ms ? start->wall_ms * MK_NS_PER_MS : real_of(CLOCK_REALTIME);

    memset(&own_page, 0, sizeof own_page);
    own_page.magic = MK_CLOCK_MAGIC;
    own_page.mono_ns = mono_ns;
    own_page.wall_minus_mono_ns = wall_ns - mono_ns;
    mk_clock_page = &own_page;
    mk_timers_forget();
}

/* A child has a copy of the page, and none of the threads in it but the one that forked. */
static void follow_fork(void)
{
    if (!mk_clock_is_faked)
        return;
    memset(own_page.slots, 0, sizeof own_page.slots);
    mk_timers_forked();
    mk_clock_control.controller = self_thread();
}

/* False if the program wraps no function that knows the time. */
static bool arm_clocked(void)
{
    bool any = false;

    for (struct mk_fn *const *fn = mk_all_fns(); fn && *fn; fn++) {
        if (!(*fn)->clock)
            continue;
        mk_arm(*fn);
        any = true;
    }
    return any;
}

static bool note_older(int process, int thread, void *unused)
{
    (void)process, (void)unused;
    for (int i = 0; i < MK_CLOCK_OLDER; i++)
        if (!mk_clock_control.older[i]) {
            mk_clock_control.older[i] = thread;
            return true;
        }
    return false;
}

void assay_clock_fake(const char *file, int line, const struct assay_clock *start)
{
    static bool follows_forks;

    if (!mk_enter())
        return;
    mk_lock();
    if (!follows_forks)
        follows_forks = pthread_atfork(NULL, NULL, follow_fork) == 0;
    if (!arm_clocked()) {
        mk_fail_at(file, line,
                   "clock_fake: no function that tells or waits for time is wrapped: "
                   "add CLOCK to assay_wrap()");
    } else {
        start_page(start);
        mk_clock_control.file = file;
        mk_clock_control.line = line;
        mk_clock_control.controller = self_thread();
        memset(mk_clock_control.older, 0, sizeof mk_clock_control.older);
        (void)mk_tasks_each((int)syscall(SYS_getpid), note_older, NULL);
        mk_clock_control.grace_ms = start->grace_ms;
        mk_clock_control.hang_ms = start->hang_ms ? start->hang_ms : DEFAULT_HANG_MS;
        mk_clock_control.stuck = 0;
        mk_clock_is_faked = true;
    }
    mk_unlock();
    mk_leave();
}

void mk_clock_end(void)
{
    mk_clock_is_faked = false;
}

/* Until the other threads are at rest; false if that takes longer than real_ms. */
static bool settle(struct mk_rest *rest, int real_ms)
{
    int64_t until_ns = mk_clock_real_ns() + (int64_t)real_ms * MK_NS_PER_MS;
    int self = mk_clock_self_slot();

    if (mk_task_is_alone())
        return true;
    while (!mk_rest_all(&own_page, rest, self)) {
        if (mk_clock_real_ns() > until_ns)
            return false;
        (void)syscall(SYS_sched_yield);
    }
    return true;
}

struct advance {
    const char *file;
    int line;
    bool gave_up; /* somebody never rests: has been told, and is not waited for again */
    struct mk_rest rest;
};

static void settle_or_tell(struct advance *advance)
{
    char name[MK_CLOCK_NAME_BYTES];

    if (advance->gave_up || settle(&advance->rest, mk_clock_control.hang_ms))
        return;
    advance->gave_up = true;
    mk_clock_fail(
        advance->file, advance->line,
        "clock_advance_ms: thread %d (%s) does not come to rest, for %d ms now: it computes "
        "without end, or asks for the time in a loop (stacks on stderr)",
        advance->rest.busy_thread, mk_clock_name_of(advance->rest.busy_thread, name),
        mk_clock_control.hang_ms);
    mk_stacks_print();
}

static bool is_faked(const char *file, int line, const char *what)
{
    if (!mk_clock_is_faked)
        mk_clock_fail(file, line, "%s: the clock is real: clock_fake() comes first", what);
    return mk_clock_is_faked;
}

/* With nobody to see it, a timerfd's expirations may come all at once. */
static int64_t next_stop_ns(void)
{
    if (mk_slots_waiting(&own_page) == 0)
        return mk_timers_next_signal_ns();
    return mk_clock_next_deadline_ns();
}

static void advance_to(struct advance *advance, int64_t until_ns)
{
    settle_or_tell(advance);
    for (;;) {
        int64_t next_ns = next_stop_ns();
        if (next_ns > until_ns)
            break;
        if (next_ns < mk_clock_mono_ns())
            next_ns = mk_clock_mono_ns();
        mk_clock_move_to(next_ns);
        settle_or_tell(advance);
        if (mk_clock_next_deadline_ns() <= next_ns)
            break; /* due and not taken: its owner is busy */
    }
    mk_clock_move_to(until_ns);
    settle_or_tell(advance);
}

void assay_clock_advance(const char *file, int line, int64_t ms)
{
    struct advance advance = {.file = file, .line = line};
    int64_t now_ns, span_ns;

    if (!is_faked(file, line, "clock_advance_ms"))
        return;
    now_ns = mk_clock_mono_ns();
    if (mk_clock_span_ns(now_ns, ms, &span_ns))
        advance_to(&advance, now_ns + span_ns);
    else
        mk_clock_fail(file, line, "clock_advance_ms(%lld): %s", (long long)ms,
                      ms < 0 ? "a clock does not go back"
                             : "further than 64 bits of nanoseconds reach");
}

bool assay_clock_await_at(const char *file, int line, int threads)
{
    int64_t until_ns = mk_clock_real_ns() + (int64_t)AWAIT_MS * MK_NS_PER_MS;
    struct mk_rest rest = {0};

    if (!is_faked(file, line, "clock_await"))
        return false;
    do {
        bool rests = settle(&rest, AWAIT_MS);
        if (rests && mk_slots_waiting(&own_page) >= threads)
            return true;
        (void)syscall(SYS_sched_yield);
    } while (mk_clock_real_ns() < until_ns);
    return false;
}

int64_t assay_clock_now_ms(void)
{
    return mk_clock_is_faked ? mk_clock_mono_ns() / MK_NS_PER_MS : 0;
}

int64_t assay_clock_wall_now_ms(void)
{
    return mk_clock_is_faked ? mk_clock_wall_ns() / MK_NS_PER_MS : 0;
}

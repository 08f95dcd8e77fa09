/*
 * The clock of a test program: started, advanced and judged by the test.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "mocks/clock/clock_priv.h"
#include "mocks/clock/clock_stacks.h"
#include "mocks/mock_priv.h"

enum { SETTLE_MS = 1000, AWAIT_MS = 5000, STUCK_MAX = 3, DEFAULT_HANG_MS = 5000 };

static struct mk_clock_page own_page;
static struct {
    const char *file;
    int line;
    int controller;
    int grace_ms, hang_ms;
    _Atomic int stuck;
} control;

static int self_thread(void)
{
    return (int)syscall(SYS_gettid);
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
    control.controller = self_thread();
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
        control.file = file;
        control.line = line;
        control.controller = self_thread();
        control.grace_ms = start->grace_ms;
        control.hang_ms = start->hang_ms ? start->hang_ms : DEFAULT_HANG_MS;
        control.stuck = 0;
        mk_clock_is_faked = true;
    }
    mk_unlock();
    mk_leave();
}

void mk_clock_end(void)
{
    mk_clock_is_faked = false;
}

/* Until the threads that were woken are at rest, exit, or have had a real second. */
static void settle(struct mk_rest *rest)
{
    int64_t until_ns = mk_clock_real_ns() + (int64_t)SETTLE_MS * MK_NS_PER_MS;
    int self = mk_clock_self_slot(), busy = 0;

    while (!mk_rest_all(&own_page, rest, self, &busy) && mk_clock_real_ns() < until_ns)
        (void)syscall(SYS_sched_yield);
}

static void refuse_span(int64_t ms)
{
    bool entered = mk_enter();

    mk_lock();
    mk_fail_at(control.file, control.line, "clock_advance_ms(%lld): %s", (long long)ms,
               ms < 0 ? "a clock does not go back" : "further than 64 bits of nanoseconds reach");
    mk_unlock();
    if (entered)
        mk_leave();
}

void assay_clock_advance_ms(int64_t ms)
{
    struct mk_rest rest = {0};
    int64_t span_ns;

    if (!mk_clock_is_faked)
        return;
    if (!mk_clock_span_ns(mk_clock_mono_ns(), ms, &span_ns)) {
        refuse_span(ms);
        return;
    }
    int64_t until_ns = mk_clock_mono_ns() + span_ns;
    for (;;) {
        int64_t next_ns = mk_clock_next_deadline_ns();
        if (next_ns > until_ns)
            break;
        if (next_ns < mk_clock_mono_ns())
            next_ns = mk_clock_mono_ns();
        mk_clock_move_to(next_ns);
        settle(&rest);
        if (mk_clock_next_deadline_ns() <= next_ns)
            break; /* due and not taken: its owner is busy */
    }
    mk_clock_move_to(until_ns);
    settle(&rest);
}

bool assay_clock_await(int threads)
{
    int64_t until_ns = mk_clock_real_ns() + (int64_t)AWAIT_MS * MK_NS_PER_MS;

    while (mk_slots_waiting(&own_page) < threads && mk_clock_real_ns() < until_ns)
        (void)syscall(SYS_sched_yield);
    return mk_slots_waiting(&own_page) >= threads;
}

int64_t assay_clock_now_ms(void)
{
    return mk_clock_is_faked ? mk_clock_mono_ns() / MK_NS_PER_MS : 0;
}

int64_t assay_clock_wall_now_ms(void)
{
    return mk_clock_is_faked ? mk_clock_wall_ns() / MK_NS_PER_MS : 0;
}

/* A controller that never waited may still move the clock: then only it may. */
static bool controller_waits(void)
{
    for (int i = 0; i < MK_CLOCK_SLOTS; i++)
        if (atomic_load(&own_page.slots[i].thread) == control.controller
            && atomic_load(&own_page.slots[i].state) == MK_SLOT_WAITING)
            return true;
    return false;
}

bool mk_clock_may_jump(int self_slot, int64_t next_ns)
{
    (void)next_ns;
    return mk_slots_others_wait(&own_page, self_slot)
           && (self_thread() == control.controller || controller_waits());
}

bool mk_clock_is_stuck(void)
{
    if (atomic_fetch_add(&control.stuck, 1) + 1 >= STUCK_MAX)
        abort();
    bool entered = mk_enter();
    mk_lock();
    mk_fail_at(control.file, control.line,
               "clock_fake: thread %d waits for what can never come: nothing is ready, no timeout, "
               "timer or alarm is set, nobody advances the clock (stacks on stderr)",
               self_thread());
    mk_unlock();
    mk_stacks_print();
    if (entered)
        mk_leave();
    return true;
}

int mk_clock_grace_ms(void)
{
    return control.grace_ms;
}

int mk_clock_hang_ms(void)
{
    return control.hang_ms;
}

void mk_clock_joined(void)
{
}

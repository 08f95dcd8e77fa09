/*
 * What a wait in a test program may do to the clock: move it, or find that nothing ever will.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <sys/syscall.h>

#include "mocks/clock/clock_control.h"
#include "mocks/clock/clock_priv.h"
#include "mocks/clock/clock_stacks.h"

enum { STUCK_MAX = 3 };

static int self_thread(void)
{
    return (int)syscall(SYS_gettid);
}

static bool is_waiting(int thread)
{
    for (int i = 0; i < MK_CLOCK_SLOTS; i++)
        if (atomic_load(&mk_clock_page->slots[i].thread) == thread
            && atomic_load(&mk_clock_page->slots[i].state) == MK_SLOT_WAITING)
            return true;
    return false;
}

static bool is_endless(int process, int thread, void *unused)
{
    (void)unused;
    return is_waiting(thread) || mk_task_is_endless(process, thread);
}

/*
 * The test's thread may still move the clock, unless it waits by it or for another thread. In a
 * real sleep of its own it will be back.
 */
static bool controller_rests(void)
{
    return self_thread() == mk_clock_control.controller
           || is_endless((int)syscall(SYS_getpid), mk_clock_control.controller, NULL);
}

bool mk_clock_may_jump(int self_slot)
{
    struct mk_rest rest = {.at_once = true};

    return mk_task_is_alone()
           || (controller_rests() && mk_rest_all(mk_clock_page, &rest, self_slot));
}

int64_t mk_clock_limit_ns(void)
{
    return MK_NEVER;
}

static void count_stuck(void)
{
    if (atomic_fetch_add(&mk_clock_control.stuck, 1) + 1 >= STUCK_MAX)
        abort();
}

static bool fail_hopeless(void)
{
    count_stuck();
    mk_clock_fail(
        mk_clock_control.file, mk_clock_control.line,
        "clock_fake: thread %d waits for what can never come: nothing is ready, no timeout, "
        "timer or alarm is set, nobody advances the clock (stacks on stderr)",
        self_thread());
    mk_stacks_print();
    return true;
}

/* Of several that wait for nothing the test's own is told. */
static bool is_anothers_to_tell(void)
{
    return self_thread() != mk_clock_control.controller && is_waiting(mk_clock_control.controller);
}

bool mk_clock_is_stuck(void)
{
    if (is_anothers_to_tell())
        return false;
    /* Who sleeps by real time will be back, and may be whom this thread waits for. */
    return mk_tasks_each((int)syscall(SYS_getpid), is_endless, NULL) && fail_hopeless();
}

bool mk_clock_is_hung(int self_slot)
{
    struct mk_rest rest = {.at_once = true};
    char name[MK_CLOCK_NAME_BYTES];

    if (!controller_rests() || is_anothers_to_tell())
        return false;
    if (mk_rest_all(mk_clock_page, &rest, self_slot))
        return mk_clock_next_deadline_ns() == MK_NEVER && fail_hopeless();
    count_stuck();
    mk_clock_fail(
        mk_clock_control.file, mk_clock_control.line,
        "clock_fake: thread %d waits, and the clock has stood for %d ms, because thread %d (%s) "
        "does not come to rest: it computes without end, or asks for the time in a loop "
        "(stacks on stderr)",
        self_thread(), mk_clock_control.hang_ms, rest.busy_thread,
        mk_clock_name_of(rest.busy_thread, name));
    mk_stacks_print();
    return true;
}

int mk_clock_grace_ms(void)
{
    return mk_clock_control.grace_ms;
}

int mk_clock_hang_ms(void)
{
    return mk_clock_control.hang_ms;
}

void mk_clock_joined(void)
{
}

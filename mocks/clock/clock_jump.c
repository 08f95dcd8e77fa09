/*
 * What a wait in a test program may do to the clock: move it, or find that nothing ever will.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/syscall.h>

#include "mocks/clock/clock_control.h"
#include "mocks/clock/clock_priv.h"
#include "mocks/clock/clock_stacks.h"

enum { STUCK_MAX = 3, HOPE_LOOKS = 64 };

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

static bool is_older(int thread)
{
    for (int i = 0; i < MK_CLOCK_OLDER; i++)
        if (mk_clock_control.older[i] == thread)
            return true;
    return false;
}

/* A runner's own threads wait for the runner, and end nothing here. */
static bool waits_for_thread(int process, int thread, void *unused)
{
    (void)unused;
    return mk_task_waits_for_thread(process, thread)
           || (is_older(thread) && mk_task_is_endless(process, thread));
}

static bool waits(int process, int thread, void *unused)
{
    (void)unused;
    return is_waiting(thread) || mk_task_is_endless(process, thread);
}

static bool is_childless(int process, int thread, void *unused)
{
    char children[MK_CLOCK_NAME_BYTES];

    (void)unused;
    return !mk_task_read(process, thread, "children", children, sizeof children);
}

/* Do all others wait so, and may no child process, a client or a server perhaps, end that? */
static bool all_wait(mk_task_visit so)
{
    int process = (int)syscall(SYS_getpid);

    return is_childless(process, self_thread(), NULL) && mk_tasks_each(process, is_childless, NULL)
           && mk_tasks_each(process, so, NULL);
}

static bool is_any(int process, int thread, void *unused)
{
    (void)process, (void)thread, (void)unused;
    return true;
}

/*
 * The test's thread may still move the clock, unless it waits by it, or for another thread, which
 * perhaps only the clock can let go on.
 */
static bool controller_rests(void)
{
    int process = (int)syscall(SYS_getpid), controller = mk_clock_control.controller;

    return self_thread() == controller || is_waiting(controller)
           || (mk_task_waits_for_thread(process, controller) && all_wait(is_any));
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

bool mk_clock_is_stuck(void)
{
    /* Others find it when the clock has stood for long: the data of other processes takes time. */
    return self_thread() == mk_clock_control.controller && all_wait(waits) && fail_hopeless();
}

static bool is_hopeless(void)
{
    return mk_clock_may_jump(mk_clock_self_slot()) && mk_clock_next_deadline_ns() == MK_NEVER
           && all_wait(waits_for_thread);
}

int mk_clock_hope(mk_clock_look look, void *what)
{
    int process = (int)syscall(SYS_getpid), got = 0;
    uint64_t before = 0;

    /*
     * Others may be on their way to the same: they get a while for that. Who waits for a lock that
     * this wait gives up has run meanwhile.
     */
    for (int i = 0; i < HOPE_LOOKS && !got; i++) {
        bool hope = i == 0 || mk_process_activity(process) != before || !is_hopeless();
        got = look(what, -1, 0); /* who has just gone may have left it */
        if (!got && !hope && fail_hopeless()) {
            errno = EDEADLK;
            return -1;
        }
        before = mk_process_activity(process);
        if (!got)
            got = look(what, -1, 1);
    }
    return got;
}

/* Of several that wait the test's own is told; it may yet act when it sleeps by real time. */
static bool is_to_be_told(void)
{
    int self = self_thread(), controller = mk_clock_control.controller;

    return self == controller
           || (!is_waiting(controller) && mk_task_is_endless((int)syscall(SYS_getpid), controller));
}

bool mk_clock_is_hung(int self_slot)
{
    struct mk_rest rest = {.at_once = true};
    char name[MK_CLOCK_NAME_BYTES];

    if (!is_to_be_told())
        return false;
    bool rests = mk_rest_all(mk_clock_page, &rest, self_slot);
    if (rests && mk_clock_next_deadline_ns() == MK_NEVER)
        return fail_hopeless();
    count_stuck();
    if (rests)
        mk_clock_fail(mk_clock_control.file, mk_clock_control.line,
                      "clock_fake: thread %d waits, and the clock has stood for %d ms: the test's "
                      "thread sleeps in a call that takes real time, and does not advance it "
                      "(stacks on stderr)",
                      self_thread(), mk_clock_control.hang_ms);
    else
        mk_clock_fail(mk_clock_control.file, mk_clock_control.line,
                      "clock_fake: thread %d waits, and the clock has stood for %d ms, because "
                      "thread %d (%s) does not come to rest: it computes without end, or asks for "
                      "the time in a loop (stacks on stderr)",
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

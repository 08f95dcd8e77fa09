/*
 * Waiting for something real or for virtual time, whichever comes first.
 *
 * Every thread that waits has a slot on the page: so everybody can see whether anybody still runs.
 * It is woken through an eventfd of its own.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>

#include "mocks/clock/clock_priv.h"
#include "mocks/clock/clock_stacks.h"

enum { LOOK_AGAIN_MS = 50 }; /* at the latest */

/* Of this process, by slot: descriptor + 1, 0 where there is none. */
static _Atomic int wake_fds[MK_CLOCK_SLOTS];
static pthread_key_t exit_key;
static pthread_once_t exit_once = PTHREAD_ONCE_INIT;
static _Thread_local int own_slot_plus_1;

static int self_thread(void)
{
    return (int)syscall(SYS_gettid);
}

static int self_process(void)
{
    return (int)syscall(SYS_getpid);
}

static void release_slot(void *slot_plus_1)
{
    int index = (int)(intptr_t)slot_plus_1 - 1;
    struct mk_clock_slot *slot = &mk_clock_page->slots[index];
    int fd = atomic_exchange(&wake_fds[index], 0);

    if (fd > 0)
        (void)syscall(SYS_close, fd - 1);
    if (atomic_load(&slot->thread) == self_thread())
        atomic_store(&slot->state, MK_SLOT_FREE);
}

static void make_exit_key(void)
{
    (void)pthread_key_create(&exit_key, release_slot);
}

static bool claim_slot(struct mk_clock_slot *slot, int process, int thread)
{
    int state = atomic_load(&slot->state);

    if (state != MK_SLOT_FREE && !mk_slot_is_gone(slot))
        return false;
    if (!atomic_compare_exchange_strong(&slot->state, &state, MK_SLOT_RUNNING))
        return false;
    atomic_store(&slot->thread, thread);
    atomic_store(&slot->process, process);
    atomic_store(&slot->deadline_ns, MK_NEVER);
    return true;
}

/* The slot of a thread but the one at except; -1: it has none. */
static int find_slot(int thread, int except)
{
    for (int i = 0; i < MK_CLOCK_SLOTS; i++)
        if (i != except && atomic_load(&mk_clock_page->slots[i].thread) == thread
            && atomic_load(&mk_clock_page->slots[i].state) != MK_SLOT_FREE)
            return i;
    return -1;
}

static int claim_any(int process, int thread)
{
    for (int i = 0; i < MK_CLOCK_SLOTS; i++)
        if (claim_slot(&mk_clock_page->slots[i], process, thread))
            return i;
    return -1;
}

static int own_slot(void)
{
    if (own_slot_plus_1) {
        const struct mk_clock_slot *slot = &mk_clock_page->slots[own_slot_plus_1 - 1];
        if (atomic_load(&slot->thread) == self_thread() && atomic_load(&slot->state))
            return own_slot_plus_1 - 1;
    }
    (void)pthread_once(&exit_once, make_exit_key);
    int index = claim_any(self_process(), self_thread());
    if (index < 0)
        return -1;
    int parents = find_slot(self_thread(), index); /* mk_clock_register_child was quicker */
    if (parents >= 0)
        atomic_store(&mk_clock_page->slots[parents].state, MK_SLOT_FREE);
    atomic_store(&wake_fds[index], 0); /* a fork's copy belongs to the parent */
    own_slot_plus_1 = index + 1;
    (void)pthread_setspecific(exit_key, (void *)(intptr_t)(index + 1));
    return index;
}

/* Empties it; makes a new one where there is none or the program closed it. */
static int fresh_wake_fd(int slot)
{
    int fd = atomic_load(&wake_fds[slot]) - 1;
    uint64_t count;

    if (fd >= 0 && (syscall(SYS_read, fd, &count, sizeof count) > 0 || errno == EAGAIN))
        return fd;
    fd = (int)syscall(SYS_eventfd2, 0, EFD_NONBLOCK | EFD_CLOEXEC);
    atomic_store(&wake_fds[slot], fd + 1);
    return fd;
}

void mk_clock_register(void)
{
    (void)own_slot();
}

void mk_clock_register_child(int child)
{
    if (find_slot(child, -1) >= 0)
        return;
    int index = claim_any(child, child);
    if (index >= 0 && find_slot(child, index) >= 0) /* it was quicker */
        atomic_store(&mk_clock_page->slots[index].state, MK_SLOT_FREE);
}

int mk_clock_self_slot(void)
{
    int index = own_slot_plus_1 - 1;

    if (index < 0 || atomic_load(&mk_clock_page->slots[index].thread) != self_thread())
        return -1;
    return index;
}

void mk_clock_wake_all(void)
{
    static const uint64_t one = 1;
    int process = self_process();

    for (int i = 0; i < MK_CLOCK_SLOTS; i++) {
        const struct mk_clock_slot *slot = &mk_clock_page->slots[i];
        int fd = atomic_load(&wake_fds[i]) - 1;
        if (fd >= 0 && atomic_load(&slot->state) == MK_SLOT_WAITING
            && atomic_load(&slot->process) == process)
            (void)syscall(SYS_write, fd, &one, sizeof one);
    }
}

int64_t mk_clock_next_deadline_ns(void)
{
    int64_t slots = mk_slots_next_deadline_ns(mk_clock_page);
    int64_t timers = mk_timers_next_ns();
    return slots < timers ? slots : timers;
}

struct wait {
    mk_clock_look ask;
    void *what;
    int64_t deadline_ns;
    int slot;
    int again_ms;           /* real: until it looks again by itself */
    uint32_t moves;         /* when it last looked */
    int64_t still_since_ns; /* real: the clock has stood since then */
    unsigned rung;          /* timers' signals before it */
};

static int look(struct wait *wait, int wake_fd, int real_ms)
{
    unsigned walks = mk_stacks_walks();
    int got = wait->ask(wait->what, wake_fd, real_ms);

    return got < 0 && errno == EINTR && walks != mk_stacks_walks() ? 0 : got;
}

static int fail_stuck(bool *done)
{
    *done = true;
    errno = EDEADLK;
    return -1;
}

/* A timer has just sent a signal: did a handler run in this thread's time? */
static bool signal_interrupts(int signal_number)
{
    struct sigaction action;
    sigset_t blocked;

    (void)sigaction(signal_number, NULL, &action);
    (void)pthread_sigmask(SIG_SETMASK, NULL, &blocked);
    return action.sa_handler != SIG_IGN && action.sa_handler != SIG_DFL
           && !sigismember(&blocked, signal_number);
}

static bool is_hanging(struct wait *wait)
{
    uint32_t moves = atomic_load(&mk_clock_page->moves);
    int64_t now_ns = mk_clock_real_ns();

    if (moves != wait->moves || !wait->still_since_ns) {
        wait->moves = moves;
        wait->still_since_ns = now_ns;
        return false;
    }
    int hang_ms = mk_clock_hang_ms();
    return hang_ms > 0 && now_ns - wait->still_since_ns > (int64_t)hang_ms * MK_NS_PER_MS;
}

/* Others still run: wait until one of them, the kernel or the clock does something. */
static int stand_by(struct wait *wait, bool *done)
{
    struct mk_clock_slot *slot = &mk_clock_page->slots[wait->slot];
    uint32_t moves = atomic_load(&mk_clock_page->moves);
    int wake_fd = fresh_wake_fd(wait->slot);
    int got = 0;

    if (mk_clock_mono_ns() >= wait->deadline_ns)
        return 0;
    int64_t timer_ns = mk_timers_next_ns(); /* ours, which whoever moves the clock must stop at */
    atomic_store(&slot->deadline_ns, timer_ns < wait->deadline_ns ? timer_ns : wait->deadline_ns);
    atomic_store(&slot->seen, moves);
    atomic_store(&slot->state, MK_SLOT_WAITING);
    if (moves == atomic_load(&mk_clock_page->moves))
        got = look(wait, wake_fd, wait->again_ms);
    atomic_store(&slot->state, MK_SLOT_RUNNING);
    atomic_store(&slot->deadline_ns, MK_NEVER);
    *done = got != 0;
    if (wait->again_ms < LOOK_AGAIN_MS)
        wait->again_ms *= 2;
    if (*done || !is_hanging(wait))
        return got;
    if (mk_clock_is_hung(wait->slot))
        return fail_stuck(done);
    wait->still_since_ns = 0;
    return got;
}

/* All are at rest, and what they did before that is there to be seen. 0: look again. */
static int jump(int64_t next, bool *done)
{
    unsigned rung = mk_timers_rung();

    mk_clock_move_to(next);
    if (mk_timers_rung() == rung || !signal_interrupts(mk_timers_rung_signal()))
        return 0;
    *done = true;
    errno = EINTR;
    return -1;
}

/*
 * A timer's signal that came between two looks interrupted none of them, but this wait: signals of
 * a process go to its first thread, if that takes them.
 */
static bool is_interrupted(const struct wait *wait)
{
    if (mk_timers_rung() == wait->rung || self_thread() != self_process()
        || !signal_interrupts(mk_timers_rung_signal()))
        return false;
    errno = EINTR;
    return true;
}

static int64_t next_of(const struct wait *wait)
{
    int64_t next_ns = mk_clock_next_deadline_ns();
    return wait->deadline_ns < next_ns ? wait->deadline_ns : next_ns;
}

/* Data from elsewhere has its time, and what the others did before they came to rest is seen. */
static int look_before_jump(struct wait *wait, bool *rests)
{
    int grace_ms = mk_clock_grace_ms(), got = 0;

    *rests = mk_clock_may_jump(wait->slot);
    if (*rests && grace_ms > 0) {
        got = look(wait, -1, grace_ms);
        *rests = got == 0 && mk_clock_may_jump(wait->slot);
    }
    return *rests ? look(wait, -1, 0) : got;
}

/* Nothing was ready: wait, or let the time pass. */
static int wait_once(struct wait *wait, bool *done)
{
    bool rests;
    int got = look_before_jump(wait, &rests);

    *done = got != 0;
    if (*done)
        return got;
    int64_t next_ns = next_of(wait); /* only now: who came to rest last has set its own */
    if (!rests || next_ns > mk_clock_limit_ns())
        return stand_by(wait, done);
    if (next_ns < MK_NEVER)
        return jump(next_ns, done);
    return mk_clock_is_stuck() ? fail_stuck(done) : stand_by(wait, done);
}

int mk_clock_wait(mk_clock_look ask, void *what, int64_t deadline_ns)
{
    struct wait wait = {.ask = ask,
                        .what = what,
                        .deadline_ns = deadline_ns,
                        .slot = -1,
                        .again_ms = 1,
                        .rung = mk_timers_rung()};
    bool done = false;
    int got = look(&wait, -1, 0);

    while (got == 0 && !done && mk_clock_mono_ns() < deadline_ns) {
        if (wait.slot < 0) {
            wait.slot = own_slot();
            mk_clock_joined();
        }
        if (wait.slot < 0) /* more threads than slots: wait a real while */
            return look(&wait, -1, LOOK_AGAIN_MS);
        got = wait_once(&wait, &done);
        if (got == 0 && !done)
            got = look(&wait, -1, 0);
        if (got == 0 && !done && is_interrupted(&wait))
            return -1;
    }
    return got;
}

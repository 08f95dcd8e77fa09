/*
 * Whether all threads that live by a page are at rest, so that the clock may move.
 *
 * A thread's slot says what it wants, the kernel what it does. Both must agree: it waits by the
 * clock, having seen the time, or sleeps for something else (a lock, a pipe, a child); and no
 * thread of its process runs or is about to, one without a slot included.
 *
 * Threads are looked at one after the other. That they all slept at one moment, between the first
 * pass and the second, is known because none has run and gone to sleep again from before the one to
 * after the other.
 *
 * SPDX-License-Identifier: MIT
 */
#include <sys/syscall.h>

#include "mocks/clock/clock_priv.h"

enum { MOMENT_MS = 3 };

struct processes {
    int count;
    int pids[MK_CLOCK_SLOTS + 1];
};

static void add_process(struct processes *processes, int pid)
{
    for (int i = 0; i < processes->count; i++)
        if (processes->pids[i] == pid)
            return;
    processes->pids[processes->count++] = pid;
}

static void find_processes(struct processes *out, const struct mk_clock_page *page)
{
    out->count = 0;
    add_process(out, (int)syscall(SYS_getpid));
    for (int i = 0; i < MK_CLOCK_SLOTS; i++)
        if (atomic_load(&page->slots[i].state) != MK_SLOT_FREE)
            add_process(out, atomic_load(&page->slots[i].process));
}

static uint64_t activity_of(const struct processes *processes)
{
    uint64_t sum = 0;

    for (int i = 0; i < processes->count; i++)
        sum += mk_process_activity(processes->pids[i]);
    return sum;
}

static bool note_sleeper(int process, int thread, void *rest)
{
    struct mk_rest *noted = rest;

    if (mk_task_sleeps(process, thread))
        return true;
    noted->busy_process = process;
    noted->busy_thread = thread;
    return false;
}

static bool all_sleep(const struct processes *processes, struct mk_rest *rest)
{
    for (int i = 0; i < processes->count; i++)
        if (!mk_tasks_each(processes->pids[i], note_sleeper, rest))
            return false;
    return true;
}

/*
 * Has a thread that does not wait by the clock slept for a moment? What it waits for (an answer
 * from elsewhere) may be quick.
 */
static bool has_slept(const struct mk_clock_slot *slot, int64_t *since_ns, uint64_t *switches)
{
    int process = atomic_load(&slot->process), thread = atomic_load(&slot->thread);
    uint64_t now = mk_task_switches(process, thread);

    if (!*since_ns || now != *switches || !mk_task_sleeps(process, thread)) {
        *since_ns = mk_clock_real_ns();
        *switches = now;
        return false;
    }
    return mk_clock_real_ns() - *since_ns >= (int64_t)MOMENT_MS * MK_NS_PER_MS;
}

static bool sleeps_elsewhere(const struct mk_clock_slot *slot, struct mk_rest *rest, int index)
{
    if (atomic_load(&slot->state) == MK_SLOT_RUNNING)
        return rest->at_once || has_slept(slot, &rest->since_ns[index], &rest->switches[index]);
    rest->since_ns[index] = 0;
    return false;
}

/* Nobody's last word is older than the last move. */
static bool all_have_seen(const struct mk_clock_page *page, struct mk_rest *rest, int self,
                          uint32_t moves)
{
    bool all = true;

    for (int i = 0; i < MK_CLOCK_SLOTS; i++) {
        const struct mk_clock_slot *slot = &page->slots[i];
        int state = atomic_load(&slot->state);
        bool waits = state == MK_SLOT_WAITING && atomic_load(&slot->seen) == moves;
        if (i == self || state == MK_SLOT_FREE || waits || mk_slot_is_gone(slot)
            || sleeps_elsewhere(slot, rest, i))
            continue;
        rest->busy_process = atomic_load(&slot->process);
        rest->busy_thread = atomic_load(&slot->thread);
        all = false;
    }
    return all;
}

bool mk_rest_all(const struct mk_clock_page *page, struct mk_rest *rest, int self)
{
    uint32_t moves = atomic_load(&page->moves);
    struct processes processes;

    find_processes(&processes, page);
    uint64_t before = activity_of(&processes);
    return all_have_seen(page, rest, self, moves) && all_sleep(&processes, rest)
           && activity_of(&processes) == before && moves == atomic_load(&page->moves);
}

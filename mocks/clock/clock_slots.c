/*
 * What the slots of a page say about the threads that wait by its clock.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <linux/futex.h>
#include <sys/syscall.h>

#include "mocks/clock/clock_priv.h"

bool mk_slot_is_gone(const struct mk_clock_slot *slot)
{
    return syscall(SYS_tgkill, atomic_load(&slot->process), atomic_load(&slot->thread), 0) != 0
           && errno == ESRCH;
}

bool mk_slots_others_wait(const struct mk_clock_page *page, int self)
{
    uint32_t moves = atomic_load(&page->moves);

    for (int i = 0; i < MK_CLOCK_SLOTS; i++) {
        const struct mk_clock_slot *slot = &page->slots[i];
        int state = atomic_load(&slot->state);
        if (i == self || state == MK_SLOT_FREE)
            continue;
        if ((state != MK_SLOT_WAITING || atomic_load(&slot->seen) != moves)
            && !mk_slot_is_gone(slot))
            return false;
    }
    return true;
}

int64_t mk_slots_next_deadline_ns(const struct mk_clock_page *page)
{
    int64_t next = MK_NEVER;

    for (int i = 0; i < MK_CLOCK_SLOTS; i++) {
        const struct mk_clock_slot *slot = &page->slots[i];
        int64_t deadline_ns = atomic_load(&slot->deadline_ns);
        if (atomic_load(&slot->state) == MK_SLOT_WAITING && deadline_ns < next
            && !mk_slot_is_gone(slot))
            next = deadline_ns;
    }
    return next;
}

int mk_slots_waiting(const struct mk_clock_page *page)
{
    int count = 0;

    for (int i = 0; i < MK_CLOCK_SLOTS; i++)
        count += atomic_load(&page->slots[i].state) == MK_SLOT_WAITING
                 && !mk_slot_is_gone(&page->slots[i]);
    return count;
}

void mk_page_move_to(struct mk_clock_page *page, int64_t mono_ns)
{
    int64_t now_ns = atomic_load(&page->mono_ns);

    /* Two may move it at once: the later time stays. */
    while (mono_ns > now_ns && !atomic_compare_exchange_weak(&page->mono_ns, &now_ns, mono_ns))
        ;
    atomic_fetch_add(&page->moves, 1U);
}

void mk_page_wake(struct mk_clock_page *page)
{
    (void)syscall(SYS_futex, &page->moves, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
}

bool mk_page_is_shared(const struct mk_clock_page *page)
{
    int process = (int)syscall(SYS_getpid);

    for (int i = 0; i < MK_CLOCK_SLOTS; i++)
        if (atomic_load(&page->slots[i].state) != MK_SLOT_FREE
            && atomic_load(&page->slots[i].process) != process)
            return true;
    return false;
}

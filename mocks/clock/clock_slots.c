/*
 * What the slots of a page say about the threads that wait by its clock.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
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

/*
 * Threads that wait for something else than the clock: a lock, a pipe, a child.
 *
 * The kernel says whether a thread sleeps and how often it has been switched. One that sleeps and
 * has not been switched for a moment will not act before something happens to it.
 *
 * SPDX-License-Identifier: MIT
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "mocks/clock/clock_priv.h"

enum { MOMENT_MS = 3, STATUS_BYTES = 4096 };

/* proc(5): /proc/PID/task/TID/status. False: there is no such thread any more. */
static bool read_status(const struct mk_clock_slot *slot, char *text)
{
    char path[64];

    (void)snprintf(path, sizeof path, "/proc/%d/task/%d/status", atomic_load(&slot->process),
                   atomic_load(&slot->thread));
    int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    long got = syscall(SYS_read, fd, text, STATUS_BYTES - 1);
    (void)syscall(SYS_close, fd);
    text[got > 0 ? got : 0] = '\0';
    return got > 0;
}

static uint64_t number_after(const char *text, const char *word)
{
    const char *at = strstr(text, word);
    return at ? strtoull(at + strlen(word), NULL, 10) : 0;
}

static bool rests_in_kernel(const struct mk_clock_slot *slot, int64_t *since_ns, uint64_t *switches)
{
    char text[STATUS_BYTES];

    if (!read_status(slot, text))
        return true;
    const char *state = strstr(text, "State:\t");
    if (!state)
        return false;
    if (strchr("ZX", state[7])) /* ended, and nobody has asked how */
        return true;
    uint64_t now = number_after(text, "\nvoluntary_ctxt_switches:")
                   + number_after(text, "nonvoluntary_ctxt_switches:");
    bool sleeps = strchr("STt", state[7]) != NULL;
    if (!sleeps || !*since_ns || now != *switches) {
        *since_ns = sleeps ? mk_clock_real_ns() : 0;
        *switches = now;
        return false;
    }
    return mk_clock_real_ns() - *since_ns >= (int64_t)MOMENT_MS * MK_NS_PER_MS;
}

bool mk_rest_all(const struct mk_clock_page *page, struct mk_rest *rest, int self, int *busy_slot)
{
    uint32_t moves = atomic_load(&page->moves);
    bool all = true;

    for (int i = 0; i < MK_CLOCK_SLOTS; i++) {
        const struct mk_clock_slot *slot = &page->slots[i];
        int state = atomic_load(&slot->state);
        if (i == self || state == MK_SLOT_FREE)
            continue;
        if (state == MK_SLOT_WAITING && atomic_load(&slot->seen) == moves) {
            rest->since_ns[i] = 0;
            continue;
        }
        if (mk_slot_is_gone(slot)
            || (state == MK_SLOT_RUNNING
                && rests_in_kernel(slot, &rest->since_ns[i], &rest->switches[i])))
            continue;
        *busy_slot = i;
        all = false;
    }
    return all && moves == atomic_load(&page->moves);
}

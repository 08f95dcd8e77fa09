/*
 * Threads that wait for something else than the clock: a lock, a pipe, a child.
 *
 * The kernel says whether a thread sleeps and how often it has been switched. One that sleeps and
 * has not been switched for a moment, while no thread of its process runs, will not act before
 * something happens to it.
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
static bool read_status(int process, int thread, char *text)
{
    char path[64];

    (void)snprintf(path, sizeof path, "/proc/%d/task/%d/status", process, thread);
    int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    long got = syscall(SYS_read, fd, text, STATUS_BYTES - 1);
    (void)syscall(SYS_close, fd);
    text[got > 0 ? got : 0] = '\0';
    return got > 0;
}

/* The letter of its state: 'S' sleeps; 0: not known. */
static char state_in(const char *status)
{
    const char *state = strstr(status, "State:\t");
    return (char)(state ? state[7] : '\0');
}

/* getdents64(2)'s entry. */
struct entry {
    uint64_t inode;
    int64_t next;
    unsigned short size;
    unsigned char type;
    char name[];
};

/* Does a thread of the process run, one without a slot perhaps? Not asked about our own thread. */
static bool has_running_thread(int process)
{
    _Alignas(struct entry) char entries[2048];
    char path[32], text[STATUS_BYTES];
    int self = (int)syscall(SYS_gettid);
    bool runs = false;
    long got;

    (void)snprintf(path, sizeof path, "/proc/%d/task", process);
    int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    while (fd >= 0 && !runs && (got = syscall(SYS_getdents64, fd, entries, sizeof entries)) > 0)
        for (long at = 0; at < got && !runs;) {
            const struct entry *entry = (const struct entry *)(const void *)(entries + at);
            int thread = (int)strtol(entry->name, NULL, 10);
            at += entry->size;
            if (thread > 0 && thread != self && read_status(process, thread, text))
                runs = strchr("RD", state_in(text)) && state_in(text);
        }
    if (fd >= 0)
        (void)syscall(SYS_close, fd);
    return runs;
}

static uint64_t number_after(const char *text, const char *word)
{
    const char *at = strstr(text, word);
    return at ? strtoull(at + strlen(word), NULL, 10) : 0;
}

static bool rests_in_kernel(const struct mk_clock_slot *slot, int64_t *since_ns, uint64_t *switches)
{
    int process = atomic_load(&slot->process);
    char text[STATUS_BYTES];

    if (!read_status(process, atomic_load(&slot->thread), text))
        return true;
    char state = state_in(text);
    if (state == 'Z' || state == 'X') /* ended, and nobody has asked how */
        return true;
    uint64_t now = number_after(text, "\nvoluntary_ctxt_switches:")
                   + number_after(text, "nonvoluntary_ctxt_switches:");
    bool sleeps = state == 'S' || state == 'T' || state == 't';
    if (!sleeps || !*since_ns || now != *switches) {
        *since_ns = sleeps ? mk_clock_real_ns() : 0;
        *switches = now;
        return false;
    }
    if (mk_clock_real_ns() - *since_ns < (int64_t)MOMENT_MS * MK_NS_PER_MS)
        return false;
    if (!has_running_thread(process))
        return true;
    *since_ns = 0; /* that one may be who it waits for */
    return false;
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

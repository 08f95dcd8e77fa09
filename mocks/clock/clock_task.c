/*
 * What the kernel says of a thread: whether it sleeps, how long it has computed, in which call.
 *
 * A thread that has been woken counts as running from that moment on, long before it runs: so what
 * is on its way to a thread shows here, and not in what the thread says of itself.
 *
 * SPDX-License-Identifier: MIT
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "mocks/clock/clock_priv.h"

enum {
    STAT_BYTES = 1024,
    CHILDREN_BYTES = 4096,
    STATUS_BYTES = 4096,
    CALL_BYTES = 256,
    CALL_ARGS = 6,
    LINKS_ALONE = 3
};

static int self_thread(void)
{
    return (int)syscall(SYS_gettid);
}

bool mk_task_read(int process, int thread, const char *name, char *text, size_t size)
{
    char path[64];

    (void)snprintf(path, sizeof path, "/proc/%d/task/%d/%s", process, thread, name);
    int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    long got = syscall(SYS_read, fd, text, size - 1);
    (void)syscall(SYS_close, fd);
    text[got > 0 ? got : 0] = '\0';
    return got > 0;
}

/*
 * On its way to sleep a thread says that it sleeps, and may still find that it need not: wait4
 * reaps a child like that. "running" where the kernel tells the call it is in means: it has not got
 * there.
 */
static bool is_off_cpu(int process, int thread)
{
    char call[CALL_BYTES];
    return !mk_task_read(process, thread, "syscall", call, sizeof call) || call[0] != 'r';
}

/* proc(5): the state stands behind the name, which may hold anything. */
bool mk_task_sleeps(int process, int thread)
{
    char text[STAT_BYTES];

    if (!mk_task_read(process, thread, "stat", text, sizeof text))
        return true; /* there is no such thread any more */
    const char *end = strrchr(text, ')');
    return end && end[1] == ' ' && end[2] && strchr("STtZX", end[2]) && is_off_cpu(process, thread);
}

/* Where a call has its time limit: a pointer, or milliseconds with less than 0 for none. */
static const struct {
    long number;
    int pointer, ms; /* argument, -1: not this kind */
} limits[] = {
    {SYS_futex, 3, -1},       {SYS_ppoll, 2, -1},        {SYS_pselect6, 4, -1},
    {SYS_epoll_pwait, -1, 3}, {SYS_semtimedop, 3, -1},   {SYS_rt_sigtimedwait, 2, -1},
    {SYS_recvmmsg, 4, -1},    {SYS_mq_timedsend, 4, -1}, {SYS_mq_timedreceive, 4, -1},
#ifdef SYS_poll
    {SYS_poll, -1, 2},        {SYS_select, 4, -1},       {SYS_epoll_wait, -1, 3},
#endif
};

static bool is_endless(long number, const uint64_t *args)
{
    if (number < 0 || number == SYS_nanosleep || number == SYS_clock_nanosleep
        || number == SYS_restart_syscall)
        return false;
    for (unsigned i = 0; i < sizeof limits / sizeof *limits; i++)
        if (limits[i].number == number)
            return limits[i].pointer >= 0 ? args[limits[i].pointer] == 0
                                          : (int)args[limits[i].ms] < 0;
    return true;
}

/* The call it sleeps in, and whether no time ends that. */
static bool sleeps_endlessly(int process, int thread, long *number)
{
    uint64_t args[CALL_ARGS] = {0};
    char text[CALL_BYTES], *at = text;

    *number = -1;
    if (!mk_task_read(process, thread, "syscall", text, sizeof text))
        return mk_task_sleeps(process, thread);
    *number = strtol(text, &at, 10);
    if (at == text) /* "running" */
        return false;
    for (int i = 0; i < CALL_ARGS; i++)
        args[i] = strtoull(at, &at, 16);
    return is_endless(*number, args);
}

bool mk_task_is_endless(int process, int thread)
{
    long number;
    return sleeps_endlessly(process, thread, &number);
}

bool mk_task_waits_for_thread(int process, int thread)
{
    long number;
    return sleeps_endlessly(process, thread, &number) && number == SYS_futex;
}

/* proc(5): in the order they were made. */
int mk_task_last_child(void)
{
    char text[CHILDREN_BYTES];

    if (!mk_task_read((int)syscall(SYS_getpid), self_thread(), "children", text, sizeof text))
        return 0;
    size_t size = strlen(text);
    while (size > 0 && text[size - 1] == ' ')
        text[--size] = '\0';
    const char *last = strrchr(text, ' ');
    return (int)strtol(last ? last + 1 : text, NULL, 10);
}

/* getdents64(2)'s entry. */
struct entry {
    uint64_t inode;
    int64_t next;
    unsigned short size;
    unsigned char type;
    char name[];
};

bool mk_tasks_each(int process, mk_task_visit visit, void *what)
{
    _Alignas(struct entry) char entries[2048];
    char path[32];
    int self = self_thread();
    bool ok = true;
    long got;

    (void)snprintf(path, sizeof path, "/proc/%d/task", process);
    int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) /* another process has ended; of our own nothing is known */
        return process != (int)syscall(SYS_getpid);
    while (ok && (got = syscall(SYS_getdents64, fd, entries, sizeof entries)) > 0)
        for (long at = 0; at < got && ok;) {
            const struct entry *entry = (const struct entry *)(const void *)(entries + at);
            int thread = (int)strtol(entry->name, NULL, 10);
            at += entry->size;
            ok = thread <= 0 || thread == self || visit(process, thread, what);
        }
    (void)syscall(SYS_close, fd);
    return ok;
}

/* A directory for each thread, and two for itself (proc(5)). */
bool mk_task_is_alone(void)
{
    struct stat st;
    return syscall(SYS_newfstatat, AT_FDCWD, "/proc/self/task", &st, 0) == 0
           && st.st_nlink == LINKS_ALONE;
}

/* Of a thread of ours, to the moment (linux/posix-timers.h has the number of such a clock). */
static uint64_t cpu_ns(int thread)
{
    clockid_t clock = (clockid_t)(~(unsigned)thread << 3 | 6U);
    struct timespec used = {0};

    (void)syscall(SYS_clock_gettime, clock, &used);
    return (uint64_t)mk_ns_of(&used);
}

static uint64_t number_after(const char *text, const char *word)
{
    const char *at = strstr(text, word);
    return at ? strtoull(at + strlen(word), NULL, 10) : 0;
}

uint64_t mk_task_switches(int process, int thread)
{
    char text[STATUS_BYTES];

    if (!mk_task_read(process, thread, "status", text, sizeof text))
        return 0;
    return number_after(text, "\nvoluntary_ctxt_switches:")
           + number_after(text, "nonvoluntary_ctxt_switches:");
}

static bool add_cpu(int process, int thread, void *sum)
{
    (void)process;
    *(uint64_t *)sum += cpu_ns(thread);
    return true;
}

static bool add_switches(int process, int thread, void *sum)
{
    *(uint64_t *)sum += mk_task_switches(process, thread);
    return true;
}

uint64_t mk_process_activity(int process)
{
    bool is_own = process == (int)syscall(SYS_getpid);
    uint64_t sum = 0;

    (void)mk_tasks_each(process, is_own ? add_cpu : add_switches, &sum);
    return sum;
}

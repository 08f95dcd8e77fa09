/*
 * Stacks of all threads: a signal to each, which walks its own.
 *
 * SPDX-License-Identifier: MIT
 */
#include "mocks/clock/clock_stacks.h"

#include <dirent.h>
#include <execinfo.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "mocks/mock_priv.h"

enum { MAX_FRAMES = 32, WAIT_STEPS = 200 };

static void *frames[MAX_FRAMES];
static _Atomic int frame_count;
static _Atomic bool walked;
static _Atomic unsigned walks;

static void walk(int signal)
{
    (void)signal;
    atomic_store(&frame_count, backtrace(frames, MAX_FRAMES));
    atomic_fetch_add(&walks, 1U);
    atomic_store(&walked, true);
}

unsigned mk_stacks_walks(void)
{
    return atomic_load(&walks);
}

static void print_frames(pid_t thread)
{
    char name[128];

    (void)fprintf(stderr, "thread %d:\n", (int)thread);
    for (int i = 0; i < atomic_load(&frame_count); i++) {
        mk_symbol_name(name, sizeof name, frames[i]);
        (void)fprintf(stderr, "    #%d %s\n", i, name);
    }
}

static void print_other(pid_t thread, int signal)
{
    const struct timespec step = {.tv_nsec = 1000000};

    atomic_store(&walked, false);
    if (syscall(SYS_tgkill, getpid(), thread, signal) != 0)
        return;
    for (int i = 0; i < WAIT_STEPS && !atomic_load(&walked); i++)
        (void)syscall(SYS_nanosleep, &step, NULL);
    if (atomic_load(&walked))
        print_frames(thread);
    else
        (void)fprintf(stderr, "thread %d: does not answer\n", (int)thread);
}

void mk_stacks_print_others(void)
{
    struct sigaction ours = {.sa_handler = walk, .sa_flags = SA_RESTART}, theirs;
    int signal = SIGRTMAX - 3;
    pid_t self = (pid_t)syscall(SYS_gettid);
    DIR *threads = opendir("/proc/self/task");

    walk(0); /* its first call loads a library, which no handler may do */
    if (sigaction(signal, &ours, &theirs) == 0) {
        for (const struct dirent *entry; threads && (entry = readdir(threads));) {
            pid_t thread = (pid_t)strtol(entry->d_name, NULL, 10);
            if (thread > 0 && thread != self)
                print_other(thread, signal);
        }
        (void)sigaction(signal, &theirs, NULL);
    }
    if (threads)
        (void)closedir(threads);
}

void mk_stacks_print(void)
{
    walk(0);
    print_frames((pid_t)syscall(SYS_gettid));
    mk_stacks_print_others();
}

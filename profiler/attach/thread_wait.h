/*
 * What a thread waits for: its state, the system call it is in, the descriptor, peer or lock
 * behind.
 *
 * Read from /proc without stopping the thread. The system call needs the right to trace (proc(5));
 * without it state and the kernel's wait channel are told.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_ATTACH_THREAD_WAIT_H
#define PROFILER_ATTACH_THREAD_WAIT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "profiler/attach/proc_stat.h"

enum { PF_WAIT_TEXT = 256, PF_WAIT_ARGS = 6 };

struct pf_thread_wait {
    char comm[PF_COMM_BYTES];
    char state;   /* R S D T t Z, as ps shows it */
    long syscall; /* -1: none, or not to be seen */
    uint64_t args[PF_WAIT_ARGS];
    char channel[64];        /* the kernel function it sleeps in, "" if hidden */
    int fd;                  /* the descriptor waited on, -1: none */
    pid_t held_by;           /* the thread that holds the mutex waited for, 0: unknown */
    char text[PF_WAIT_TEXT]; /* "epoll_wait on fd 5 (12 descriptors), no timeout" */
};

/* False if the thread is gone. */
bool pf_thread_wait_read(struct pf_thread_wait *out, pid_t pid, pid_t tid);

/* "sleeping", "running", "in uninterruptible sleep", ... for a state letter. */
const char *pf_thread_state_name(char state);

struct pf_thread_syscall {
    long number;
    uint64_t args[PF_WAIT_ARGS];
    uint64_t pc;
};

/* "202 0x7f.. 0x80 ..." as /proc/PID/task/TID/syscall has it; false for "running" and for garbage.
 */
bool pf_thread_syscall_parse(struct pf_thread_syscall *out, const char *text);

#endif

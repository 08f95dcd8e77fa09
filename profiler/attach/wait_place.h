/*
 * Where a thread that does not run waits: the system call, and its user stack from there.
 *
 * Read from /proc/PID/task/TID/syscall and by process_vm_readv: the thread is neither stopped nor
 * signalled nor woken. Both need the right to trace (proc(5)); without it only the kernel's word
 * for the wait is known. What a call may change is not known of the registers: only pc and the
 * stack pointer.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_ATTACH_WAIT_PLACE_H
#define PROFILER_ATTACH_WAIT_PLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "profiler/trace/bytes.h"
#include "profiler/trace/regs.h"

struct pf_wait_place {
    bool is_running; /* it does run, or is about to: nothing else is known */
    bool is_disk;    /* in uninterruptible sleep: a page, a block, a file system */
    bool has_stack;  /* pc and stack_pointer are known */
    long syscall;    /* -1: none (a page fault), or unknown */
    uint64_t pc, stack_pointer;
    char channel[48]; /* the kernel function it sleeps in; only without has_stack */
};

/* False if the thread is gone. */
bool pf_wait_place_read(struct pf_wait_place *out, pid_t pid, pid_t tid);

/* The text of .../syscall; false for garbage. "running" sets is_running. */
bool pf_wait_place_parse(struct pf_wait_place *out, const char *text);

/* "futex", "epoll", "poll", "sleep", "net", "disk", "child", "signal", "io", "other". */
const char *pf_wait_place_state(const struct pf_wait_place *place);

/* "epoll_wait", "page fault", or the kernel function: for a frame of its own. */
const char *pf_wait_place_name(const struct pf_wait_place *place);

void pf_wait_place_regs(const struct pf_wait_place *place, struct pf_regs *out);

/* Up to size bytes of the process's memory from addr on; how many could be read. */
size_t pf_remote_read(pid_t pid, uint64_t addr, void *out, size_t size);

#endif

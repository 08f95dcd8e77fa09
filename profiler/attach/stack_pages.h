/*
 * Pages of stacks that are not there yet, made to be there.
 *
 * The kernel's copy of a stack, taken in an interrupt, ends at the first page that is not there:
 * the untouched middle of a large buffer is enough, and everything behind it is cut off. Reading a
 * page from outside makes it there, as zeros that take no memory.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_ATTACH_STACK_PAGES_H
#define PROFILER_ATTACH_STACK_PAGES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "profiler/trace/bytes.h"

struct pf_stack_range {
    uint64_t start, end;
};

/*
 * The stacks in the text of /proc/PID/maps: the main thread's, and what looks like a thread's
 * (private memory without a file, right behind a guard page that nobody may touch). At most max;
 * how many there are.
 */
uint32_t pf_stack_pages_find(struct pf_bytes maps, struct pf_stack_range *out, uint32_t max);

enum { PF_STACK_PAGES_MAX = 512 };

struct pf_stack_list {
    struct pf_stack_range at[PF_STACK_PAGES_MAX];
    uint32_t count;
};

/* The stacks a process has now; none without the right to know. */
void pf_stack_pages_list(struct pf_stack_list *out, pid_t pid);

/*
 * Make the outer part of every stack of the process be there: what threads in their servers' loops
 * use, whether they run or wait. Without the right to read its memory nothing happens.
 */
void pf_stack_pages_fault_in(const struct pf_stack_list *stacks, pid_t pid);

/*
 * What a thread that waits will use next: bytes below its stack pointer, but no further down than
 * its stack begins. Who reads below one that could still grow gets nothing, and from Linux 6.5 on a
 * complaint with a call trace in the system's log. False: the stack pointer is in none of them.
 */
bool pf_stack_pages_below(const struct pf_stack_list *stacks, uint64_t stack_pointer,
                          uint64_t bytes, struct pf_stack_range *out);

/* Make a range be there, its outermost 128 KiB at most. */
void pf_stack_pages_touch(pid_t pid, const struct pf_stack_range *range);

#endif

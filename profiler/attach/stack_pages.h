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

/*
 * Make the outer part of every stack of the process be there: what threads in their servers' loops
 * use, whether they run or wait. Without the right to read its memory nothing happens.
 */
void pf_stack_pages_fault_in(pid_t pid);

#endif

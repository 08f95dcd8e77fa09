/*
 * At its end a process stands still and is looked at by the collector, which needs no right to
 * trace it: it is given the registers of all threads and a descriptor of the memory.
 *
 * For processes that were told to (PF_WELCOME_WAIT). Ends that are seen: exit, return from main,
 * quick_exit, _exit; not a fatal signal. A test of the runner asks by itself, once its body is
 * done.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_AGENT_LEAVE_H
#define PROFILER_AGENT_LEAVE_H

#include <stdint.h>

struct pf_regs;

enum ag_left {
    AG_LEFT_ASKED,    /* looked at */
    AG_LEFT_NOT_OURS, /* nobody wants to: passive, not told to wait, or another process's copy */
    AG_LEFT_ALONE,    /* the collector could not be reached or did not answer */
};

/*
 * Ask and wait, once in the life of a process. regs were taken in a frame that lives on: what lies
 * below its stack pointer is dead. Context: signal. errno is preserved.
 */
enum ag_left ag_leave(const struct pf_regs *regs);

/* In the child of a fork: it leaves on its own account. */
void ag_leave_fork_child(void);

/* Steps of a test's process. */
enum ag_test_step {
    AG_TEST_LINE,  /* connect now: the network will be another later */
    AG_TEST_BEGIN, /* what is allocated so far is not the test's */
    AG_TEST_END,   /* ask */
};

/* For the runner's part in a test's process. 0, or an errno: the end could not be looked at.
 * Context: target. */
__attribute__((visibility("default"))) int assay_agent_test(int step);

#endif

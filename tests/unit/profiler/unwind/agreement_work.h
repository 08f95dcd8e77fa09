/*
 * Code whose stacks are hard to unwind, to be stepped through one instruction at a time.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_UNIT_PROFILER_UNWIND_AGREEMENT_WORK_H
#define TESTS_UNIT_PROFILER_UNWIND_AGREEMENT_WORK_H

#ifdef __cplusplus
extern "C" {
#endif

/* Called at places of interest inside; set before any of the below. */
extern void (*ts_work_probe)(void);

int ts_work_call_library(int seed);    /* lazily bound calls: PLT, the loader's resolver */
int ts_work_ask_clock(int seed);       /* the vDSO */
int ts_work_grow_stack(int seed);      /* alloca and variable arrays */
int ts_work_realign_stack(int seed);   /* an over-aligned local beside alloca */
int ts_work_recurse(int depth);        /* to depth */
int ts_work_sort(int seed);            /* a callback from libc */
int ts_work_end_in_noreturn(int seed); /* the return address is behind the function */
int ts_work_use_vectors(int seed);     /* libc's hand-written string functions */
int ts_work_throw(int depth);          /* a C++ exception through depth frames */

#ifdef __cplusplus
}
#endif

#endif

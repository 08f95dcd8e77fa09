/*
 * The stacks of all threads of this process, on stderr.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef MOCKS_CLOCK_CLOCK_STACKS_H
#define MOCKS_CLOCK_CLOCK_STACKS_H

/* For a test that has failed already: each thread is interrupted and walks its own stack. */
void mk_stacks_print(void);
/* Without the calling thread's. */
void mk_stacks_print_others(void);
/* Stacks walked so far: a wait that was interrupted by that goes on. */
unsigned mk_stacks_walks(void);

#endif

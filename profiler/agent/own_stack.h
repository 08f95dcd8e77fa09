/*
 * The part of the calling thread's stack that can be read without a fault.
 *
 * A thread's stack reaches from its stack pointer to its thread control block (glibc puts that on
 * top) or, for the first thread, to where the kernel put the arguments. Every page of it is probed
 * once by a read that cannot fault, so the bounds are a fact and not a guess; a stack pointer
 * outside of them (coroutines, alternate signal stacks) is served from a copy.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_AGENT_OWN_STACK_H
#define PROFILER_AGENT_OWN_STACK_H

#include <stdbool.h>
#include <stdint.h>

#include "profiler/unwind/step.h"

struct ag_thread;

/* Make [sp, top of the stack) readable through *out, by extending what is verified. False: sp is on
 * no stack of this thread; use ag_foreign_stack. Context: signal. */
bool ag_own_stack_extend(struct ag_thread *self, uint64_t sp, struct pf_memory *out);

/* A copy of what lies above sp, in a buffer to give back with ag_foreign_stack_done; -1 if there is
 * none free. Context: signal; one system call. */
int ag_foreign_stack(uint64_t sp, struct pf_memory *out);
void ag_foreign_stack_done(int buffer);

/* Memory to unwind the calling thread's stack from sp on, whichever stack that is; and the buffer
 * to give back with ag_foreign_stack_done, or -1. self has its slot. Context: signal. */
int ag_stack_memory_for(struct ag_thread *self, uint64_t sp, struct pf_memory *memory);

/* As a struct pf_memory reads words: of mapped code, for frames without call frame information,
 * whose return addresses are told by the call before them. Context: signal; one system call. */
bool ag_code_word(void *unused, uint64_t addr, uint64_t *word);

#endif

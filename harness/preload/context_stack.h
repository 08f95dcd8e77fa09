/*
 * Stack pointer and program counter of what a signal interrupted.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_PRELOAD_CONTEXT_STACK_H
#define HARNESS_PRELOAD_CONTEXT_STACK_H

#include <stdbool.h>
#include <stdint.h>

/* context is a handler's third argument. Context: signal. */
uintptr_t hn_context_stack(const void *context);
uintptr_t hn_context_pc(const void *context);

/*
 * Let the handler return into hn_crash_overflow(), as if the instruction that ran out of stack had
 * called it: room is made below the stack, so that who looks finds one stack with all its frames.
 * False, and nothing changed, where there is no room. Context: signal.
 */
bool hn_context_call_overflow(void *context);

/* crash_park.c: reports the overflow and dies of its signal. */
void hn_crash_overflow(void) __attribute__((noreturn));

#endif

/*
 * Stack pointer and program counter of what a signal interrupted.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_PRELOAD_CONTEXT_STACK_H
#define HARNESS_PRELOAD_CONTEXT_STACK_H

#include <stdint.h>

/* context is a handler's third argument. Context: signal. */
uintptr_t hn_context_stack(const void *context);
uintptr_t hn_context_pc(const void *context);

#endif

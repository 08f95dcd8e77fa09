/*
 * What can be told of a pc from the bytes of code around it; the search in the code map.
 *
 * Context: pure; reads memory only through the reader handed in. The patterns belong to the
 * architecture (code_x86_64.c).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_UNWIND_CODE_H
#define PROFILER_UNWIND_CODE_H

#include <stdbool.h>
#include <stdint.h>

#include "profiler/unwind/step.h"

/* The range that holds pc, or NULL. */
const struct pf_code *pf_code_find(const struct pf_code_map *map, uint64_t pc);

/* Is this where a signal handler returns to: "mov $15, %rax; syscall"? */
bool pf_code_is_sigreturn(uint64_t pc, const struct pf_memory *memory);

/* Is value the address behind a call instruction? Where code cannot be read: is it inside a
 * function that rows know? */
bool pf_code_is_return_addr(uint64_t value, const struct pf_code_map *map,
                            const struct pf_memory *memory);

#endif

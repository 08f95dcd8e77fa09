/*
 * Blocks allocated before the constructor ran, by the loader and the C library.
 *
 * They are served by glibc and noted in a fixed array; when recording starts they are entered
 * without a stack. Should another allocator serve from then on, they still go back to glibc.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_AGENT_EARLY_BLOCKS_H
#define PROFILER_AGENT_EARLY_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pf_region;

/* Context: signal; the process has one thread then. Beyond 1024 blocks they are not noted. */
void ag_early_note(void *block, size_t size);
void ag_early_forget(void *block);

/* Was block noted? Its size is handed out. Context: signal. */
bool ag_early_owns(const void *block, size_t *size);

/* Enter all of them. Context: target. */
void ag_early_enter(struct pf_region *region);

#endif

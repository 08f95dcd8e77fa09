/*
 * Everything the judgement needs of a process, copied while it is held: blocks, their contents,
 * roots. The process may go on before the judging begins.
 *
 * Roots are all writable memory but: the allocator's territory (leaks_allocators.h: blocks are
 * nodes, free chunks are garbage), stacks below the stack pointer, stacks of threads that ended
 * (glibc keeps them, full of stale pointers), and our own memory. Registers, what the kernel holds
 * (epoll, timers) and each thread's dynamic thread vector are roots, too.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_SESSION_LEAKS_IMAGE_H
#define PROFILER_SESSION_LEAKS_IMAGE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "profiler/base/err.h"
#include "profiler/session/leaks_blocks.h"
#include "profiler/session/leaks_memory.h"
#include "profiler/session/leaks_ranges.h"
#include "profiler/session/leaks_threads.h"

struct pf_leaks;

/* What may make the judgement wrong. */
struct pf_leaks_doubts {
    uint64_t unread_bytes;
    uint64_t
        strange_blocks; /* of an allocator whose own pointers cannot be told from the server's */
};

/* Zero is a valid empty image. */
struct pf_leaks_image {
    struct pf_leaks_blocks blocks;
    struct pf_leaks_copies heap, roots;
    struct pf_leaks_threads threads;
    struct pf_leak_range *code;
    size_t code_count, code_capacity;
    struct pf_leaks_doubts doubts;
};

/* A process that stands still. */
struct pf_leaks_held {
    pid_t pid;
    int memory_fd; /* of its memory; -1: we may trace it */
    const struct pf_region *region;
};

/*
 * Copy. The process's threads stand still; threads are all of them, and move into out. No pause of
 * a live server is wasted: nothing is looked up or judged here.
 */
ASSAY_CHECKED
bool pf_leaks_image_take(struct pf_leaks_image *out, const struct pf_leaks_held *held,
                         struct pf_leaks_threads *threads, struct pf_err *err);
void pf_leaks_image_fini(struct pf_leaks_image *image);

/* Note them, if there are any. */
void pf_leaks_doubts_say(const struct pf_leaks_doubts *doubts, struct pf_leaks *leaks);

/* Judge it; kinds are written into image->blocks. */
void pf_leaks_image_judge(struct pf_leaks_image *image);

#endif

/*
 * Where code is mapped in one process, kept current from /proc/PID/maps and mmap records.
 *
 * Only what can execute is kept: stacks are read from samples, data is nobody's business here. A
 * new mapping replaces what it overlaps, as in the kernel; unmapping is not reported by perf and
 * leaves a stale range until something else is mapped there.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_ATTACH_ADDRESS_SPACE_H
#define PROFILER_ATTACH_ADDRESS_SPACE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "profiler/base/err.h"
#include "profiler/drain/perf_record.h"
#include "profiler/unwind/step.h"

struct pf_mapped_objects;
struct pf_unwind_cache;

struct pf_space_map {
    uint64_t start, end, file_offset;
    uint32_t object; /* index into pf_mapped_objects */
};

/* Zero is a valid empty one. */
struct pf_space {
    pid_t pid;
    struct pf_space_map *maps; /* by start, not overlapping */
    uint32_t count, capacity;
    struct pf_code *codes; /* the same ranges with their rows, built on demand */
    bool is_built;
    void *walks; /* of its stacks: a cache, made when first asked for */
};

void pf_space_fini(struct pf_space *space);

/* Forget all of it: exec. */
void pf_space_reset(struct pf_space *space);

/* What /proc/PID/maps says now, instead of what was there. */
ASSAY_CHECKED
bool pf_space_read(struct pf_space *space, pid_t pid, struct pf_mapped_objects *objects,
                   struct pf_err *err);

/* One mmap record. */
void pf_space_mmap(struct pf_space *space, const struct pf_event_mmap *mmap,
                   struct pf_mapped_objects *objects);

/* to becomes a copy: fork. */
void pf_space_copy(struct pf_space *to, const struct pf_space *from, pid_t pid);

/* Everything mapped in over, as one mmap record each; what lies elsewhere stays. */
void pf_space_lay_over(struct pf_space *space, const struct pf_space *over);

/* For the unwinder; loads the rows of objects not seen before. Valid until the space changes. */
struct pf_code_map pf_space_code(struct pf_space *space, struct pf_mapped_objects *objects);

/* What walks of its stacks remember, for the code as pf_space_code gave it last. */
struct pf_unwind_cache *pf_space_walks(struct pf_space *space);

/* The mapping an address lies in, NULL: none. Valid until the space changes. */
const struct pf_space_map *pf_space_find(const struct pf_space *space, uint64_t pc);

#endif

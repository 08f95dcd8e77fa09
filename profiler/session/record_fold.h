/*
 * Stacks of addresses into a profile: each frame a location in its mapping, equal stacks one row.
 *
 * The same object mapped at different places by different processes is one mapping of the profile,
 * at the place it was first seen; so workers of one binary share their stacks.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_SESSION_RECORD_FOLD_H
#define PROFILER_SESSION_RECORD_FOLD_H

#include <stdbool.h>
#include <stdint.h>

#include "profiler/attach/address_space.h"
#include "profiler/attach/mapped_objects.h"
#include "profiler/profile/profile.h"
#include "profiler/unwind/step.h"

enum { PF_FOLD_DEPTH_MAX = 1024, PF_FOLD_KERNEL_MAX = 128, PF_FOLD_CACHE = 1 << 12 };

/* A mapping of the profile, and where its first byte lay when it was entered. */
struct pf_fold_mapping {
    uint32_t object, mapping;
    uint64_t file_offset, start, size;
};

struct pf_fold_cached {
    uint64_t address;
    const struct pf_space *space;
    uint32_t location;
    uint32_t epoch;
};

struct pf_fold {
    struct pf_profile *profile;              /* keeps */
    const struct pf_mapped_objects *objects; /* keeps */
    struct pf_fold_mapping *mappings;
    uint32_t mapping_count, mapping_capacity;
    uint32_t kernel_mapping;
    uint32_t epoch; /* raised when a space changes: cached locations are forgotten */
    uint32_t stack[PF_FOLD_DEPTH_MAX + PF_FOLD_KERNEL_MAX + 2];
    struct pf_fold_cached cache[PF_FOLD_CACHE];
};

void pf_fold_init(struct pf_fold *fold, struct pf_profile *profile,
                  const struct pf_mapped_objects *objects);
void pf_fold_fini(struct pf_fold *fold);

/* A space has changed. */
void pf_fold_forget(struct pf_fold *fold);

/*
 * One stack: a synthetic leaf (a location, PF_NONE: none), kernel addresses (leaf first, context
 * markers allowed), then the trail of the user side. Returns the profile's stack.
 */
struct pf_fold_frames {
    uint32_t leaf;
    const uint64_t *kernel;
    uint32_t kernel_count;
    const struct pf_trail *trail; /* NULL: none */
    const struct pf_space *space;
};
uint32_t pf_fold_stack(struct pf_fold *fold, const struct pf_fold_frames *frames);

/* The same stack with one more leaf; just that leaf where stack is PF_NONE. */
uint32_t pf_fold_on_top(struct pf_fold *fold, uint32_t leaf, uint32_t stack);

/* A location that is only a name, as "[waiting: epoll_wait]". */
uint32_t pf_fold_named(struct pf_fold *fold, const char *name);

#endif

/*
 * A profile's samples as paths of frames, root first, with one value each: what trees, tables and
 * folded lines are made from.
 *
 * Several samples may share a path (they differ in labels). Samples whose value is zero are left
 * out. With a grouping, each path begins with a frame that names its process or thread.
 *
 * Lifetime: borrows the profile; ends before it.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_PROFILE_PATHS_H
#define PROFILER_PROFILE_PATHS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "profiler/base/err.h"
#include "profiler/profile/frames.h"

struct pf_profile;

enum pf_paths_group { PF_GROUP_PROCESS = 1, PF_GROUP_THREAD = 2 };
enum { PF_GROUPS_MAX = 2 };

struct pf_path {
    size_t at; /* in ids */
    uint32_t count;
    int64_t value;
    int64_t base; /* of a pair: the profile compared with */
};

struct pf_paths {
    struct pf_frames frames;
    struct pf_path *at;
    uint32_t count;
    uint32_t *ids; /* frames, root first */
    int64_t total; /* of all values; saturates */
    int64_t base_total;
    uint32_t depth; /* of the deepest */
};

/* What a path's values are taken from. */
struct pf_paths_spec {
    uint32_t column; /* which of the profile's values */
    bool has_base;   /* base_column is another, to compare with */
    uint32_t base_column;
    unsigned groups; /* enum pf_paths_group, or'ed */
};

void pf_paths_init(struct pf_paths *paths, const struct pf_profile *profile,
                   const struct pf_paths_spec *spec);
void pf_paths_fini(struct pf_paths *paths);

/* The column named type ("cpu"), the default if NULL; PF_ERR_USAGE lists what there is. */
ASSAY_CHECKED
bool pf_paths_column(const struct pf_profile *profile, const char *type, uint32_t *column,
                     struct pf_err *err);

#endif

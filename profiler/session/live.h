/*
 * A recording watched while it runs: what each function cost since the last look, and in all.
 *
 * Fed with the profile so far, which only grows: what is new in it is copied and named once.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_SESSION_LIVE_H
#define PROFILER_SESSION_LIVE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "profiler/base/err.h"
#include "profiler/profile/frames.h"
#include "profiler/profile/profile.h"

/* Zero is a valid empty one. */
struct pf_live {
    pid_t pid;               /* for names; set by the owner before the first look */
    struct pf_profile names; /* the recording's mappings, locations and labels, named */
    bool is_started;
    uint32_t *mapping_of; /* the recording's index to that in names */
    uint32_t *location_of;
    uint32_t mapping_count, location_count, label_set_count;
    int64_t *seen; /* value of each sample at the last look */
    uint32_t seen_count;
};

/* One function. Strings live until the next look. */
struct pf_live_row {
    const char *function, *object, *file;
    uint32_t line;
    enum pf_frame_kind kind;
    int64_t self, total;         /* since the last look, in the recording's unit */
    int64_t all_self, all_total; /* since the beginning */
};

struct pf_live_view {
    struct pf_live_row *rows; /* those with any value; not sorted */
    uint32_t count;
    int64_t value, all_value; /* sums over samples: what percents are of */
    struct pf_frames frames;
};

/*
 * Look: fill out with what changed since the last look. so_far must be the same recording's each
 * time. PF_ERR_LIMIT if there are too many names.
 */
ASSAY_CHECKED
bool pf_live_look(struct pf_live *live, const struct pf_profile *so_far, struct pf_live_view *out,
                  struct pf_err *err);
void pf_live_view_fini(struct pf_live_view *view);
void pf_live_fini(struct pf_live *live);

#endif

/*
 * One profile's samples added to another's.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_PROFILE_MERGE_H
#define PROFILER_PROFILE_MERGE_H

#include <stdbool.h>

#include "profiler/base/err.h"

struct pf_profile;

/*
 * Add from to into; equal stacks with equal labels become one. Values are matched by type and unit;
 * what only one of the two has is dropped from both only if something remains (PF_ERR_USAGE
 * otherwise: the profiles measure different things). Summaries add up; other comments are kept
 * once. Durations add up, the earlier start stays.
 */
ASSAY_CHECKED
bool pf_profile_merge(struct pf_profile *into, const struct pf_profile *from, struct pf_err *err);

#endif

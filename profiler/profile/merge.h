/*
 * One profile's samples added to another's.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_PROFILE_MERGE_H
#define PROFILER_PROFILE_MERGE_H

#include <stdbool.h>
#include <stdint.h>

#include "profiler/base/err.h"

struct pf_profile;

/*
 * Add from to into; equal stacks with equal labels become one. Values are matched by type and unit;
 * what only one of the two has is dropped from both only if something remains (PF_ERR_USAGE
 * otherwise: the profiles measure different things), and modes that differ are refused. Summaries
 * add up, rows of one process or reason are one; other comments are kept once. Durations add up,
 * the earlier start stays.
 */
ASSAY_CHECKED
bool pf_profile_merge(struct pf_profile *into, const struct pf_profile *from, struct pf_err *err);

/*
 * The samples chosen (indices into from's) and the names they refer to, as a profile of their own,
 * with from's times and period and without its comments. out must be empty.
 */
void pf_profile_pick(struct pf_profile *out, const struct pf_profile *from, const uint32_t *samples,
                     uint32_t count);

/*
 * Both profiles in one, to be compared: two columns, "base" and "new", with the values of the type
 * named (NULL: new's default). Labels are dropped; objects go by their base name, so that two
 * builds of one program are the same program. out must be empty. PF_ERR_USAGE where one has no such
 * values.
 */
ASSAY_CHECKED
bool pf_profile_pair(struct pf_profile *out, const struct pf_profile *base,
                     const struct pf_profile *new, const char *type, struct pf_err *err);

#endif

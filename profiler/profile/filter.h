/*
 * Samples chosen by the names in their stacks.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_PROFILE_FILTER_H
#define PROFILER_PROFILE_FILTER_H

#include <stdbool.h>

#include "profiler/base/err.h"

struct pf_profile;

/*
 * Keep only samples with a function that matches focus and none that matches ignore (POSIX extended
 * regular expressions, anywhere in the name; NULL: no such rule). PF_ERR_USAGE says what is wrong
 * with an expression. The tables keep what no sample refers to any more.
 */
ASSAY_CHECKED
bool pf_profile_filter(struct pf_profile *profile, const char *focus, const char *ignore,
                       struct pf_err *err);

#endif

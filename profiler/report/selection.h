/*
 * The samples a report shows: the column its options name, grouped as they ask.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_REPORT_SELECTION_H
#define PROFILER_REPORT_SELECTION_H

#include <stdbool.h>

#include "profiler/base/err.h"

struct pf_paths;
struct pf_profile;
struct pf_report_options;

/* Fails only where options->value names no column. */
ASSAY_CHECKED
bool pf_report_paths(struct pf_paths *out, const struct pf_profile *profile,
                     const struct pf_report_options *options, struct pf_err *err);

#endif

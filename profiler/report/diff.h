/*
 * Two profiles compared, in every format a comparison is written in.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_REPORT_DIFF_H
#define PROFILER_REPORT_DIFF_H

#include <stdbool.h>

#include "profiler/base/err.h"
#include "profiler/profile/compare.h"
#include "profiler/profile/paths.h"
#include "profiler/profile/profile.h"

struct pf_report_format;
struct pf_report_options;

/* Everything a writer of a comparison looks at. Zero is a valid empty one. */
struct pf_diff {
    struct pf_profile pair;
    struct pf_paths paths;
    struct pf_comparison comparison;
    char type[64], unit[64]; /* what was measured */
    char base_name[256], new_name[256];
};

/* The values of type (NULL: new's default) of both; names are how messages call them. */
ASSAY_CHECKED
bool pf_diff_init(struct pf_diff *diff, const struct pf_profile *base, const struct pf_profile *new,
                  const char *type, struct pf_err *err);
void pf_diff_fini(struct pf_diff *diff);

/* Write to path as pf_report_save does; PF_ERR_USAGE if comparisons are not written in format. */
ASSAY_CHECKED
bool pf_diff_save(const struct pf_diff *diff, const struct pf_report_format *format,
                  const struct pf_report_options *options, const char *path, struct pf_err *err);

#endif

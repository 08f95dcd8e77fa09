/*
 * What a reader had to leave out of a file: kept as a comment of the profile, so that it survives
 * being written again, and shown with the warnings.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_REPORT_LEFT_OUT_H
#define PROFILER_REPORT_LEFT_OUT_H

#include "profiler/base/err.h"

struct pf_profile;

/* A sentence without its full stop: "the last line, which is cut short". */
void pf_left_out_note(struct pf_profile *profile, const char *fmt, ...) ASSAY_PRINTF(2, 3);

/* The first such comment as a whole ("left out: ..."), NULL if there is none. */
const char *pf_left_out_view(const struct pf_profile *profile);

#endif

/*
 * How far a profile can be trusted: the header of the text report.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_REPORT_QUALITY_H
#define PROFILER_REPORT_QUALITY_H

#include <stdbool.h>
#include <stdint.h>

#include "profiler/profile/summary.h"

struct pf_profile;
struct pf_text;

/* Below these a conclusion is unsafe, and the report says so. */
enum { PF_QUALITY_FEW_SAMPLES = 500, PF_QUALITY_ROOTED_PERCENT = 95, PF_QUALITY_LOST_PERCENT = 1 };

enum { PF_QUALITY_WARNINGS = 4, PF_QUALITY_WARNING_BYTES = 256 };

/* The warnings a summary deserves; returns how many. */
unsigned pf_quality_warnings(const struct pf_summary *summary,
                             char out[PF_QUALITY_WARNINGS][PF_QUALITY_WARNING_BYTES]);

/* Those of a profile, whoever made it. */
unsigned pf_quality_warnings_of(const struct pf_profile *profile,
                                char out[PF_QUALITY_WARNINGS][PF_QUALITY_WARNING_BYTES]);

/* Some engines do not tell whether a stack reached its root. */
bool pf_quality_knows_rooted(const struct pf_summary *summary);

/* 0 where nothing was sampled. */
double pf_quality_rooted_percent(const struct pf_summary *summary);

/* Processes with samples besides the one the summary names. */
uint32_t pf_quality_others(const struct pf_summary *summary);

/* Engine, duration, samples, lost, rooted, where unwinding stopped, cost, warnings. */
void pf_quality_put(const struct pf_text *text, const struct pf_profile *profile);

#endif

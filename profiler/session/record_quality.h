/*
 * How far a recording can be trusted: what was lost, cut off, and where unwinding stopped.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_SESSION_RECORD_QUALITY_H
#define PROFILER_SESSION_RECORD_QUALITY_H

#include <stdint.h>

#include "profiler/profile/summary.h"
#include "profiler/unwind/step.h"

struct pf_mapped_objects;

enum { PF_QUALITY_GUESSES_MAX = 16 };

struct pf_guessed_row {
    uint32_t object; /* UINT32_MAX: none */
    uint64_t samples;
};

struct pf_unrooted_row {
    uint32_t object; /* UINT32_MAX: none */
    enum pf_lost reason;
    uint64_t samples;
};

struct pf_record_quality {
    uint64_t samples, rooted, truncated, lost, throttled;
    uint64_t without_stack; /* kernel threads, or the process was gone */
    uint64_t guessed;       /* have frames that were found without call frame information */
    struct pf_guessed_row guesses[PF_QUALITY_GUESSES_MAX]; /* in which objects */
    uint32_t guess_count;
    struct pf_unrooted_row rows[PF_SUMMARY_ROWS_MAX];
    uint32_t row_count;
};

/* Count one sample and how its unwinding ended. */
void pf_quality_count(struct pf_record_quality *quality, const struct pf_trail *trail);

/* Into the summary, the largest reasons first. */
void pf_quality_summarise(const struct pf_record_quality *quality,
                          const struct pf_mapped_objects *objects, struct pf_summary *summary);

/* "no call frame information", ... */
const char *pf_quality_reason(enum pf_lost reason);

#endif

/*
 * Do the samples stand for the CPU time they are of? What is missing was hidden, or was over before
 * it could be sampled: the two look alike, and have different remedies.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_SESSION_RECORD_COVERAGE_H
#define PROFILER_SESSION_RECORD_COVERAGE_H

#include <stdint.h>

struct pf_record_job;

struct pf_coverage {
    uint64_t samples; /* lost ones included: they were taken */
    uint64_t period_ns;
    uint64_t cpu_ns;     /* of the target */
    double hidden_share; /* of it, where the kernel is not sampled; < 0 not known, all of what is
                            missing may be */
};

/*
 * Per cent of the CPU time that could be seen and is in samples; 100 where what is missing may be
 * chance: less than 15 %, or than three standard deviations of the number due.
 */
double pf_coverage_percent(const struct pf_coverage *coverage);

/* A sentence to the job's note where samples are missing. */
void pf_coverage_note(const struct pf_coverage *coverage, struct pf_record_job *job);

#endif

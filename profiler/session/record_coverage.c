/* SPDX-License-Identifier: MIT */
#include "profiler/session/record_coverage.h"

#include <math.h>

#include "profiler/session/record_engine.h"

static const double missing_least = 0.15, deviations = 3;

double pf_coverage_percent(const struct pf_coverage *coverage)
{
    double seen = (double)coverage->samples;
    double hidden = coverage->hidden_share > 0 ? coverage->hidden_share : 0;

    if (coverage->period_ns == 0 || coverage->hidden_share < 0)
        return 100;
    double due = (double)coverage->cpu_ns * (1 - hidden) / (double)coverage->period_ns;
    double missing = due - seen;
    if (missing <= missing_least * due || missing <= deviations * sqrt(due))
        return 100;
    return 100 * seen / due;
}

void pf_coverage_note(const struct pf_coverage *coverage, struct pf_record_job *job)
{
    double percent = pf_coverage_percent(coverage);

    if (percent < 100)
        pf_record_job_note(job,
                           "samples cover %.0f %% of the CPU time that could be seen: what lives "
                           "less than %.1f ms is hardly sampled (raise -F)",
                           percent, (double)coverage->period_ns / 1e6);
}

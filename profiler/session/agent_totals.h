/*
 * What a recording by agents adds up to: losses, processes, the target's CPU time.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_SESSION_AGENT_TOTALS_H
#define PROFILER_SESSION_AGENT_TOTALS_H

#include "profiler/session/agent_samples.h"

/* Samples dropped so far, as of the last drain. */
struct pf_agent_losses pf_agent_samples_losses(const struct pf_agent_samples *samples);

/* After the last drain: counts, losses, processes, the target's CPU time. An exec makes no new row.
 */
void pf_agent_samples_summarise(struct pf_agent_samples *samples, struct pf_summary *summary);

#endif

/*
 * What a recording by the agent engine says of itself: what it lost, missed, could not see, and
 * why.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_SESSION_AGENT_NOTES_H
#define PROFILER_SESSION_AGENT_NOTES_H

struct pf_agent_samples;
struct pf_agent_watch;
struct pf_record_job;

/* After the summary is made. */
void pf_agent_notes(struct pf_record_job *job, const struct pf_agent_samples *samples,
                    const struct pf_agent_watch *watch);

#endif

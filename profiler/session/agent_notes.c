/* SPDX-License-Identifier: MIT */
#include "profiler/session/agent_notes.h"

#include "profiler/session/agent_samples.h"
#include "profiler/session/agent_totals.h"
#include "profiler/session/agent_watch.h"
#include "profiler/session/record_engine.h"

#include <string.h>

enum { ENOUGH_SAMPLES = 200 };

static const double covered_least = 0.85;

static void note_losses(const struct pf_agent_samples *samples, struct pf_record_job *job)
{
    struct pf_agent_losses losses = pf_agent_samples_losses(samples);

    if (losses.late)
        pf_record_job_note(job, "%llu lost as the collector came late (once after %.1f s)",
                           (unsigned long long)losses.late, (double)samples->pause_ns / 1e9);
    if (losses.room)
        pf_record_job_note(job, "%llu lost as there were more threads at one time than slots",
                           (unsigned long long)losses.room);
    if (samples->untimed)
        pf_record_job_note(job, "up to %u threads had no timer (ulimit -i of the server)",
                           samples->untimed);
    if (samples->stacks > 0 && samples->stacks * 3 < samples->quality.samples * 2)
        pf_record_job_note(job, "%llu stacks stand for the samples: the kernel's tick is coarser",
                           (unsigned long long)samples->stacks);
}

/* "process 1: the agent was not put in: BECAUSE": the reason alone, there is little room. */
static const char *without_prefix(const char *text)
{
    static const char prefix[] = "the agent was not put in: ";
    const char *found = strstr(text, prefix);

    return found ? found + sizeof prefix - 1 : text;
}

static void note_missed(const struct pf_agent_watch *watch, const struct pf_err *why,
                        struct pf_record_job *job)
{
    if (watch->execs)
        pf_record_job_note(job, "%u times an exec took the agent away", watch->execs);
    if (watch->missed)
        pf_record_job_note(job, "%u processes ended before the agent was in", watch->missed);
    if (watch->refused)
        pf_record_job_note(job, "%u processes refused: %s", watch->refused,
                           without_prefix(why->text));
}

/* CPU time without samples: when much of it is missing, it is for one of these reasons. */
static void note_unseen(struct pf_record_job *job, uint64_t period_ns)
{
    const struct pf_summary *summary = job->summary;
    double due = (double)summary->target_cpu_ns / (double)period_ns;
    double seen = (double)(summary->samples + summary->lost);

    if (due >= ENOUGH_SAMPLES && seen < due * covered_least)
        pf_record_job_note(job,
                           "samples cover %.0f %% of the CPU time: unseen are threads that block "
                           "signals or live a few ms, and processes without the agent",
                           100 * seen / due);
}

/* The longest comes last: the note's room is limited. */
void pf_agent_notes(struct pf_record_job *job, const struct pf_agent_samples *samples,
                    const struct pf_agent_watch *watch, const struct pf_err *last_refusal)
{
    note_losses(samples, job);
    note_unseen(job, samples->period_ns);
    note_missed(watch, last_refusal, job);
}

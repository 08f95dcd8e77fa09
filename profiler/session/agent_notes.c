/* SPDX-License-Identifier: MIT */
#include "profiler/session/agent_notes.h"

#include "profiler/session/agent_samples.h"
#include "profiler/session/agent_totals.h"
#include "profiler/session/agent_watch.h"
#include "profiler/session/record_coverage.h"
#include "profiler/session/record_engine.h"
#include "profiler/session/record_replaced.h"

#include <stdio.h>

static void note_losses(const struct pf_agent_samples *samples, struct pf_record_job *job)
{
    struct pf_agent_losses losses = pf_agent_samples_losses(samples);

    if (losses.late)
        pf_record_job_note(job, "%llu lost as the collector came late (once after %.1f s)",
                           (unsigned long long)losses.late, (double)samples->pause_ns / 1e9);
    if (losses.room)
        pf_record_job_note(job, "%llu lost as there were more threads at one time than slots",
                           (unsigned long long)losses.room);
    if (samples->stackless)
        pf_record_job_note(job, "%llu samples without a stack: the agent's memory for them is full",
                           (unsigned long long)samples->stackless);
    if (samples->untimed)
        pf_record_job_note(job, "up to %u threads had no timer (ulimit -i of the server)",
                           samples->untimed);
    if (samples->stacks > 0 && samples->stacks * 3 < samples->quality.samples * 2)
        pf_record_job_note(job, "%llu stacks stand for the samples: the kernel's tick is coarser",
                           (unsigned long long)samples->stacks);
}

static const char *processes(uint32_t count)
{
    return count == 1 ? "process" : "processes";
}

/* "(12, 13, 14, 15 ...)" */
static void note_reason(const struct pf_agent_reason *reason, struct pf_record_job *job)
{
    uint32_t shown = reason->count < PF_AGENT_REASON_PIDS ? reason->count : PF_AGENT_REASON_PIDS;
    char pids[PF_AGENT_REASON_PIDS * 12 + 8] = "";
    size_t used = 0;

    for (uint32_t i = 0; i < shown; i++)
        used += (size_t)snprintf(pids + used, sizeof pids - used, "%s%d", i ? ", " : "",
                                 (int)reason->pids[i]);
    if (shown < reason->count)
        (void)snprintf(pids + used, sizeof pids - used, " ...");
    if (reason->count)
        pf_record_job_note(job, "%u %s (%s) without the agent: %s", reason->count,
                           processes(reason->count), pids, reason->text);
}

static void note_missed(const struct pf_agent_watch *watch, struct pf_record_job *job)
{
    if (watch->execs)
        pf_record_job_note(job, "an exec took the agent away (%u)", watch->execs);
    if (watch->missed)
        pf_record_job_note(job, "%u %s had no time to get the agent", watch->missed,
                           processes(watch->missed));
    for (uint32_t i = 0; i < watch->reason_count; i++)
        note_reason(&watch->reasons[i], job);
}

/* CPU time without samples: when much of it is missing, it is for one of these reasons. */
static void note_unseen(struct pf_record_job *job, uint64_t period_ns)
{
    const struct pf_summary *summary = job->summary;
    struct pf_coverage coverage = {.samples = summary->samples + summary->lost,
                                   .period_ns = period_ns,
                                   .cpu_ns = summary->target_cpu_ns};
    double percent = pf_coverage_percent(&coverage);

    if (percent < 100)
        pf_record_job_note(job,
                           "samples cover %.0f %% of the CPU time: unseen are threads that block "
                           "signals or live a few ms, and processes without the agent",
                           percent);
}

/* The longest comes last: the note's room is limited. */
void pf_agent_notes(struct pf_record_job *job, const struct pf_agent_samples *samples,
                    const struct pf_agent_watch *watch)
{
    note_losses(samples, job);
    note_unseen(job, samples->period_ns);
    note_missed(watch, job);
    pf_record_note_replaced(job, &samples->objects);
}

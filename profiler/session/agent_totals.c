/* SPDX-License-Identifier: MIT */
#include "profiler/session/agent_totals.h"

#include <stdlib.h>
#include <string.h>

struct pf_agent_losses pf_agent_samples_losses(const struct pf_agent_samples *samples)
{
    struct pf_agent_losses losses = {0};

    for (uint32_t i = 0; i < samples->process_count; i++) {
        const struct pf_sampled_process *process = &samples->processes[i];
        losses.late += process->lost.late - process->before.late;
        losses.room += process->lost.room - process->before.room;
    }
    return losses;
}

static int busiest_first(const void *left, const void *right)
{
    uint64_t a = ((const struct pf_summary_process *)left)->samples;
    uint64_t b = ((const struct pf_summary_process *)right)->samples;

    return a < b ? 1 : a > b ? -1 : 0;
}

/* Of an image: the process may have exec'ed others. */
static void add_row(struct pf_summary *summary, const struct pf_sampled_process *process)
{
    for (uint32_t i = 0; i < summary->process_count; i++) {
        struct pf_summary_process *row = &summary->processes[i];
        if (row->pid == process->pid && strcmp(row->command, process->comm) == 0) {
            row->samples += process->samples;
            return;
        }
    }
    if (summary->process_count == PF_SUMMARY_ROWS_MAX)
        return;
    struct pf_summary_process *row = &summary->processes[summary->process_count++];
    *row = (struct pf_summary_process){.pid = process->pid, .samples = process->samples};
    memcpy(row->command, process->comm, sizeof row->command);
}

/* Of all its images. One that ended was last looked at a moment before: what it was sampled for it
 * used at least. */
static uint64_t cpu_used_ns(const struct pf_sampled_process *process, uint64_t period_ns)
{
    uint64_t read_ns = process->cpu_last_ns > process->cpu_first_ns
                           ? process->cpu_last_ns - process->cpu_first_ns
                           : 0;
    uint64_t sampled_ns = (process->earlier_samples + process->samples) * period_ns;

    return process->is_done && sampled_ns > read_ns ? sampled_ns : read_ns;
}

/* Images come in the order of their execs. */
static uint64_t target_cpu_ns(struct pf_agent_samples *samples)
{
    uint64_t sum_ns = 0;

    for (uint32_t i = 0; i < samples->process_count; i++) {
        struct pf_sampled_process *process = &samples->processes[i];
        if (process->next_image)
            samples->processes[process->next_image].earlier_samples =
                process->earlier_samples + process->samples;
        else
            sum_ns += cpu_used_ns(process, samples->period_ns);
    }
    return sum_ns;
}

void pf_agent_samples_summarise(struct pf_agent_samples *samples, struct pf_summary *summary)
{
    struct pf_agent_losses losses = pf_agent_samples_losses(samples);

    samples->quality.lost = losses.late + losses.room;
    for (uint32_t i = 0; i < samples->process_count; i++)
        if (samples->processes[i].samples > 0)
            add_row(summary, &samples->processes[i]);
    summary->target_cpu_ns += target_cpu_ns(samples);
    qsort(summary->processes, summary->process_count, sizeof *summary->processes, busiest_first);
    pf_quality_summarise(&samples->quality, &samples->objects, summary);
    summary->independent = samples->stacks;
}

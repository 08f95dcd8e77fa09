/* SPDX-License-Identifier: MIT */
#include "profiler/profile/summary_add.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add_process(struct pf_summary *into, const struct pf_summary_process *from)
{
    for (uint32_t i = 0; i < into->process_count; i++) {
        struct pf_summary_process *row = &into->processes[i];
        if (row->pid == from->pid && strcmp(row->command, from->command) == 0) {
            row->samples += from->samples;
            return;
        }
    }
    if (into->process_count < PF_SUMMARY_ROWS_MAX)
        into->processes[into->process_count++] = *from;
}

static void add_unrooted(struct pf_summary *into, const struct pf_summary_unrooted *from)
{
    for (uint32_t i = 0; i < into->unrooted_count; i++) {
        struct pf_summary_unrooted *row = &into->unrooted[i];
        if (strcmp(row->object, from->object) == 0 && strcmp(row->reason, from->reason) == 0) {
            row->samples += from->samples;
            return;
        }
    }
    if (into->unrooted_count < PF_SUMMARY_ROWS_MAX)
        into->unrooted[into->unrooted_count++] = *from;
}

static int busier_process(const void *left, const void *right)
{
    const struct pf_summary_process *a = left, *b = right;

    return (a->samples < b->samples) - (a->samples > b->samples);
}

static int larger_reason(const void *left, const void *right)
{
    const struct pf_summary_unrooted *a = left, *b = right;

    return (a->samples < b->samples) - (a->samples > b->samples);
}

static void add_rows(struct pf_summary *into, const struct pf_summary *from)
{
    for (uint32_t i = 0; i < from->process_count; i++)
        add_process(into, &from->processes[i]);
    for (uint32_t i = 0; i < from->unrooted_count; i++)
        add_unrooted(into, &from->unrooted[i]);
    qsort(into->processes, into->process_count, sizeof *into->processes, busier_process);
    qsort(into->unrooted, into->unrooted_count, sizeof *into->unrooted, larger_reason);
}

void pf_summary_add(struct pf_summary *into, const struct pf_summary *from)
{
    into->independent = pf_summary_independent(into) + pf_summary_independent(from);
    into->samples += from->samples;
    into->lost += from->lost;
    into->throttled += from->throttled;
    into->truncated += from->truncated;
    into->rooted += from->rooted;
    into->guessed += from->guessed;
    if (!into->guessed_in[0])
        memcpy(into->guessed_in, from->guessed_in, sizeof into->guessed_in);
    into->target_cpu_ns += from->target_cpu_ns;
    into->profiler_cpu_ns += from->profiler_cpu_ns;
    if (from->cost_percent > into->cost_percent)
        into->cost_percent = from->cost_percent;
    if (from->frequency_hz != into->frequency_hz)
        into->frequency_hz = 0;
    if (strcmp(from->engine, into->engine) != 0)
        (void)snprintf(into->engine, sizeof into->engine, "several");
    add_rows(into, from);
}

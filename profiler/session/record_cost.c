/* SPDX-License-Identifier: MIT */
#include "profiler/session/record_cost.h"

double pf_cost_percent(const struct pf_record_cost *cost)
{
    if (cost->target_cpu_ns == 0 || cost->interrupt_ns == 0 || cost->duration_ns == 0
        || cost->cpus == 0)
        return -1;
    double interrupted = (double)cost->interrupts * (double)cost->interrupt_ns;
    double machine_ns = (double)cost->duration_ns * (double)cost->cpus;

    return 100
           * (interrupted / (double)cost->target_cpu_ns + (double)cost->own_cpu_ns / machine_ns);
}

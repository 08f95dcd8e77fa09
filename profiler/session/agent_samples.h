/*
 * What agents sampled, from their regions into a profile.
 *
 * Every process that registered has a region: rings of events in it, the stacks they name, the
 * objects those lie in. All of it outlives the process. Nothing in a region is trusted.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_SESSION_AGENT_SAMPLES_H
#define PROFILER_SESSION_AGENT_SAMPLES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "profiler/attach/agent_host.h"
#include "profiler/attach/mapped_objects.h"
#include "profiler/attach/proc_stat.h"
#include "profiler/profile/summary.h"
#include "profiler/session/record_fold.h"
#include "profiler/session/record_quality.h"

/* One registered process, by its place among the host's. */
struct pf_sampled_process {
    pid_t pid;
    char comm[PF_COMM_BYTES];
    struct pf_space space; /* what its agent said is mapped */
    uint32_t modules_seen;
    uint64_t samples;
    uint64_t start_ticks;                /* 0: not known */
    uint64_t cpu_first_ns, cpu_last_ns;  /* as /proc counted it, while it lived */
    uint64_t dropped_late, dropped_room; /* samples: its rings were full; it has too many threads */
    bool goes_on;                        /* without the agent, after an exec */
    bool is_done;                        /* ended, read, its region released */
};

struct pf_agent_samples {
    struct pf_profile *profile; /* keeps */
    struct pf_mapped_objects objects;
    struct pf_fold fold;
    struct pf_record_quality quality;
    struct pf_sampled_process *processes;
    uint32_t process_count;
    uint64_t period_ns;
    uint64_t stacks;                  /* signals taken: each stands for one sample or more */
    uint64_t last_drain_ns, pause_ns; /* the longest time between two drains */
    uint32_t untimed;                 /* threads that could have no timer */
    bool label_threads;
};

void pf_agent_samples_init(struct pf_agent_samples *samples, struct pf_profile *profile,
                           uint64_t period_ns, bool label_threads);
void pf_agent_samples_fini(struct pf_agent_samples *samples);

/* Take in all that is there now. The regions of processes that have ended are released. */
void pf_agent_samples_drain(struct pf_agent_samples *samples, struct pf_agent_host *host);

/* Samples dropped so far, as of the last drain. */
struct pf_agent_losses {
    uint64_t late, room;
};
struct pf_agent_losses pf_agent_samples_losses(const struct pf_agent_samples *samples);

/* After the last drain: counts, losses, processes, the target's CPU time. An exec makes no new row.
 */
void pf_agent_samples_summarise(struct pf_agent_samples *samples, struct pf_summary *summary);

#endif

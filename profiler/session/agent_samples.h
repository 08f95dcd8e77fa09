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
#include "profiler/session/agent_space.h"
#include "profiler/session/record_fold.h"
#include "profiler/session/record_quality.h"

/* Samples dropped: the rings were full; the process had more threads than slots. */
struct pf_agent_losses {
    uint64_t late, room;
};

/* One registered process, by its place among the host's. */
struct pf_sampled_process {
    pid_t pid;
    char comm[PF_COMM_BYTES];
    struct pf_agent_space space;
    uint64_t samples;
    uint64_t start_ticks;               /* 0: not known */
    uint64_t cpu_first_ns, cpu_last_ns; /* as /proc counted it, while it lived */
    struct pf_agent_losses lost;        /* as its region counts them */
    struct pf_agent_losses before;      /* of them before the recording began */
    uint64_t weight_max;                /* of a sample, by this drain */
    uint32_t next_image;                /* what it is after an exec; 0: the same still */
    uint64_t earlier_samples;           /* of the images before; set when summarised */
    bool goes_on;                       /* alive, as far as we know */
    bool is_done;                       /* ended, read, its region released */
    bool was_asked;                     /* where code lies, by this drain */
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
    uint64_t stackless;               /* samples whose stack found no room in the region */
    uint32_t untimed;                 /* threads that could have no timer */
    bool label_threads;
    bool is_begun;
};

void pf_agent_samples_init(struct pf_agent_samples *samples, struct pf_profile *profile,
                           uint64_t period_ns, bool label_threads);
void pf_agent_samples_fini(struct pf_agent_samples *samples);

/* The recording begins: what was sampled before, while the agents came in, is not of it. */
void pf_agent_samples_begin(struct pf_agent_samples *samples, struct pf_agent_host *host);

/* Take in all that is there now. The regions of processes that have ended are released. */
void pf_agent_samples_drain(struct pf_agent_samples *samples, struct pf_agent_host *host);

#endif

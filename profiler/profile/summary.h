/*
 * What a profile says of itself: engine, process, rate, and how far it can be trusted.
 *
 * Kept in the profile's comments as "assay.KEY=VALUE" lines, so that it survives pprof files and
 * other tools' hands. Shape of the JSON: DESIGN.md, "Shapes a machine reads".
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_PROFILE_SUMMARY_H
#define PROFILER_PROFILE_SUMMARY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct pf_profile;

enum { PF_SUMMARY_ROWS_MAX = 256, PF_SUMMARY_TEXT = 128 };

struct pf_summary_process {
    pid_t pid;
    char command[64];
    uint64_t samples;
};

/* Where unwinding stopped short of the root, and why. */
struct pf_summary_unrooted {
    char object[PF_SUMMARY_TEXT];
    char reason[48];
    uint64_t samples;
};

struct pf_summary {
    char engine[16]; /* perf, agent, gperftools, callgrind, memcheck, import */
    char mode[16];   /* cpu, wall, alloc, heap, instructions */
    char command[256];
    char note[512]; /* why this engine, what limits it; may be empty */
    pid_t pid;
    uint32_t frequency_hz;
    uint64_t samples, lost, throttled, truncated, rooted;
    uint64_t guessed;                 /* samples with frames found without unwind information */
    char guessed_in[PF_SUMMARY_TEXT]; /* the object most of them passed through */
    uint64_t independent; /* of the samples: a stack that stands for several counts once; 0: all */
    uint64_t target_cpu_ns, profiler_cpu_ns;
    double cost_percent; /* estimate of what recording took from the server, < 0 unknown */
    uint32_t process_count, unrooted_count;
    struct pf_summary_process processes[PF_SUMMARY_ROWS_MAX];
    struct pf_summary_unrooted unrooted[PF_SUMMARY_ROWS_MAX];
};

/* Write into, read from the profile's comments. Unknown comments are kept. */
void pf_summary_store(const struct pf_summary *summary, struct pf_profile *profile);

/* Fields with no comment stay zero (cost_percent: -1); false if there is no comment of ours at all.
 */
bool pf_summary_load(struct pf_summary *out, const struct pf_profile *profile);

/* The samples a conclusion may rest on. */
uint64_t pf_summary_independent(const struct pf_summary *summary);

#endif

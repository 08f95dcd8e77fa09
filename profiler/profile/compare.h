/*
 * What changed between two profiles: each function's share of the whole, before and after, and how
 * sure that is.
 *
 * Shares are per cent of each profile's own total, so that recordings of different length compare.
 * A sampled share is a proportion: the change's 95 % interval is Agresti and Caffo's for the
 * difference of two proportions (The American Statistician 54, 2000), with the number of
 * independent samples as n: a profile without any says nothing, and every change from it is noise.
 * Values that were counted, not sampled, have none. Each function is judged on its own.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_PROFILE_COMPARE_H
#define PROFILER_PROFILE_COMPARE_H

#include <stdbool.h>
#include <stdint.h>

struct pf_paths;
struct pf_profile;

/* Per cent and points. */
struct pf_change {
    double base, now;
    double margin; /* half the interval of now - base; 0: exact */
    bool is_noise; /* the interval holds zero */
};

struct pf_function_change {
    uint32_t frame; /* in the paths */
    struct pf_change self, total;
};

/* How many independent samples a profile's shares rest on. */
struct pf_sample_count {
    uint64_t count;
    bool is_exact;   /* counted, not sampled: shares have no error */
    bool is_assumed; /* the profile does not say: each of its counts is taken for a sample */
};

struct pf_sample_counts {
    struct pf_sample_count base, now;
};

struct pf_comparison {
    struct pf_sample_counts samples;
    struct pf_function_change *at; /* the largest change of self first, noise after the rest */
    uint32_t count;
};

/* paths are of a pair (pf_profile_pair). */
void pf_comparison_init(struct pf_comparison *comparison, const struct pf_paths *paths,
                        struct pf_sample_counts samples);
void pf_comparison_fini(struct pf_comparison *comparison);

/* Shares from 0 to 1. */
struct pf_change pf_change_of(double base_share, double now_share, struct pf_sample_counts samples);

/* Nothing was sampled: a comparison with it says nothing. */
bool pf_sample_count_is_blank(const struct pf_sample_count *samples);

/*
 * What a profile was made from: its summary's independent samples, else its counts. A profile whose
 * only values are called samples may hold anything (folded stacks have one number, of no unit):
 * that they are samples is assumed.
 */
struct pf_sample_count pf_profile_sample_count(const struct pf_profile *profile);

#endif

/*
 * The result of a leak check: totals by kind, and one record for each kind and stack.
 *
 * Stacks and their names live in a profile; a record refers to one of its stacks.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_LEAK_LEAKS_H
#define PROFILER_LEAK_LEAKS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "profiler/base/err.h"
#include "profiler/leak/leak_graph.h"
#include "profiler/profile/profile.h"

struct pf_leak_record {
    enum pf_leak_kind kind;
    uint64_t bytes, blocks;
    uint64_t indirect_bytes, indirect_blocks; /* definite: lost through these */
    uint64_t age_ms;                          /* of the oldest block */
    uint64_t fingerprint;                     /* of the names in its stack, see below */
    uint32_t stack;                           /* in profile, PF_NONE: not known */
    bool is_suppressed;
    bool is_truncated; /* the stack did not reach its outermost frame */
};

struct pf_leak_total {
    uint64_t bytes, blocks;
};

enum { PF_LEAKS_COMMAND = 512, PF_LEAKS_NOTE = 1024 };

/* Zero is a valid empty result; pf_leaks_init makes it usable. */
struct pf_leaks {
    char command[PF_LEAKS_COMMAND];
    char engine[16];          /* agent, memcheck */
    char note[PF_LEAKS_NOTE]; /* what limits the answer, in sentences; may be empty */
    pid_t pid;
    int exit_status;        /* the command's own, as a shell shows it */
    uint32_t process_count; /* judged; their records are merged */
    uint32_t unjudged_count;
    double pause_ms, duration_s;
    uint64_t lost_events;
    uint64_t allocations;
    struct pf_leak_total totals[PF_LEAK_KINDS]; /* suppressed ones are not in them */
    struct pf_leak_total suppressed;
    struct pf_leak_record *records; /* by kind, then most bytes first */
    uint32_t record_count, record_capacity;
    struct pf_profile profile;
};

void pf_leaks_init(struct pf_leaks *leaks);
void pf_leaks_fini(struct pf_leaks *leaks);
void pf_leaks_move(struct pf_leaks *to, struct pf_leaks *from);

/* Add a sentence to the note; what finds no room is cut. */
void pf_leaks_say(struct pf_leaks *leaks, const char *fmt, ...) ASSAY_PRINTF(2, 3);

/* Add to the record of this kind, stack and suppression, or make it. */
void pf_leaks_add(struct pf_leaks *leaks, const struct pf_leak_record *part);

/* Does it hold a leak of one of these kinds (set of pf_leak_bit) that is not suppressed? */
bool pf_leaks_has(const struct pf_leaks *leaks, unsigned kinds);

/* Sum the totals, sort, compute fingerprints. After the profile has names. */
void pf_leaks_finish(struct pf_leaks *leaks);

/*
 * What stays the same for the same leak from one build to the next: a hash of kind, and of function
 * and file name (not line, not address) of the innermost 16 frames.
 */
uint64_t pf_leak_fingerprint(const struct pf_profile *profile, enum pf_leak_kind kind,
                             uint32_t stack);

/* Bit of a kind in a set of kinds. */
static inline unsigned pf_leak_bit(enum pf_leak_kind kind)
{
    return 1u << kind;
}

#endif

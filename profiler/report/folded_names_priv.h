/*
 * The names in a file of folded stacks, each with the location it stands for.
 *
 * A line has twenty names or so, and a table of many thousand does not fit the processor's nearest
 * cache: a line's names are all announced before the first is looked up, so that their slots arrive
 * together.
 *
 * Context:  host. Texts are borrowed and must outlive the table.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_REPORT_FOLDED_NAMES_PRIV_H
#define PROFILER_REPORT_FOLDED_NAMES_PRIV_H

#include <stddef.h>
#include <stdint.h>

/* Names of up to 16 bytes, which most are, are their own key: nothing else is touched to find them.
 */
struct pf_folded_name {
    uint64_t low, high; /* the bytes; of a longer name: its hash, and where it stands */
    uint32_t size;      /* in bytes, at least 1 */
    uint32_t extra;     /* its hash; in the table: its location */
};

struct pf_folded_names {
    struct pf_folded_name *slots; /* size 0: empty */
    uint32_t mask, count;
};

void pf_folded_names_init(struct pf_folded_names *names);
void pf_folded_names_fini(struct pf_folded_names *names);

/* The key of size (1 to UINT32_MAX) bytes of text, which will be looked up soon. */
struct pf_folded_name pf_folded_names_announce(const struct pf_folded_names *names,
                                               const char *text, size_t size);

/* The name's location, PF_NONE if it has not been entered. */
uint32_t pf_folded_names_find(const struct pf_folded_names *names,
                              const struct pf_folded_name *name);

/* Enter a name that was not found. */
void pf_folded_names_enter(struct pf_folded_names *names, const struct pf_folded_name *name,
                           uint32_t location);

#endif

/*
 * What the parts of the text report share.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_REPORT_TEXT_PRIV_H
#define PROFILER_REPORT_TEXT_PRIV_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct pf_frame;
struct pf_paths;
struct pf_profile;
struct pf_sink;
struct pf_totals;

enum { PF_TEXT_NAME_BYTES = 512 };

struct pf_text {
    const struct pf_paths *paths;
    struct pf_sink *sink;
    const char *type, *unit;               /* of the values shown */
    const char *bold, *dim, *warn, *plain; /* terminal sequences, or "" */
};

/* A value as people write its unit: 12.30 s, 4.5 MiB, 1234. */
void pf_text_value(char *out, size_t size, int64_t value, const char *unit);

/* A frame's name, safe for a terminal: no control characters, valid UTF-8, cut at
 * PF_TEXT_NAME_BYTES. */
void pf_text_name(char *out, size_t size, const struct pf_frame *frame);

/* The functions that cost most, a row each. */
void pf_text_table(const struct pf_text *text, const struct pf_totals *totals, uint32_t top);

/* A table for each group (process, thread) the paths begin with; top 0: ten rows each. */
void pf_text_groups(const struct pf_text *text, uint32_t top);

/* For each of the top functions, its callers above it, its callees below, depth (0: 5) levels of
 * each. */
void pf_text_tree(const struct pf_text *text, const struct pf_totals *totals, uint32_t top,
                  uint32_t depth);

#endif

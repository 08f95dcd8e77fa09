/*
 * Leak reports: text to read, JSON for machines.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_REPORT_LEAKS_REPORT_H
#define PROFILER_REPORT_LEAKS_REPORT_H

#include <stdbool.h>

#include "profiler/base/err.h"

struct pf_leaks;
struct pf_sink;

struct pf_leaks_view {
    unsigned kinds;   /* set of pf_leak_bit(): which records are listed */
    unsigned fail_on; /* set: which kinds make the check fail, for the text's verdict */
    bool is_terminal; /* text: colour allowed */
};

typedef void (*pf_leaks_write)(const struct pf_leaks *leaks, const struct pf_leaks_view *view,
                               struct pf_sink *sink);

/* DESIGN's shape, docs/schemas/leaks.json. Ends with a newline. */
void pf_leaks_write_json(const struct pf_leaks *leaks, const struct pf_leaks_view *view,
                         struct pf_sink *sink);

void pf_leaks_write_text(const struct pf_leaks *leaks, const struct pf_leaks_view *view,
                         struct pf_sink *sink);

#endif

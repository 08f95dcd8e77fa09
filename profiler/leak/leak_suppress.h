/*
 * Suppressions: leaks that are known and wanted silent, in LeakSanitizer's syntax.
 *
 * One "leak:TEMPLATE" a line; '#' begins a comment. A template matches a function, a source file or
 * an object's path anywhere in it; '*' stands for any text, '^' and '$' tie it to begin and end.
 * Source: Clang documentation, "LeakSanitizer", Suppressions.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_LEAK_LEAK_SUPPRESS_H
#define PROFILER_LEAK_LEAK_SUPPRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "profiler/base/arena.h"
#include "profiler/base/err.h"
#include "profiler/trace/bytes.h"

enum { PF_LEAK_SUPPRESSIONS_MAX = 10000 };

/* Zero is a valid empty list. */
struct pf_leak_suppress {
    const char **templates;
    uint32_t count, capacity;
    struct pf_arena arena;
};

/* Add a file's lines. PF_ERR_FORMAT names the line that is no suppression. */
ASSAY_CHECKED
bool pf_leak_suppress_parse(struct pf_leak_suppress *suppress, struct pf_bytes text,
                            const char *name, struct pf_err *err);
void pf_leak_suppress_fini(struct pf_leak_suppress *suppress);

/* Does any template match one of these names (NULL: none)? */
bool pf_leak_suppress_matches(const struct pf_leak_suppress *suppress, const char *function,
                              const char *file, const char *object);

/* One template against one text. */
bool pf_leak_template_matches(const char *pattern, const char *text);

#endif

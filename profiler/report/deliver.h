/*
 * A writer's bytes to where they belong: standard output, or a file that appears whole or not at
 * all.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_REPORT_DELIVER_H
#define PROFILER_REPORT_DELIVER_H

#include <stdbool.h>

#include "profiler/base/err.h"

struct pf_sink;

typedef bool (*pf_deliver_write)(const void *what, struct pf_sink *sink, struct pf_err *err);

/* path "-" or NULL: standard output. */
ASSAY_CHECKED
bool pf_deliver(const char *path, pf_deliver_write write, const void *what, struct pf_err *err);

#endif

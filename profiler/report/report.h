/*
 * Every format a profile can be read from or written to, behind one signature each.
 *
 * A writer is a function from a const profile (or comparison of two) to a sink; a reader from bytes
 * to a profile. The table formats[] in report.c is the only place that knows what is written, that
 * of load.c what is read.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_REPORT_REPORT_H
#define PROFILER_REPORT_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "profiler/base/err.h"

struct pf_diff;
struct pf_profile;
struct pf_sink;

struct pf_report_options {
    const char *title;   /* NULL: made from the summary */
    const char *value;   /* sample type shown, "cpu"; NULL: the profile's default */
    uint32_t top;        /* rows of the text table, 0: 40 */
    double min_percent;  /* frames narrower are left out of pictures; 0: what a pixel shows */
    bool tree;           /* text: callers and callees, too */
    uint32_t tree_depth; /* levels of each, 0: 5 */
    bool is_terminal;    /* text: colour allowed */
    bool per_process;    /* a root frame per process label */
    bool per_thread;
};

typedef bool (*pf_report_write)(const struct pf_profile *profile,
                                const struct pf_report_options *options, struct pf_sink *sink,
                                struct pf_err *err);

typedef bool (*pf_diff_write)(const struct pf_diff *diff, const struct pf_report_options *options,
                              struct pf_sink *sink, struct pf_err *err);

struct pf_report_format {
    const char *name;              /* "svg", as --format takes it */
    const char *const *extensions; /* ".svg", NULL-terminated; longest match wins (".pb.gz") */
    pf_report_write write;
    pf_diff_write write_diff; /* NULL: comparisons are not written in it */
    const char *about;
};

/* NULL-terminated. */
const struct pf_report_format *pf_report_formats(void);

/* By name, or by a path's extension; NULL if none. */
const struct pf_report_format *pf_report_format_named(const char *name);
const struct pf_report_format *pf_report_format_of(const char *path);

/*
 * Read any profile Assay reads; the format is recognised by content, not by name. PF_ERR_FORMAT
 * says what the file looked like and where it broke.
 */
ASSAY_CHECKED
bool pf_report_load(struct pf_profile *out, const char *path, struct pf_err *err);

/* Write to path atomically, or to stdout if path is "-" or NULL. */
ASSAY_CHECKED
bool pf_report_save(const struct pf_profile *profile, const struct pf_report_format *format,
                    const struct pf_report_options *options, const char *path, struct pf_err *err);

#endif

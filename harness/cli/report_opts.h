/*
 * The options that verbs which show profiles share: what is shown, as what, where it goes.
 *
 * Each verb words its own help; the keys say what an option means.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_CLI_REPORT_OPTS_H
#define HARNESS_CLI_REPORT_OPTS_H

#include <stdbool.h>

#include "profiler/base/err.h"
#include "profiler/report/report.h"

struct hn_opts;
struct pf_profile;

/* Keys of the options; -o is 'o'. */
enum {
    HN_REPORT_FORMAT = 512,
    HN_REPORT_VALUE,
    HN_REPORT_TOP,
    HN_REPORT_TITLE,
    HN_REPORT_NO_SYMBOLS,
};

struct hn_report_opts {
    bool is_diff; /* two profiles compared: not every format can */
    struct pf_report_options report;
    const struct pf_report_format *format; /* NULL: not chosen yet */
    const char *output;                    /* "-" or NULL: standard output */
    bool skip_symbols;
};

/* Take the option just read, which must be one of the above. 0, or the exit status after saying
 * what is wrong. */
int hn_report_opts_take(struct hn_report_opts *to, const struct hn_opts *opts, int key);

/* When all options are read: the format by the output's extension, colour by the terminal. 0, or
 * the exit status. */
int hn_report_opts_settle(struct hn_report_opts *to, const struct hn_opts *opts);

/* Addresses without names (gperftools, other tools' pprof files) get them from this machine's
 * files, unless they are not wanted. */
ASSAY_CHECKED
bool hn_report_opts_name(const struct hn_report_opts *how, struct pf_profile *profile,
                         struct pf_err *err);

#endif

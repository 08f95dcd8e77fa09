/*
 * The writers of a comparison, one a format; all have the shape pf_diff_write.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_REPORT_DIFF_WRITERS_PRIV_H
#define PROFILER_REPORT_DIFF_WRITERS_PRIV_H

#include "profiler/report/diff.h"
#include "profiler/report/report.h"

bool pf_diff_write_folded(const struct pf_diff *diff, const struct pf_report_options *options,
                          struct pf_sink *sink, struct pf_err *err);
bool pf_diff_write_json(const struct pf_diff *diff, const struct pf_report_options *options,
                        struct pf_sink *sink, struct pf_err *err);
bool pf_diff_write_svg(const struct pf_diff *diff, const struct pf_report_options *options,
                       struct pf_sink *sink, struct pf_err *err);
bool pf_diff_write_text(const struct pf_diff *diff, const struct pf_report_options *options,
                        struct pf_sink *sink, struct pf_err *err);

#endif

/*
 * The writers, one a format; all have the shape pf_report_write.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_REPORT_WRITERS_PRIV_H
#define PROFILER_REPORT_WRITERS_PRIV_H

#include "profiler/report/report.h"

bool pf_pprof_write(const struct pf_profile *profile, const struct pf_report_options *options,
                    struct pf_sink *sink, struct pf_err *err);
bool pf_folded_write(const struct pf_profile *profile, const struct pf_report_options *options,
                     struct pf_sink *sink, struct pf_err *err);
bool pf_gperf_write(const struct pf_profile *profile, const struct pf_report_options *options,
                    struct pf_sink *sink, struct pf_err *err);
bool pf_speedscope_write(const struct pf_profile *profile, const struct pf_report_options *options,
                         struct pf_sink *sink, struct pf_err *err);
bool pf_json_write(const struct pf_profile *profile, const struct pf_report_options *options,
                   struct pf_sink *sink, struct pf_err *err);
bool pf_text_write(const struct pf_profile *profile, const struct pf_report_options *options,
                   struct pf_sink *sink, struct pf_err *err);
bool pf_svg_write(const struct pf_profile *profile, const struct pf_report_options *options,
                  struct pf_sink *sink, struct pf_err *err);
bool pf_html_write(const struct pf_profile *profile, const struct pf_report_options *options,
                   struct pf_sink *sink, struct pf_err *err);

#endif

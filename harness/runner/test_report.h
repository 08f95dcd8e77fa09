/*
 * A finished run as a file: one writer a format.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_RUNNER_TEST_REPORT_H
#define HARNESS_RUNNER_TEST_REPORT_H

#include <stdint.h>
#include <stdio.h>

#include "harness/runner/schedule.h"
#include "profiler/base/sink.h"

struct hn_run_info {
    uint64_t started_wall_ns;
    const char *command;
    const char *engine;
    uint64_t seed;     /* 0: not shuffled */
    bool junit_strict; /* nothing that Jenkins' strict schema refuses */
    const char *shard; /* "2/3@0123abcd"; NULL: not divided */
    const char *html;  /* path of the page, to which its links are relative; NULL: none */
};

typedef void (*hn_test_writer)(struct pf_sink *sink, const struct hn_plan *plan,
                               const struct hn_tally *tally, const struct hn_run_info *info);

/* docs/schemas/junit.xsd; what Jenkins, GitLab and GitHub actions read. Reruns as surefire has
 * them. Strict: docs/schemas/junit-jenkins.xsd. */
void hn_write_junit(struct pf_sink *sink, const struct hn_plan *plan, const struct hn_tally *tally,
                    const struct hn_run_info *info);

/* testanything.org, version 14. */
void hn_write_tap(struct pf_sink *sink, const struct hn_plan *plan, const struct hn_tally *tally,
                  const struct hn_run_info *info);

/* One self-contained page. */
void hn_write_test_html(struct pf_sink *sink, const struct hn_plan *plan,
                        const struct hn_tally *tally, const struct hn_run_info *info);

/* "::error file=...": workflow commands of GitHub's runner. */
void hn_write_github(struct pf_sink *sink, const struct hn_plan *plan, const struct hn_tally *tally,
                     const struct hn_run_info *info);

/* For people: what failed, why, and the counts. */
struct hn_summary_style {
    bool color;
    bool quiet;       /* only what is red, and the last line */
    unsigned slowest; /* how many of the slowest to list */
};
void hn_write_summary(struct pf_sink *sink, const struct hn_plan *plan,
                      const struct hn_tally *tally, const struct hn_summary_style *style);

/* What is not red, and worth a line. */
void hn_write_notes(struct pf_sink *sink, const struct hn_plan *plan);

/* One attempt's findings, indented: messages, stacks, captured output. */
void hn_write_findings(struct pf_sink *sink, const struct hn_attempt *attempt,
                       const struct hn_summary_style *style);

/* Run a writer into a file, atomically; "-" is stdout. */
ASSAY_CHECKED
bool hn_report_write(const char *path, hn_test_writer writer, const struct hn_plan *plan,
                     const struct hn_tally *tally, const struct hn_run_info *info,
                     struct pf_err *err);

#endif

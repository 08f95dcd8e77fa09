/*
 * The values of "assay test"'s options, read one at a time.
 *
 * Each says what is wrong with the current value, and returns false.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_CLI_TEST_READ_H
#define HARNESS_CLI_TEST_READ_H

#include "harness/cli/opts.h"
#include "harness/runner/test_run.h"

ASSAY_CHECKED
bool hn_test_read_unsigned(const struct hn_opts *opts, uint64_t min, uint64_t max, unsigned *out);

/* "I/N", "I/N@PRINT" */
ASSAY_CHECKED
bool hn_test_read_shard(const struct hn_opts *opts, struct hn_test_config *config);

/* One more of HN_PATTERNS_MAX; a pattern is one that can be meant. */
ASSAY_CHECKED
bool hn_test_add_word(const struct hn_opts *opts, const char **words, unsigned *count);
ASSAY_CHECKED
bool hn_test_add_pattern(const struct hn_opts *opts, struct hn_selection *selection);

/* The word itself. words ends with NULL. */
ASSAY_CHECKED
bool hn_test_read_choice(const struct hn_opts *opts, const char *const *words, const char **out);

/* *live stays as it is for "auto". */
ASSAY_CHECKED
bool hn_test_read_progress(const struct hn_opts *opts, bool *live);
ASSAY_CHECKED
bool hn_test_read_seed(const struct hn_opts *opts, struct hn_selection *selection);
ASSAY_CHECKED
bool hn_test_read_memory(const struct hn_opts *opts, struct hn_schedule *schedule);

/* 0 to 3 mean something else. */
ASSAY_CHECKED
bool hn_test_read_skip_status(const struct hn_opts *opts, struct hn_test_config *config);

#endif

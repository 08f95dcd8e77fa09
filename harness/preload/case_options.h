/*
 * The options a test carries in Criterion's unused .data field.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_PRELOAD_CASE_OPTIONS_H
#define HARNESS_PRELOAD_CASE_OPTIONS_H

#include <assay/runner.h>

struct criterion_test;
struct criterion_suite;

/* The test's, completed by its suite's; all zero if there are none. */
struct assay_test_options hn_options_read(const struct criterion_test *test,
                                          const struct criterion_suite *suite);

#endif

/*
 * Reading and writing in memory, for tests of formats.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_UNIT_PROFILER_REPORT_REPORT_FIXTURE_H
#define TESTS_UNIT_PROFILER_REPORT_REPORT_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>

#include "profiler/base/buf.h"
#include "profiler/report/report.h"

struct pf_profile;

/* Write profile in the format named; the bytes are out's. Fails the test if it cannot be. */
void ts_write(struct pf_buf *out, const struct pf_profile *profile, const char *format,
              const struct pf_report_options *options);

/* Read bytes of any format. profile must be zero or ended. */
bool ts_read(struct pf_profile *profile, const void *bytes, size_t size, struct pf_err *err);
void ts_read_text(struct pf_profile *profile, const char *text);

/* The profile as folded stacks, in buf. */
const char *ts_folded(struct pf_buf *buf, const struct pf_profile *profile);

/*
 * Read every beginning of bytes, each from memory of exactly its size, so that a sanitizer sees a
 * byte too many. Returns how many were accepted; each refusal must be one line that names a cause.
 */
size_t ts_read_beginnings(const void *bytes, size_t size);

/* The same with each byte in turn replaced by others. */
void ts_read_with_wrong_bytes(const void *bytes, size_t size);

/* A profile with all there is: mappings, inlined lines, labels, two values, comments. */
void ts_rich_profile(struct pf_profile *profile);

#endif

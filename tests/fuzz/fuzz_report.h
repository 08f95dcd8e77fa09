/*
 * What every reader's fuzz target does: read, and if it was a profile, write it.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_FUZZ_FUZZ_REPORT_H
#define TESTS_FUZZ_FUZZ_REPORT_H

#include <stddef.h>
#include <stdint.h>

#include "profiler/report/readers_priv.h"

typedef bool (*fuzz_read)(struct pf_profile *out, struct pf_bytes bytes, struct pf_err *err);

void fuzz_reader(fuzz_read read, const uint8_t *data, size_t size);

#endif

/*
 * Fault plans: one line that makes many calls fail, over all wrapped functions it fits.
 *
 *     fault_plan(.err = EINTR, .percent = 30);          calls that may report EINTR, 30 % of them
 *     fault_plan(.short_bytes = 1);                     every transfer moves one byte
 *     fault_plan(.err = EAGAIN, .times = 100);          a storm: each function's first 100 calls
 *     fault_plan(.err = ENOSPC, .functions = "write,pwrite,fsync", .after = 2);
 *     fault_plan(.err = EMFILE, .functions = "accept", .nth = 3);
 *     fault_plan(.err = ECONNRESET, .caller = "conn_pump");
 *     fault_plan(.err = ENOMEM, .percent = 5);          allocation, and all else that reports it
 *
 * A plan is a set of ordinary rules (fail_F, or a spy_F that moves less), one a function, so
 * earlier and more exact rules win over it. Counts are kept per function. A plan that met no call
 * (by chance: had none to choose from) fails the test at its line, unless it is .optional; so does
 * one that names a function that is not wrapped, or cannot follow.
 *
 * Chance: drawn from a seed that is printed when a plan (or rule) with .percent is made, and taken
 * from ASSAY_SEED when that is set, so that a red run can be repeated.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ASSAY_MOCK_FAULT_H
#define ASSAY_MOCK_FAULT_H

#include "assay/mock_abi.h"

struct assay_fault {
    MK_RULE_COMMON;
    const char *functions; /* names, "read,write"; NULL: all wrapped ones that fit */
    size_t short_bytes;    /* no call moves more; instead of .err */
} MK_NAMED_ONLY;

void assay_fault_plan(const char *file, int line, const struct assay_fault *fault);

#define ASSAY_FAULT_PLAN(...)                                                                      \
    MK_STRICTLY(                                                                                   \
        assay_fault_plan(__FILE__, __LINE__, &(const struct assay_fault){MK_NAMED(__VA_ARGS__)}))

#ifndef ASSAY_LONG_NAMES
#define fault_plan(...) ASSAY_FAULT_PLAN(__VA_ARGS__)
#endif

#endif

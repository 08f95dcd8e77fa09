/*
 * Messages from inside a test binary, read with the distrust a foreign process deserves.
 *
 * Context: pure.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_RUNNER_WIRE_READ_H
#define HARNESS_RUNNER_WIRE_READ_H

#include "harness/runner/plan.h"
#include "profiler/base/err.h"

struct hn_shared;
struct hn_wire_native;

/* 0 if the packet is too short to have one. */
uint32_t hn_wire_type(const char *packet, size_t size);

/* The text of a struct hn_wire_text packet, cut to fit; false if it is not one. */
bool hn_wire_copy_text(char *to, size_t room, const char *packet, size_t size);

/* Add the test a HN_WIRE_TEST packet describes to plan, one entry a case. */
ASSAY_CHECKED
bool hn_wire_add_test(struct hn_plan *plan, uint32_t binary, const char *packet, size_t size,
                      struct pf_err *err);

/* All tests of a HN_WIRE_TESTS packet; those before a bad one are added. */
ASSAY_CHECKED
bool hn_wire_add_tests(struct hn_plan *plan, uint32_t binary, const char *packet, size_t size,
                       struct pf_err *err);

/*
 * A HN_WIRE_NATIVE packet: *event without its text, and *text, which points into packet and is
 * ended there. False if it is cut short.
 */
bool hn_wire_read_native(char *packet, size_t size, struct hn_wire_native *event, char **text);

/* One record of a lane's shared mapping; text is NUL-terminated. */
struct hn_record_view {
    uint32_t kind, line;
    int32_t pid;
    const char *text;
    size_t size;
};

/*
 * The record at *at, which moves on. False at the end, or at the first that is incomplete or does
 * not fit. *at starts at 0.
 */
bool hn_wire_next_record(const struct hn_shared *shared, uint32_t *at, struct hn_record_view *out);

#endif

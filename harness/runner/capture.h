/*
 * What a test prints: read from a pipe as it comes, bounded in the middle.
 *
 * The beginning and the end are kept, because that is where the cause and the last words are.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_RUNNER_CAPTURE_H
#define HARNESS_RUNNER_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "profiler/base/arena.h"

/* Stands where a text was cut. */
#define HN_CAPTURE_CUT "bytes left out here]"

enum { HN_CAPTURE_HEAD = 96 * 1024, HN_CAPTURE_TAIL = 32 * 1024 };

/* Zero is a valid empty one. */
struct hn_capture {
    char *head; /* the first HN_CAPTURE_HEAD bytes */
    char *tail; /* a ring of the last HN_CAPTURE_TAIL bytes after those */
    size_t head_size;
    uint64_t tail_total; /* bytes ever put into the ring */
};

void hn_capture_fini(struct hn_capture *capture);
void hn_capture_reset(struct hn_capture *capture);
void hn_capture_put(struct hn_capture *capture, const char *bytes, size_t size);

/* Read what is there without waiting; false at end of file. */
bool hn_capture_drain(struct hn_capture *capture, int fd);

/* Everything kept, with a line that says how much is missing and U+2400 for NUL bytes; NULL if
 * nothing was printed. */
const char *hn_capture_text(const struct hn_capture *capture, struct pf_arena *arena);

#endif

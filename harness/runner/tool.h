/*
 * Tools that tests run under: how to start each, how slow it makes them, what it leaves to read.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_RUNNER_TOOL_H
#define HARNESS_RUNNER_TOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "profiler/base/arena.h"
#include "profiler/base/err.h"

enum { HN_TOOL_WORDS_MAX = 24 };

/* Zero is no tool. */
struct hn_tool {
    const char *name;                     /* "memcheck", ..., "asan-build", ... */
    const char *words[HN_TOOL_WORDS_MAX]; /* command before the binary, NULL-terminated */
    double time_factor;                   /* every time limit is multiplied by it */
    bool wants_asan, wants_tsan;          /* the binary must have been built so */
    bool counts_instructions;
    bool is_valgrind;
    char log_dir[256]; /* where it writes LOG.PID; "" nowhere */
};

/* Names for help and messages, NULL-terminated. */
extern const char *const hn_tool_names[];

/* Fails where the tool is not installed, with the package to install. log_dir is a directory of the
 * run's own. */
ASSAY_CHECKED
bool hn_tool_open(struct hn_tool *out, const char *name, const char *log_dir,
                  struct pf_arena *arena, struct pf_err *err);

/* What the tool wrote about the process pid, NULL if nothing; the file is removed. */
const char *hn_tool_report(const struct hn_tool *tool, pid_t pid, struct pf_arena *arena);

/* Callgrind's total of a dump the process pid asked for (from 1), or of its end (0); 0 if there is
 * none. The file is removed. */
uint64_t hn_tool_instructions(const struct hn_tool *tool, pid_t pid, unsigned dump);

#endif

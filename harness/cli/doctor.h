/*
 * What assay doctor finds out, one check a thing. A check tries the thing itself wherever that
 * costs little; asking whether it is configured is the second best.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_CLI_DOCTOR_H
#define HARNESS_CLI_DOCTOR_H

#include <stdbool.h>

#include "profiler/base/err.h"

enum hn_health {
    HN_HEALTH_WORKS,
    HN_HEALTH_LIMITED, /* less than it could be; the remedy says how to get the rest */
    HN_HEALTH_MISSING, /* it does not work here */
};

struct hn_finding {
    enum hn_health health;
    char detail[320]; /* what was found, or why not */
    char remedy[256]; /* what would help; "" if nothing has to be done */
};

struct hn_check {
    const char *name; /* for people */
    const char *id;   /* for machines: stays the same */
    const char *use;  /* what of Assay needs it */
    bool is_essential;
    void (*run)(struct hn_finding *out);
};

void hn_finding_works(struct hn_finding *out, const char *fmt, ...) ASSAY_PRINTF(2, 3);
void hn_finding_limited(struct hn_finding *out, const char *remedy, const char *fmt, ...)
    ASSAY_PRINTF(3, 4);
void hn_finding_missing(struct hn_finding *out, const char *remedy, const char *fmt, ...)
    ASSAY_PRINTF(3, 4);

/* Find program in PATH; its full name in out (of size bytes). */
bool hn_doctor_find_program(const char *program, char *out, unsigned size);

/* Each in the file named. */
void hn_check_kernel(struct hn_finding *out); /* doctor_machine.c */
void hn_check_memory_files(struct hn_finding *out);
void hn_check_directories(struct hn_finding *out);
void hn_check_descriptors(struct hn_finding *out);
void hn_check_perf(struct hn_finding *out); /* doctor_profiling.c */
void hn_check_perf_buffers(struct hn_finding *out);
void hn_check_ptrace(struct hn_finding *out);
void hn_check_remote_memory(struct hn_finding *out);
void hn_check_agent(struct hn_finding *out);
void hn_check_symbols(struct hn_finding *out); /* doctor_tools.c */
void hn_check_debuginfod(struct hn_finding *out);
void hn_check_criterion(struct hn_finding *out);
void hn_check_valgrind(struct hn_finding *out);
void hn_check_gperftools(struct hn_finding *out);
void hn_check_browser(struct hn_finding *out);

#endif

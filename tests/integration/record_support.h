/*
 * What the tests of assay record share: a recording read back.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_INTEGRATION_RECORD_SUPPORT_H
#define TESTS_INTEGRATION_RECORD_SUPPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "profiler/base/spawn.h"
#include "profiler/profile/profile.h"
#include "profiler/profile/summary.h"

struct ts_recording {
    struct pf_profile profile;
    struct pf_summary summary;
};

/*
 * Start record_workload with these arguments (run by the prefix, "" or ts_as_user()) and wait until
 * it is ready. child.pid is the program's own.
 */
struct pf_child ts_workload_start(const char *prefix, const char *arguments);

/* The same for a copy of the program at path. */
struct pf_child ts_program_start(const char *prefix, const char *path, const char *arguments);
const char *ts_workload_path(void);

/* Wait until the process and what it started have used a little CPU time: the load has come. */
void ts_wait_busy(pid_t pid);

/* Wait until process pid has perf events open: its recording has begun. */
void ts_wait_recording(pid_t pid);

/* Record pid for some seconds as the user does, check that it went well, and load it. */
struct ts_recording ts_record(const char *prefix, pid_t pid, const char *options, const char *name);

/* Load the profile of this name in the test's directory; fails the test if it is none. */
struct ts_recording ts_recording_load(const char *name);
void ts_recording_fini(struct ts_recording *recording);

double ts_rooted_percent(const struct ts_recording *recording);

/* Share in per cent of the first value of samples with this function as leaf, or anywhere. */
double ts_self_percent(const struct ts_recording *recording, const char *function);
double ts_total_percent(const struct ts_recording *recording, const char *function);

/* Samples whose label key has this text; and how many different numbers a label has. */
int64_t ts_label_samples(const struct ts_recording *recording, const char *key, const char *text);
uint32_t ts_label_numbers(const struct ts_recording *recording, const char *key);

/* Per cent of samples of a column with that label. */
double ts_label_percent(const struct ts_recording *recording, const char *key, const char *text,
                        uint32_t column);

#endif

/*
 * --under cpu-profile: all tests recorded at once by the perf engine, a profile file for each.
 *
 * One recording follows the binaries and all they start; afterwards its samples are parted by the
 * test whose process, or whose process's descendant, they were taken in. Each sample keeps the
 * labels of its own process.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_RUNNER_UNDER_PROFILE_H
#define HARNESS_RUNNER_UNDER_PROFILE_H

#include <pthread.h>
#include <stdbool.h>

#include "harness/runner/suite_process.h"
#include "profiler/session/record.h"

/* Who started whom. */
struct hn_profile_fork {
    pid_t child, parent;
};

struct hn_under_profile {
    pthread_t thread;
    bool is_running, is_recorded;
    int stop_fd, ready_fd; /* eventfds */
    pid_t *pids;
    uint32_t pid_count;
    struct pf_recording recording;
    struct hn_profile_fork *forks; /* the recording thread's until it has ended; then by child */
    uint32_t fork_count, fork_capacity;
    struct pf_err err; /* of the thread */
};

/* How a profile becomes a file. */
typedef bool (*hn_profile_save)(const struct pf_profile *profile, const char *path,
                                struct pf_err *err);

/*
 * Record the processes of suites from now on; returns when samples are taken. profile must stay
 * where it is until hn_under_profile_stop. Fails where perf events are not permitted.
 */
ASSAY_CHECKED
bool hn_under_profile_start(struct hn_under_profile *profile, const struct hn_suite *suites,
                            uint32_t count, struct pf_err *err);

/* End the recording and name its addresses. */
ASSAY_CHECKED
bool hn_under_profile_stop(struct hn_under_profile *profile, struct pf_err *err);

/*
 * After stop: DIR/<id>.pb.gz for every test with a sample, its path in the attempt (profile) and a
 * note in every attempt that ran. Older files of the tests chosen are removed.
 */
ASSAY_CHECKED
bool hn_under_profile_write(const struct hn_under_profile *profile, struct hn_plan *plan,
                            const char *dir, hn_profile_save save, struct pf_err *err);

/* chosen, or "profiles" beside the report; ".assay/profiles" where neither is a file. */
void hn_under_profile_place(char *dir, size_t size, const char *chosen, const char *report);

void hn_under_profile_fini(struct hn_under_profile *profile);

#endif

/* SPDX-License-Identifier: MIT */
#include "harness/runner/under_profile.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { FREQUENCY_HZ = 997 };

static void raise_event(int fd)
{
    (void)!write(fd, &(uint64_t){1}, sizeof(uint64_t));
}

/* The first one says that the engine is in place. */
static void tell_ready(void *to, const struct pf_record_progress *now)
{
    const struct hn_under_profile *profile = to;

    (void)now;
    raise_event(profile->ready_fd);
}

static void note_fork(void *to, pid_t parent, pid_t child)
{
    struct hn_under_profile *profile = to;

    if (profile->fork_count == profile->fork_capacity) {
        profile->fork_capacity = profile->fork_capacity ? profile->fork_capacity * 2 : 256;
        profile->forks =
            pf_mem_resize(profile->forks, profile->fork_capacity, sizeof *profile->forks);
    }
    profile->forks[profile->fork_count++] = (struct hn_profile_fork){child, parent};
}

static void *record(void *argument)
{
    struct hn_under_profile *profile = argument;
    struct pf_record_options options = {
        .pids = profile->pids,
        .pid_count = profile->pid_count,
        .engine = "perf",
        .frequency_hz = FREQUENCY_HZ,
        .mode = PF_RECORD_CPU,
        .stop_fd = profile->stop_fd,
        .progress = tell_ready,
        .progress_to = profile,
        .forked = note_fork,
        .forked_to = profile,
    };

    profile->is_recorded = pf_record(&profile->recording, &options, &profile->err);
    raise_event(profile->ready_fd);
    return NULL;
}

/* Signals stay with the runner's own thread. */
static int start_thread(struct hn_under_profile *profile)
{
    sigset_t all, before;

    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&profile->thread, NULL, record, profile);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

static void list_processes(struct hn_under_profile *profile, const struct hn_suite *suites,
                           uint32_t count)
{
    profile->pids = pf_mem_new(count, sizeof *profile->pids);
    for (uint32_t i = 0; i < count && profile->pid_count < PF_RECORD_PIDS_MAX; i++)
        if (suites[i].child.pid > 0)
            profile->pids[profile->pid_count++] = suites[i].child.pid;
}

static bool has_event(int fd)
{
    struct pollfd poller = {.fd = fd, .events = POLLIN};

    while (poll(&poller, 1, -1) < 0 && errno == EINTR)
        continue;
    return poller.revents & POLLIN;
}

bool hn_under_profile_start(struct hn_under_profile *profile, const struct hn_suite *suites,
                            uint32_t count, struct pf_err *err)
{
    *profile = (struct hn_under_profile){.stop_fd = eventfd(0, EFD_CLOEXEC),
                                         .ready_fd = eventfd(0, EFD_CLOEXEC)};
    if (profile->stop_fd < 0 || profile->ready_fd < 0)
        return pf_err_sys(err, errno, "eventfd");
    list_processes(profile, suites, count);
    if (!profile->pid_count)
        return true; /* no binary to run: its own story is told elsewhere */
    int error = start_thread(profile);
    if (error)
        return pf_err_sys(err, error, "a thread for the recording");
    profile->is_running = true;
    (void)has_event(profile->ready_fd);
    if (profile->err.code == PF_ERR_NONE)
        return true;
    (void)pthread_join(profile->thread, NULL);
    profile->is_running = false;
    *err = profile->err;
    return pf_err_prepend(err, "--under cpu-profile");
}

static void end_thread(struct hn_under_profile *profile)
{
    if (!profile->is_running)
        return;
    raise_event(profile->stop_fd);
    (void)pthread_join(profile->thread, NULL);
    profile->is_running = false;
}

bool hn_under_profile_stop(struct hn_under_profile *profile, struct pf_err *err)
{
    end_thread(profile);
    if (profile->is_recorded || !profile->pid_count)
        return true;
    *err = profile->err;
    return pf_err_prepend(err, "--under cpu-profile");
}

void hn_under_profile_fini(struct hn_under_profile *profile)
{
    end_thread(profile);
    pf_recording_fini(&profile->recording);
    free(profile->pids);
    free(profile->forks);
    if (profile->stop_fd > 0)
        (void)close(profile->stop_fd);
    if (profile->ready_fd > 0)
        (void)close(profile->ready_fd);
    *profile = (struct hn_under_profile){0};
}

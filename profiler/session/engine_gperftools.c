/*
 * The gperftools engine: a command run under libprofiler, or a server already linked with it.
 *
 * The profiler inside is switched on and off by a signal (CPUPROFILESIGNAL), so its profile is
 * complete although the server runs on. It profiles one process: what a server forks is not
 * profiled (gperftools issue 107).
 *
 * SPDX-License-Identifier: MIT
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "profiler/attach/proc_stat.h"
#include "profiler/base/clock.h"
#include "profiler/session/engine_files.h"
#include "profiler/session/gperftools_switch.h"
#include "profiler/session/record_coverage.h"
#include "profiler/session/record_engine.h"

enum {
    OUR_SIGNAL = 62, /* a real-time signal hardly anybody uses; refused by libprofiler if used */
    HZ_MAX = 4000,   /* libprofiler's own limit */
    LOOK_MS = 20,    /* between looks at whether the profiler is there */
};

static const uint64_t ready_long_ns = 20000000; /* see is_ready */

static const char LIBRARY[] = "libprofiler.so.0";

static bool can_attach(pid_t pid, struct pf_err *err)
{
    struct pf_gperftools_switch how;

    if (!pf_gperftools_switch_read(pid, &how))
        return pf_err_set(err, PF_ERR_UNSUPPORTED,
                          "process %d cannot be switched by --engine gperftools: it needs "
                          "libprofiler inside and CPUPROFILE=/PATH and CPUPROFILESIGNAL=N in its "
                          "environment from its start",
                          (int)pid);
    if (!pf_gperftools_handles(pid, how.signal))
        return pf_err_set(err, PF_ERR_UNSUPPORTED,
                          "process %d has CPUPROFILESIGNAL=%d but does not handle that signal: "
                          "libprofiler is not linked in or preloaded",
                          (int)pid, how.signal);
    return true;
}

static bool find_library(struct pf_err *err)
{
    static const char *const dirs[] = {"/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu",
                                       "/usr/lib64", "/usr/lib", "/usr/local/lib"};
    char path[128];

    for (unsigned i = 0; i < sizeof dirs / sizeof dirs[0]; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", dirs[i], LIBRARY);
        if (access(path, R_OK) == 0)
            return true;
    }
    return pf_err_set(err, PF_ERR_UNSUPPORTED,
                      "gperftools' %s is not installed: apt install libgoogle-perftools4", LIBRARY);
}

static bool can(const struct pf_record_options *options, struct pf_err *err)
{
    if (!options->read_profile)
        return pf_err_set(err, PF_ERR_UNSUPPORTED, "gperftools: no reader of its files");
    if (options->pid_count + (options->argv != NULL) != 1)
        return pf_err_set(err, PF_ERR_USAGE,
                          "--engine gperftools records one process or one command at a time");
    return options->argv ? find_library(err) : can_attach(options->pids[0], err);
}

static bool prepare(const struct pf_record_options *options, struct pf_target *target,
                    struct pf_err *err)
{
    const char *preloaded = getenv("LD_PRELOAD");
    unsigned count = 0;

    if (!options->argv)
        return true;
    if (!pf_target_make_work_dir(target, err))
        return false;
    while (count < PF_SPAWN_ENV_MAX && target->spawn.env[count])
        count++;
    if (count + 4 >= PF_SPAWN_ENV_MAX)
        return pf_err_set(err, PF_ERR_LIMIT, "too many variables for the command");
    target->spawn.env[count++] = pf_target_word(target, "LD_PRELOAD=%s%s%s", LIBRARY,
                                                preloaded ? ":" : "", preloaded ? preloaded : "");
    target->spawn.env[count++] = pf_target_word(target, "CPUPROFILE=%s/cpu", target->work_dir);
    target->spawn.env[count++] = pf_target_word(target, "CPUPROFILESIGNAL=%d", OUR_SIGNAL);
    target->spawn.env[count++] =
        pf_target_word(target, "CPUPROFILE_FREQUENCY=%u",
                       options->frequency_hz < HZ_MAX ? options->frequency_hz : (unsigned)HZ_MAX);
    return true;
}

/* One recording; file is the profile last begun. */
struct watch {
    pid_t pid;
    struct pf_gperftools_switch how;
    char file[PF_GPERFTOOLS_PATH];
    char program[PF_GPERFTOOLS_PATH];   /* that was switched on last */
    uint64_t cpu_first_ns, cpu_last_ns; /* of the process: when it was switched on, and now */
    uint64_t ready_ns; /* since when the library has been seen ready for the signal, 0: not yet */
    bool was_on;
};

/*
 * libprofiler installs the switch's handler first and makes its profile handler after, under a
 * once-lock: the switch that comes in between waits for itself for ever. Its tick's handler
 * (SIGPROF, or SIGALRM with CPUPROFILE_REALTIME) is the last thing it makes; a moment later the
 * lock is free.
 */
static bool is_ready(struct watch *watch)
{
    bool is = pf_gperftools_handles(watch->pid, watch->how.signal)
              && (pf_gperftools_handles(watch->pid, SIGPROF)
                  || pf_gperftools_handles(watch->pid, SIGALRM));

    if (!is)
        watch->ready_ns = 0;
    else if (watch->ready_ns == 0)
        watch->ready_ns = pf_clock_now_ns();
    return is && pf_clock_now_ns() - watch->ready_ns >= ready_long_ns;
}

/* As it last was, once the process is gone. */
static void read_cpu(struct watch *watch)
{
    uint64_t tick_ns = UINT64_C(1000000000) / (uint64_t)sysconf(_SC_CLK_TCK);
    struct pf_proc_stat stat;

    if (pf_proc_stat_read(&stat, watch->pid, 0))
        watch->cpu_last_ns = (stat.user_ticks + stat.system_ticks) * tick_ns;
}

/*
 * A command may exec another program, which has to be switched on anew. Once a program: when it
 * ends, libprofiler holds a lock for good that the signal's handler would wait for.
 */
static void keep_on(struct watch *watch)
{
    char link[64];
    char program[PF_GPERFTOOLS_PATH];

    (void)snprintf(link, sizeof link, "/proc/%d/exe", (int)watch->pid);
    ssize_t size = readlink(link, program, sizeof program - 1);
    if (size <= 0)
        return;
    program[size] = '\0';
    if (strcmp(program, watch->program) == 0 || !is_ready(watch))
        return;
    watch->ready_ns = 0;
    memcpy(watch->program, program, (size_t)size + 1);
    if (!pf_gperftools_flip(watch->pid, &watch->how, true, watch->file, sizeof watch->file)
        || watch->was_on)
        return;
    watch->was_on = true;
    read_cpu(watch);
    watch->cpu_first_ns = watch->cpu_last_ns;
}

static bool run(struct pf_record_job *job, struct watch *watch, struct pf_err *err)
{
    char file[PF_GPERFTOOLS_PATH];

    if (!pf_record_job_start(job, err))
        return false;
    while (!pf_record_job_is_over(job)) {
        keep_on(watch);
        read_cpu(watch);
        pf_clock_sleep_ms((unsigned)pf_record_job_wait_ms(job, LOOK_MS));
    }
    read_cpu(watch);
    if (!pf_target_has_ended(job->target)
        && pf_gperftools_is_profiling(watch->pid, watch->how.path, file, sizeof file)
        && !pf_gperftools_flip(watch->pid, &watch->how, false, file, sizeof file)
        && !pf_target_has_ended(job->target))
        return pf_err_set(err, PF_ERR_LIMIT,
                          "process %d: libprofiler did not end its profile within %d s (are its "
                          "threads all blocking signal %d?)",
                          (int)watch->pid, PF_GPERFTOOLS_SWITCH_S, watch->how.signal);
    if (!watch->was_on)
        return pf_err_set(err, PF_ERR_UNSUPPORTED,
                          "libprofiler never started inside the command: it is linked statically, "
                          "drops LD_PRELOAD (setuid), uses signal %d itself, or ended at once",
                          watch->how.signal);
    return true;
}

/* What a live server wrote lies where it sees it: in its own mount namespace. */
static bool load(struct pf_record_job *job, const struct watch *watch, struct pf_err *err)
{
    char path[PF_GPERFTOOLS_PATH + 64];
    struct pf_profile profile;

    if (job->target->has_command)
        return pf_engine_files_load(job, job->target->work_dir, "cpu", err);
    (void)snprintf(path, sizeof path, "/proc/%d/root%s", (int)watch->pid, watch->file);
    if (access(path, R_OK) != 0)
        (void)snprintf(path, sizeof path, "%s", watch->file);
    pf_profile_init(&profile);
    bool ok = job->options->read_profile(&profile, path, err);
    if (ok)
        pf_profile_move(job->profile, &profile);
    pf_profile_fini(&profile);
    return ok;
}

/* One sample stands for as much as it does in truth. */
static void scale_times(struct pf_profile *profile, uint64_t period_ns)
{
    for (uint32_t i = 0; i < profile->samples.count; i++) {
        int64_t *row = profile->values + (size_t)i * profile->value_count;
        if (__builtin_mul_overflow(row[0], (int64_t)period_ns, &row[1]))
            row[1] = INT64_MAX;
    }
    profile->period = (int64_t)period_ns;
}

/* libprofiler's timer is of the process, and of those that come due within one tick of the kernel
 * just one signal arrives: at a high rate, or with several threads, most are missing. */
static void settle_times(struct pf_record_job *job, const struct watch *watch)
{
    struct pf_summary *summary = job->summary;
    struct pf_coverage coverage = {.samples = summary->samples,
                                   .period_ns = (uint64_t)job->profile->period,
                                   .cpu_ns = watch->cpu_last_ns - watch->cpu_first_ns};
    double percent = pf_coverage_percent(&coverage);

    summary->target_cpu_ns = coverage.cpu_ns;
    if (percent >= 100 || summary->samples == 0 || job->profile->value_count != 2)
        return;
    scale_times(job->profile, coverage.cpu_ns / summary->samples);
    pf_record_job_note(job,
                       "%.0f %% of the samples came (libprofiler's timer follows the kernel's "
                       "tick): times are scaled to the CPU time used",
                       percent);
}

static bool record(struct pf_record_job *job, struct pf_err *err)
{
    struct watch watch = {.pid = job->target->processes[0].pid};
    struct pf_target *target = job->target;

    if (target->has_command) {
        watch.how.signal = OUR_SIGNAL;
        (void)snprintf(watch.how.path, sizeof watch.how.path, "%s/cpu", target->work_dir);
    } else if (!pf_gperftools_switch_read(watch.pid, &watch.how)) {
        return pf_err_set(err, PF_ERR_NOT_FOUND, "process %d has ended", (int)watch.pid);
    } else if (pf_gperftools_is_profiling(watch.pid, watch.how.path, watch.file,
                                          sizeof watch.file)) {
        return pf_err_set(err, PF_ERR_UNSUPPORTED,
                          "process %d is being profiled already, into %.256s: end that first "
                          "(kill -%d %d)",
                          (int)watch.pid, watch.file, watch.how.signal, (int)watch.pid);
    }
    if (!run(job, &watch, err) || !load(job, &watch, err))
        return false;
    pf_engine_files_count(job);
    settle_times(job, &watch);
    pf_record_job_note(job, "libprofiler profiles one process (%d), not what it forks",
                       (int)watch.pid);
    return true;
}

const struct pf_engine pf_engine_gperftools = {
    .name = "gperftools",
    .modes = "cpu",
    .can = can,
    .prepare = prepare,
    .record = record,
};

/* SPDX-License-Identifier: MIT */
#include "profiler/session/record_engine.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "profiler/base/clock.h"
#include "profiler/session/engine_files.h"

enum { WAIT_MS = 100, END_MS = 60000 };

/* As execvp would find it. */
static bool is_in_path(const char *name)
{
    const char *path = getenv("PATH");
    char candidate[512];

    for (const char *at = path ? path : ""; *at;) {
        size_t size = strcspn(at, ":");
        (void)snprintf(candidate, sizeof candidate, "%.*s/%s", (int)size, at, name);
        if (size && access(candidate, X_OK) == 0)
            return true;
        at += size + (at[size] == ':');
    }
    return false;
}

static bool can(const struct pf_record_options *options, struct pf_err *err)
{
    if (!options->argv || options->pid_count)
        return pf_err_set(err, PF_ERR_USAGE,
                          "callgrind counts from the first instruction on and cannot attach: give "
                          "it a command after --");
    if (!options->read_profile)
        return pf_err_set(err, PF_ERR_UNSUPPORTED, "callgrind: no reader of its files");
    if (!is_in_path("valgrind"))
        return pf_err_set(err, PF_ERR_UNSUPPORTED,
                          "valgrind is not installed: apt install valgrind");
    return true;
}

static bool prepare(const struct pf_record_options *options, struct pf_target *target,
                    struct pf_err *err)
{
    if (!pf_target_make_work_dir(target, err))
        return false;
    target->before[target->before_count++] = "valgrind";
    target->before[target->before_count++] = "-q";
    target->before[target->before_count++] = "--tool=callgrind";
    target->before[target->before_count++] =
        options->skip_children ? "--trace-children=no" : "--trace-children=yes";
    target->before[target->before_count++] =
        pf_target_word(target, "--callgrind-out-file=%s/callgrind.%%p", target->work_dir);
    target->before[target->before_count++] = "--";
    return true;
}

static bool give_up(struct pf_child *command, struct pf_err *err)
{
    (void)kill(command->pid, SIGKILL);
    (void)pf_child_wait(command, UINT64_MAX);
    return pf_err_set(err, PF_ERR_INTERRUPTED,
                      "given up: the command had not ended on SIGTERM, and callgrind writes its "
                      "counts only then");
}

/* Valgrind writes when the program ends, by itself or by a signal it does not survive. */
static bool end_command(struct pf_record_job *job, struct pf_err *err)
{
    struct pf_child *command = &job->target->command;

    if (command->reaped || pf_record_job_await_command(job))
        return true;
    (void)kill(command->pid, SIGTERM);
    job->target->is_ended = true;
    pf_record_job_note(job, "the command was ended (SIGTERM) to get its counts");
    uint64_t end_ns = pf_clock_now_ns() + END_MS * UINT64_C(1000000);
    while (pf_clock_now_ns() < end_ns) {
        if (pf_child_wait(command, pf_clock_now_ns() + WAIT_MS * UINT64_C(1000000)))
            return true;
        if (pf_record_job_is_given_up(job))
            return give_up(command, err);
    }
    return pf_err_set(err, PF_ERR_LIMIT,
                      "the command did not end within %d s of SIGTERM: callgrind writes its counts "
                      "only then",
                      END_MS / 1000);
}

static bool record(struct pf_record_job *job, struct pf_err *err)
{
    if (!pf_record_job_start(job, err))
        return false;
    while (!pf_record_job_is_over(job))
        pf_clock_sleep_ms((unsigned)pf_record_job_wait_ms(job, WAIT_MS));
    if (!end_command(job, err)
        || !pf_engine_files_load(job, job->target->work_dir, "callgrind.", err))
        return false;
    pf_engine_files_count(job);
    job->summary->frequency_hz = 0;
    pf_record_job_note(job, "stacks are rebuilt from calls: callers share in proportion");
    return true;
}

const struct pf_engine pf_engine_callgrind = {
    .name = "callgrind",
    .modes = "instructions",
    .can = can,
    .prepare = prepare,
    .record = record,
    .has_names = true,
};

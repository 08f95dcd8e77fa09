/* SPDX-License-Identifier: MIT */
#include "profiler/session/record.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "profiler/base/clock.h"
#include "profiler/session/record_engine.h"
#include "profiler/symbol/symbolize.h"

/* In the order in which "auto" tries them. */
static const struct pf_engine *const record_engines[] = {
    &pf_engine_perf, &pf_engine_agent, &pf_engine_gperftools, &pf_engine_callgrind, NULL,
};

/* Half a second in all. */
enum { MOMENT_STEPS = 10, MOMENT_STEP_MS = 50 };

static const char *const mode_names[] = {"cpu", "wall", "alloc", "heap", "instructions", NULL};

const char *const *pf_record_mode_names(void)
{
    return mode_names;
}

/* The first of those it can do. */
enum pf_record_mode pf_record_mode_of(const char *engine)
{
    for (unsigned i = 0; engine && record_engines[i]; i++)
        for (unsigned mode = 0; mode_names[mode]; mode++)
            if (strcmp(record_engines[i]->name, engine) == 0
                && strncmp(record_engines[i]->modes, mode_names[mode], strlen(mode_names[mode]))
                       == 0)
                return (enum pf_record_mode)mode;
    return PF_RECORD_CPU;
}

static bool does_mode(const struct pf_engine *engine, enum pf_record_mode mode)
{
    const char *name = mode_names[mode];
    const char *found = strstr(engine->modes, name);

    return found && (found == engine->modes || found[-1] == ' ')
           && strchr(" ", found[strlen(name)]) != NULL;
}

static const struct pf_engine *find_named(const char *name)
{
    for (unsigned i = 0; record_engines[i]; i++)
        if (strcmp(record_engines[i]->name, name) == 0)
            return record_engines[i];
    return NULL;
}

static bool explain_mode(const struct pf_record_options *options, struct pf_err *err)
{
    return pf_err_set(err, PF_ERR_UNSUPPORTED,
                      "--mode %s is not available%s%s: engine perf does cpu and wall, agent and "
                      "gperftools cpu, callgrind instructions",
                      mode_names[options->mode], options->engine ? " with --engine " : "",
                      options->engine ? options->engine : "");
}

static const struct pf_engine *choose_named(const struct pf_record_options *options,
                                            struct pf_err *err)
{
    const struct pf_engine *engine = find_named(options->engine);

    if (!engine) {
        (void)pf_err_set(err, PF_ERR_UNSUPPORTED, "--engine %s is not available in this build",
                         options->engine);
        return NULL;
    }
    if (!does_mode(engine, options->mode)) {
        (void)explain_mode(options, err);
        return NULL;
    }
    return engine->can(options, err) ? engine : NULL;
}

/* A refusal without its remedy ("CAUSE: do this"), for somebody who needs none any more. */
static int cause_size(const char *text)
{
    const char *remedy = strstr(text, "): ");

    return (int)(remedy ? remedy + 1 - text : (long)strlen(text));
}

/* Why one was passed over is kept for the note: the user shall know what could be had. */
static const struct pf_engine *choose(const struct pf_record_options *options, char *why,
                                      size_t why_size, struct pf_err *err)
{
    struct pf_err first = {0};

    if (options->engine && strcmp(options->engine, "auto") != 0)
        return choose_named(options, err);
    for (unsigned i = 0; record_engines[i]; i++) {
        struct pf_err refusal = {0};
        if (!does_mode(record_engines[i], options->mode))
            continue;
        if (record_engines[i]->can(options, &refusal)) {
            if (first.code != PF_ERR_NONE)
                (void)snprintf(why, why_size, "%s engine used because %.*s",
                               record_engines[i]->name, cause_size(first.text), first.text);
            return record_engines[i];
        }
        if (first.code == PF_ERR_NONE)
            first = refusal;
    }
    if (first.code == PF_ERR_NONE)
        (void)explain_mode(options, err);
    else
        *err = first;
    return NULL;
}

bool pf_record_job_start(struct pf_record_job *job, struct pf_err *err)
{
    job->started_ns = pf_clock_now_ns();
    job->deadline_ns = UINT64_MAX;
    if (job->options->duration_s > 0)
        job->deadline_ns = job->started_ns + (uint64_t)(job->options->duration_s * 1e9);
    return pf_target_release(job->target, err);
}

static bool was_told_to_stop(const struct pf_record_options *options)
{
    struct pollfd stop = {.fd = options->stop_fd, .events = POLLIN};

    return options->stop_fd >= 0 && poll(&stop, 1, 0) > 0;
}

bool pf_record_job_is_given_up(const struct pf_record_job *job)
{
    int asked = 0;

    return job->options->stop_fd >= 0 && ioctl(job->options->stop_fd, FIONREAD, &asked) == 0
           && asked > 1;
}

bool pf_record_job_await_command(struct pf_record_job *job)
{
    struct pf_child *command = &job->target->command;

    if (!job->target->has_command)
        return false;
    for (unsigned i = 0; i < MOMENT_STEPS && !command->reaped && was_told_to_stop(job->options)
                         && !pf_record_job_is_given_up(job);
         i++)
        (void)pf_child_wait(command, pf_clock_now_ns() + MOMENT_STEP_MS * UINT64_C(1000000));
    return command->reaped;
}

bool pf_record_job_is_over(struct pf_record_job *job)
{
    return pf_clock_now_ns() >= job->deadline_ns || was_told_to_stop(job->options)
           || pf_target_has_ended(job->target);
}

int pf_record_job_wait_ms(const struct pf_record_job *job, int limit_ms)
{
    int left_ms = job->deadline_ns == UINT64_MAX ? limit_ms : pf_clock_left_ms(job->deadline_ns);

    return left_ms < limit_ms ? left_ms : limit_ms;
}

void pf_record_job_note(struct pf_record_job *job, const char *fmt, ...)
{
    char *note = job->summary->note;
    size_t used = strlen(note);
    va_list args;

    if (used > 0 && used + 2 < sizeof job->summary->note) {
        memcpy(note + used, "; ", 3);
        used += 2;
    }
    va_start(args, fmt);
    (void)vsnprintf(note + used, sizeof job->summary->note - used, fmt, args);
    va_end(args);
}

static void join_words(char *out, size_t size, char *const *argv)
{
    size_t used = 0;

    out[0] = '\0';
    for (unsigned i = 0; argv[i] && used < size; i++)
        used += (size_t)snprintf(out + used, size - used, "%s%s", i ? " " : "", argv[i]);
}

static void introduce(struct pf_record_job *job, const struct pf_engine *engine)
{
    const struct pf_record_options *options = job->options;
    struct pf_summary *summary = job->summary;

    (void)snprintf(summary->engine, sizeof summary->engine, "%s", engine->name);
    (void)snprintf(summary->mode, sizeof summary->mode, "%s", mode_names[options->mode]);
    summary->frequency_hz = options->frequency_hz;
    summary->cost_percent = -1;
    summary->pid = job->target->process_count ? job->target->processes[0].pid : 0;
    if (options->argv)
        join_words(summary->command, sizeof summary->command, options->argv);
    else
        pf_target_describe(summary->pid, summary->command, sizeof summary->command);
}

static bool name_addresses(struct pf_record_job *job, struct pf_err *err)
{
    struct pf_symbolize options = {.pid = job->summary->pid};
    struct pf_symbolize_stats stats = {0};

    return pf_symbolize(job->profile, &options, &stats, err);
}

static void note_early_end(struct pf_record_job *job)
{
    uint32_t ended;

    (void)pf_target_has_ended(job->target);
    ended = pf_target_ended_count(job->target);
    if (job->options->argv || ended == 0)
        return;
    if (job->target->process_count == 1)
        pf_record_job_note(job, "process %d ended while it was recorded", (int)job->summary->pid);
    else
        pf_record_job_note(job, "%u of %u processes ended while they were recorded", ended,
                           job->target->process_count);
}

static bool run(struct pf_record_job *job, const struct pf_engine *engine, struct pf_err *err)
{
    uint64_t wall_ns = pf_clock_wall_ns();
    uint64_t cpu_ns = pf_clock_self_cpu_ns();

    if (!engine->record(job, err))
        return false;
    job->profile->time_ns = wall_ns;
    uint64_t ended_ns = job->ended_ns ? job->ended_ns : pf_clock_now_ns();
    job->profile->duration_ns = ended_ns - job->started_ns;
    note_early_end(job);
    if (!engine->has_names && !job->options->skip_names && !name_addresses(job, err))
        return false;
    job->summary->profiler_cpu_ns = pf_clock_self_cpu_ns() - cpu_ns;
    pf_summary_store(job->summary, job->profile);
    return true;
}

static void report_command(struct pf_recording *recording, struct pf_record_job *job)
{
    const struct pf_target *target = job->target;

    (void)pf_record_job_await_command(job);
    recording->command_ended = target->has_command && target->command.reaped && !target->is_ended;
    if (recording->command_ended)
        recording->command_status = pf_child_exit_status(&target->command);
}

bool pf_record(struct pf_recording *out, const struct pf_record_options *options,
               struct pf_err *err)
{
    struct pf_recording recording = {0};
    struct pf_target target = {0};
    struct pf_record_job job = {.options = options,
                                .target = &target,
                                .profile = &recording.profile,
                                .summary = &recording.summary};

    pf_profile_init(&recording.profile);
    const struct pf_engine *engine = NULL;
    bool ok = pf_target_open(&target, options, err);
    if (ok)
        engine = choose(options, recording.summary.note, sizeof recording.summary.note, err);
    ok = ok && engine && (!engine->prepare || engine->prepare(options, &target, err))
         && pf_target_start(&target, options, err);
    if (ok) {
        introduce(&job, engine);
        ok = run(&job, engine, err);
        report_command(&recording, &job);
    }
    pf_target_close(&target);
    if (ok) {
        *out = recording;
        pf_profile_init(&out->profile);
        pf_profile_move(&out->profile, &recording.profile);
    }
    pf_recording_fini(&recording);
    return ok;
}

void pf_recording_fini(struct pf_recording *recording)
{
    pf_profile_fini(&recording->profile);
}

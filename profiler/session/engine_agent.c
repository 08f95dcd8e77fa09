/*
 * The agent engine: samples taken inside the server, where perf events are not permitted.
 *
 * A command gets the agent preloaded; processes that run get it put in by one short stop of one
 * thread. At the end they stop sampling; the object stays loaded, and idle.
 *
 * SPDX-License-Identifier: MIT
 */
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/attach/agent_host.h"
#include "profiler/attach/proc_tree.h"
#include "profiler/base/arena.h"
#include "profiler/base/clock.h"
#include "profiler/session/agent_notes.h"
#include "profiler/session/agent_reach.h"
#include "profiler/session/agent_samples.h"
#include "profiler/session/agent_totals.h"
#include "profiler/session/record_engine.h"
#include "profiler/trace/ring.h"

/* Rings, of PF_RING_EVENTS a thread, are emptied when half full at the latest. */
enum { WAIT_MS = 250, PROGRESS_MS = 250, STOP_WAIT_MS = 1000 };

/* A ring and an unwind cache for each of 16 384 threads, of which only what is used costs memory.
 */
static const uint64_t work_bytes = UINT64_C(2) << 30;

/* Signal delivery and a walk, measured (bench/handler): 35 frames. */
static const double sample_cost_ns = 2700;

/* Kept by the target from prepare to record. */
struct agent_session {
    struct pf_agent_host host;
    struct pf_agent_samples samples;
    struct pf_agent_reach reach;
    char *agent_path, *invitation, *preload;
    uint64_t next_progress_ns;
};

static bool open_host(struct agent_session *session, uint32_t frequency_hz, struct pf_err *err)
{
    struct pf_region_sizes sizes = pf_region_sizes_default();

    sizes.work_bytes = work_bytes;
    if (!pf_agent_find(&session->agent_path, err)
        || !pf_agent_host_open(&session->host, &sizes, err))
        return false;
    session->host.wants = PF_REGION_CPU;
    session->host.sample_hz = frequency_hz;
    session->invitation = pf_agent_host_invitation(&session->host);
    session->preload = pf_agent_preload(session->agent_path);
    return true;
}

static void close_session(struct agent_session *session)
{
    pf_agent_reach_fini(&session->reach);
    pf_agent_host_close(&session->host);
    free(session->agent_path);
    free(session->invitation);
    free(session->preload);
    free(session);
}

static bool can_agent(const struct pf_record_options *options, struct pf_err *err)
{
    char *path = NULL;

    (void)options;
    if (!pf_agent_find(&path, err))
        return false;
    free(path);
    return true;
}

static bool prepare_agent(const struct pf_record_options *options, struct pf_target *target,
                          struct pf_err *err)
{
    struct agent_session *session = pf_mem_new(1, sizeof *session);

    if (!open_host(session, options->frequency_hz, err)) {
        close_session(session);
        return false;
    }
    target->spawn.env[0] = session->invitation;
    target->spawn.env[1] = session->preload;
    target->engine_state = session;
    return true;
}

static void serve(struct agent_session *session)
{
    pf_agent_host_serve(&session->host);
    pf_agent_host_tick(&session->host);
    pf_agent_samples_drain(&session->samples, &session->host);
}

/* Into every process of the tree; that some refuse is told, that all do is a failure. */
static bool reach_all(struct agent_session *session, const struct pf_record_job *job,
                      struct pf_err *err)
{
    struct pf_pid_list pids = {0};

    session->reach.host = &session->host;
    session->reach.samples = &session->samples;
    session->reach.agent_path = session->agent_path;
    session->reach.invitation = strchr(session->invitation, '=') + 1;
    session->reach.stop_fd = job->options->stop_fd;
    for (uint32_t i = 0; i < job->options->pid_count; i++)
        pf_pid_list_add(&pids, job->options->pids[i]);
    if (!job->options->skip_children)
        pf_proc_tree_grow(&pids);
    bool ok = pf_agent_reach_all(&session->reach, &pids, err);
    pf_pid_list_fini(&pids);
    return ok || job->target->has_command;
}

/* The processes asked for, and what they start. */
static void begin(struct agent_session *session, const struct pf_record_job *job)
{
    pf_agent_samples_begin(&session->samples, &session->host);
    session->reach.deadline_ns = job->deadline_ns;
    for (uint32_t i = 0; i < job->target->process_count; i++)
        pf_pid_list_add(&session->reach.watch.roots, job->target->processes[i].pid);
    session->reach.watch.skip_children = job->options->skip_children;
}

static void tell_progress(struct agent_session *session, const struct pf_record_job *job)
{
    uint64_t now_ns = pf_clock_now_ns();

    if (!job->options->progress || now_ns < session->next_progress_ns)
        return;
    session->next_progress_ns = now_ns + PROGRESS_MS * UINT64_C(1000000);
    struct pf_agent_losses losses = pf_agent_samples_losses(&session->samples);
    struct pf_record_progress progress = {
        .elapsed_s = (double)(now_ns - job->started_ns) / 1e9,
        .samples = session->samples.quality.samples,
        .lost = losses.late + losses.room,
        .processes = session->host.process_count,
    };
    job->options->progress(job->options->progress_to, &progress);
}

static int wait_limit_ms(const struct pf_record_options *options)
{
    int half_full_ms = 1 + (int)(1000 * PF_RING_EVENTS / 2 / options->frequency_hz);

    return half_full_ms < WAIT_MS ? half_full_ms : WAIT_MS;
}

static void collect(struct agent_session *session, struct pf_record_job *job)
{
    int limit_ms = wait_limit_ms(job->options);

    while (!pf_record_job_is_over(job)) {
        struct pollfd wake[] = {{.fd = session->host.poll_fd, .events = POLLIN},
                                {.fd = job->options->stop_fd, .events = POLLIN}};
        (void)poll(wake, 2, pf_record_job_wait_ms(job, limit_ms));
        serve(session);
        pf_agent_reach_late(&session->reach);
        tell_progress(session, job);
    }
    pf_agent_host_stop_sampling(&session->host,
                                pf_clock_now_ns() + STOP_WAIT_MS * UINT64_C(1000000));
    pf_agent_samples_drain(&session->samples, &session->host);
}

static void sum_up(struct agent_session *session, struct pf_record_job *job)
{
    struct pf_summary *summary = job->summary;

    pf_agent_samples_summarise(&session->samples, summary);
    if (summary->target_cpu_ns > 0)
        summary->cost_percent =
            100 * sample_cost_ns * (double)session->samples.stacks / (double)summary->target_cpu_ns;
    pf_record_job_note(job, "time in the kernel shows on the calls that entered it");
    if (session->reach.injected)
        pf_record_job_note(job, "agent put into %u %s, longest stop of a thread %.1f ms",
                           session->reach.injected,
                           session->reach.injected == 1 ? "process" : "processes",
                           (double)session->reach.longest_pause_ns / 1e6);
    pf_agent_watch_finish(&session->reach.watch, &session->host);
    pf_agent_notes(job, &session->samples, &session->reach.watch);
}

static void set_up_profile(struct pf_record_job *job, uint64_t period_ns)
{
    struct pf_profile *profile = job->profile;

    (void)pf_profile_add_value_type(profile, "samples", "count");
    profile->default_value = pf_profile_add_value_type(profile, "cpu", "nanoseconds");
    profile->period_type = profile->value_types[profile->default_value];
    profile->period = (int64_t)period_ns;
}

static bool record_agent(struct pf_record_job *job, struct pf_err *err)
{
    uint64_t period_ns = UINT64_C(1000000000) / job->options->frequency_hz;
    struct agent_session *session = job->target->engine_state;

    set_up_profile(job, period_ns);
    pf_agent_samples_init(&session->samples, job->profile, period_ns, job->options->label_threads);
    bool ok = reach_all(session, job, err) && pf_record_job_start(job, err);
    if (ok) {
        begin(session, job);
        collect(session, job);
        sum_up(session, job);
    }
    pf_agent_samples_fini(&session->samples);
    close_session(session);
    return ok;
}

const struct pf_engine pf_engine_agent = {
    .name = "agent",
    .modes = "cpu",
    .can = can_agent,
    .prepare = prepare_agent,
    .record = record_agent,
};

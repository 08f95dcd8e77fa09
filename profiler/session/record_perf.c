/*
 * The perf engine: get in place, drain and unwind until it is over, sum up.
 *
 * SPDX-License-Identifier: MIT
 */
#include "profiler/session/record_perf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/attach/perf_cost.h"
#include "profiler/base/arena.h"
#include "profiler/base/clock.h"
#include "profiler/session/record_cost.h"
#include "profiler/session/record_coverage.h"
#include "profiler/session/record_replaced.h"

/*
 * Rings: 512 KiB a CPU is what an ordinary user may lock by default; more is asked for first. The
 * pause between drains is bounded so that progress, Ctrl-C and new processes are seen in time.
 */
enum { RING_BYTES_WISH = 2 << 20, WAIT_MS = 250, PROGRESS_MS = 250 };

/*
 * At first and whenever stack copies have grown, drains are close together: every stack cut off
 * before its thread's copies are large enough counts against the profile. Closer than a few samples
 * of a thread they would find nothing and take CPU from the server; and so many samples a thread
 * say that its copies are large enough.
 */
enum { BRISK_PERIODS = 4, BRISK_MS = 500, BRISK_SAMPLES = 32 };

/* Stacks that deepen are cut off until the drain that shows it. */
enum { DRAIN_PERIODS = 64 };

/* Threads shorter than a period are seen by chance or, each having a timer of its own, never. */
enum { UNSEEN_THREADS_MANY = 20 };

/* Nobody else knows how long threads wait. */
static bool refuse_wall(struct pf_err *err)
{
    char *at = strstr(err->text, PF_PERF_OTHERWISE);

    if (at)
        (void)snprintf(at, sizeof err->text - (size_t)(at - err->text),
                       "record CPU time alone (--mode cpu), which the agent can");
    return false;
}

static bool can_perf(const struct pf_record_options *options, struct pf_err *err)
{
    struct pf_perf_access access;

    if (!pf_perf_probe(&access, err))
        return options->mode == PF_RECORD_WALL ? refuse_wall(err) : false;
    return pf_perf_check_rate(options->frequency_hz, err);
}

static void set_up_profile(struct pf_perf_session *session)
{
    struct pf_profile *profile = session->job->profile;

    (void)pf_profile_add_value_type(profile, "samples", "count");
    profile->default_value =
        pf_profile_add_value_type(profile, session->is_wall ? "wall" : "cpu", "nanoseconds");
    profile->period_type = profile->value_types[profile->default_value];
    profile->period = (int64_t)session->period_ns;
}

/* Before it is known what stacks need: whole ones, where so many of them have room. */
static uint32_t first_copy_bytes(const struct pf_perf_rings *rings)
{
    return rings->data_bytes < RING_BYTES_WISH ? PF_STACK_COPY_SPARE : PF_STACK_COPY_FIRST;
}

static bool open_session(struct pf_perf_session *session, struct pf_record_job *job,
                         struct pf_err *err)
{
    const struct pf_record_options *options = job->options;
    struct pf_perf_wish wish = {.frequency_hz = options->frequency_hz,
                                .with_switches = options->mode == PF_RECORD_WALL,
                                .threads_only = options->skip_children};

    session->job = job;
    session->is_wall = options->mode == PF_RECORD_WALL;
    pf_wall_init(&session->wall);
    session->period_ns = UINT64_C(1000000000) / options->frequency_hz;
    if (!pf_perf_probe(&session->access, err)
        || !pf_perf_rings_open(&session->rings, RING_BYTES_WISH, err))
        return false;
    wish.stack_bytes = first_copy_bytes(&session->rings);
    session->interrupt_ns = pf_perf_cost_ns(&session->rings, &session->access, &wish);
    pf_perf_threads_init(&session->threads, &session->rings, &session->access, &wish);
    pf_mapped_objects_init(&session->objects);
    set_up_profile(session);
    pf_people_init(&session->people, job->profile, &session->objects, options->label_threads);
    session->people.period_ns = session->period_ns;
    pf_fold_init(&session->fold, job->profile, &session->objects);
    return true;
}

static void close_session(struct pf_perf_session *session)
{
    pf_wall_fini(&session->wall);
    pf_fold_fini(&session->fold);
    pf_people_fini(&session->people);
    pf_mapped_objects_fini(&session->objects);
    pf_perf_threads_fini(&session->threads);
    pf_perf_rings_close(&session->rings);
    pf_pid_list_fini(&session->processes);
}

void pf_perf_session_drain(struct pf_perf_session *session, bool is_last)
{
    struct pf_event_layout layout = {.has_callchain = session->access.has_kernel};
    struct pf_bytes record;
    struct pf_event event;

    pf_perf_rings_begin(&session->rings, is_last);
    while (pf_perf_rings_next(&session->rings, &record))
        if (pf_event_decode(&event, record, &layout))
            pf_perf_session_take(session, &event);
    pf_perf_rings_end(&session->rings);
    session->drained_ns = pf_clock_now_ns();
}

static uint32_t live_threads(const struct pf_perf_session *session)
{
    return session->is_wide ? session->people.by_tid.count : session->threads.live;
}

static void tell_progress(struct pf_perf_session *session)
{
    const struct pf_record_options *options = session->job->options;
    uint64_t now_ns = pf_clock_now_ns();

    if (!options->progress || now_ns < session->next_progress_ns)
        return;
    session->next_progress_ns = now_ns + PROGRESS_MS * UINT64_C(1000000);
    struct pf_record_progress progress = {
        .elapsed_s = (double)(now_ns - session->job->started_ns) / 1e9,
        .samples = session->quality.samples,
        .lost = session->quality.lost + pf_wide_lost(session),
        .processes = session->people.live_processes,
        .threads = live_threads(session),
        .profile = session->job->profile,
    };
    /* One that has just begun or ended is known by one of its records before the other. */
    if (progress.threads < progress.processes)
        progress.threads = progress.processes;
    options->progress(options->progress_to, &progress);
}

static bool is_brisk(struct pf_perf_session *session)
{
    uint64_t now_ns = pf_clock_now_ns();

    if (session->mended != session->mended_seen || session->brisk_until_ns == 0) {
        session->mended_seen = session->mended;
        session->brisk_until_ns = now_ns + BRISK_MS * UINT64_C(1000000);
        session->brisk_until_samples =
            session->cpu_samples + BRISK_SAMPLES * (UINT64_C(1) + live_threads(session));
    }
    return now_ns < session->brisk_until_ns && session->cpu_samples < session->brisk_until_samples;
}

static int wait_limit_ms(struct pf_perf_session *session)
{
    int period_ms = (int)(session->period_ns / 1000000) + 1;
    int periods = is_brisk(session) ? BRISK_PERIODS : DRAIN_PERIODS;

    if (session->is_wall)
        periods = 1; /* waiting threads are looked at as often as others are sampled */
    return periods * period_ms < WAIT_MS ? periods * period_ms : WAIT_MS;
}

static void collect(struct pf_perf_session *session)
{
    struct pf_record_job *job = session->job;

    session->own_cpu_ns = pf_clock_self_cpu_ns();
    while (!pf_record_job_is_over(job)) {
        pf_perf_rings_wait(&session->rings, job->options->stop_fd,
                           pf_record_job_wait_ms(job, wait_limit_ms(session)));
        pf_perf_session_drain(session, false);
        pf_wide_consider(session);
        if (session->is_wall)
            pf_wall_look(session, pf_clock_now_ns());
        if (pf_clock_now_ns() >= session->next_scan_ns) {
            pf_perf_session_refresh(session);
            pf_perf_session_rescan(session);
        }
        tell_progress(session);
    }
    job->ended_ns = pf_clock_now_ns();
    pf_perf_session_drain(session, true);
    if (session->is_wall)
        pf_wall_finish(session, job->ended_ns);
    session->own_cpu_ns = pf_clock_self_cpu_ns() - session->own_cpu_ns;
}

/* The kernel's share is what the kernel says it is: samples that are missing may be missing because
 * what runs is too short to be sampled. */
static void note_coverage(struct pf_perf_session *session)
{
    struct pf_record_job *job = session->job;
    struct pf_coverage coverage = {.samples = session->cpu_samples + job->summary->lost,
                                   .period_ns = session->period_ns,
                                   .cpu_ns = job->summary->target_cpu_ns};

    if (!session->access.has_kernel)
        coverage.hidden_share = pf_people_system_share(&session->people);
    if (coverage.hidden_share < 0)
        pf_record_job_note(job, "user code only: perf_event_paranoid=%d hides the kernel's share",
                           session->access.paranoid);
    else if (!session->access.has_kernel)
        pf_record_job_note(job,
                           "user code only: perf_event_paranoid=%d hides the kernel's share, about "
                           "%.0f %% of the CPU time",
                           session->access.paranoid, 100 * coverage.hidden_share);
    if (!session->is_wide) /* whole CPUs see what is short, too, from when they are sampled */
        pf_coverage_note(&coverage, job);
}

static const char *plural(uint32_t count)
{
    return count == 1 ? "" : "s";
}

static void note_limits(struct pf_perf_session *session)
{
    struct pf_record_job *job = session->job;

    note_coverage(session);
    if (!session->is_wide && session->unseen_threads >= UNSEEN_THREADS_MANY)
        pf_record_job_note(job, "%u threads ended without a sample: raise -F",
                           session->unseen_threads);
    if (session->wide.since_ns > job->started_ns)
        pf_record_job_note(job,
                           "whole CPUs sampled since second %.1f: threads end before events of "
                           "their own would sample them",
                           (double)(session->wide.since_ns - job->started_ns) / 1e9);
    else if (session->is_wide)
        pf_record_job_note(job, "whole CPUs sampled: more threads than descriptors");
    if (session->missed_threads)
        pf_record_job_note(job,
                           "%u thread%s not sampled: the limit of open files is reached (raise "
                           "ulimit -n)",
                           session->missed_threads, plural(session->missed_threads));
    if (session->denied_threads)
        pf_record_job_note(job, "%u thread%s not sampled: another user's", session->denied_threads,
                           plural(session->denied_threads));
    pf_record_note_replaced(job, &session->objects);
}

static double estimate_cost(const struct pf_perf_session *session)
{
    const struct pf_summary *summary = session->job->summary;
    struct pf_record_cost cost = {
        .interrupts = session->cpu_samples + summary->lost,
        .interrupt_ns = session->interrupt_ns,
        .target_cpu_ns = summary->target_cpu_ns,
        .own_cpu_ns = session->own_cpu_ns,
        .duration_ns = session->job->ended_ns - session->job->started_ns,
        .cpus = session->rings.count,
    };

    return pf_cost_percent(&cost);
}

static void sum_up(struct pf_perf_session *session)
{
    struct pf_summary *summary = session->job->summary;
    uint64_t kernel_lost = pf_perf_threads_lost(&session->threads);

    if (kernel_lost > session->quality.lost)
        session->quality.lost = kernel_lost;
    session->quality.lost += pf_wide_sum_lost(session);
    pf_quality_summarise(&session->quality, &session->objects, summary);
    pf_people_summarise(&session->people, summary);
    pf_people_read_clocks(&session->people);
    summary->target_cpu_ns =
        session->is_wide ? pf_people_cpu_ns(&session->people)
                         : pf_perf_threads_cpu_ns(&session->threads) - session->before_cpu_ns;
    summary->cost_percent = estimate_cost(session);
    note_limits(session);
}

/* Opening the events of ten thousand threads takes long, and those opened first sample already: the
 * recording is what comes after. */
static void begin(struct pf_perf_session *session)
{
    session->is_begun = true;
    session->before_cpu_ns = pf_perf_threads_cpu_ns(&session->threads);
    pf_people_begin(&session->people);
    pf_wall_begin(&session->wall, pf_clock_now_ns());
}

static bool record_perf(struct pf_record_job *job, struct pf_err *err)
{
    struct pf_perf_session *session = pf_mem_new(1, sizeof *session);
    bool ok = open_session(session, job, err);

    ok = ok && pf_perf_session_attach(session, err);
    if (ok)
        begin(session);
    ok = ok && pf_record_job_start(job, err);
    if (ok) {
        collect(session);
        sum_up(session);
    }
    close_session(session);
    free(session);
    return ok;
}

const struct pf_engine pf_engine_perf = {
    .name = "perf",
    .modes = "cpu wall",
    .can = can_perf,
    .record = record_perf,
};

/* SPDX-License-Identifier: MIT */
#include "profiler/session/record_wide.h"

#include "profiler/base/clock.h"
#include "profiler/session/record_perf.h"

/*
 * A thread that ends unsampled has used up to a period. In sum, 2 % of a CPU that may be hidden so
 * are worth the dearer events; a few threads that did nothing are not.
 */
enum { WINDOW_MS = 1000, HIDDEN_ONE_IN = 50, UNSEEN_MIN = 4 };

/* Closing the events of many threads takes long, and the CPUs' fill the rings. */
enum { DRAIN_MS = 5 };

static uint32_t count_threads(const struct pf_perf_session *session)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < session->processes.count; i++) {
        struct pf_pid_list threads = {0};
        (void)pf_proc_threads(&threads, session->processes.at[i]);
        count += threads.count;
        pf_pid_list_fini(&threads);
    }
    return count;
}

static bool open_cpus(struct pf_perf_session *session)
{
    if (pf_perf_threads_open_cpus(&session->threads) != 0) {
        session->wide.is_allowed = false;
        return false;
    }
    session->wide.since_ns = pf_clock_now_ns();
    session->is_wide = true;
    return true;
}

bool pf_wide_begins(struct pf_perf_session *session)
{
    session->wide.is_allowed = !session->is_wall && session->access.has_all;
    return session->wide.is_allowed
           && !pf_perf_threads_has_room(&session->threads, count_threads(session))
           && open_cpus(session);
}

void pf_wide_count_unseen(struct pf_perf_session *session, uint64_t time_ns)
{
    struct pf_record_wide *wide = &session->wide;

    if (time_ns > wide->window_end_ns) {
        wide->window_end_ns = time_ns + WINDOW_MS * UINT64_C(1000000);
        wide->window_unseen = 0;
    }
    wide->window_unseen++;
}

static bool is_needed(const struct pf_perf_session *session)
{
    const struct pf_record_wide *wide = &session->wide;

    if (!wide->is_allowed || session->is_wide)
        return false;
    return session->missed_threads > 0
           || (wide->window_unseen >= UNSEEN_MIN
               && wide->window_unseen * session->period_ns
                      >= WINDOW_MS * UINT64_C(1000000) / HIDDEN_ONE_IN);
}

void pf_wide_consider(struct pf_perf_session *session)
{
    if (!is_needed(session) || !open_cpus(session))
        return;
    session->missed_threads = 0;
    while (pf_perf_threads_close_some(&session->threads))
        if (pf_clock_now_ns() - session->drained_ns > DRAIN_MS * UINT64_C(1000000))
            pf_perf_session_drain(session, false);
    pf_perf_session_rescan(session);
}

/* Is it one of ours? A child is, if its parent is. */
static bool concerns_us(const struct pf_perf_session *session, const struct pf_event *event)
{
    if (event->kind == PF_EVENT_LOST)
        return true; /* nobody knows whose */
    if (event->kind == PF_EVENT_FORK)
        return pf_people_has(&session->people, event->task.parent_pid);
    return pf_people_has(&session->people, event->pid);
}

static bool is_of_its_time(const struct pf_perf_session *session, const struct pf_event *event)
{
    bool is_of_cpu = event->event_id >= session->threads.cpus_first_id;

    return is_of_cpu == (event->time_ns >= session->wide.since_ns);
}

bool pf_wide_takes(struct pf_perf_session *session, const struct pf_event *event)
{
    if (!session->is_wide)
        return true;
    bool is_ours = concerns_us(session, event);
    if (event->kind != PF_EVENT_SAMPLE)
        return is_ours;
    if (!is_of_its_time(session, event))
        return false;
    if (event->time_ns < session->wide.since_ns)
        return true;
    session->wide.kept += is_ours;
    session->wide.dropped += !is_ours;
    return is_ours;
}

static uint64_t share_of(const struct pf_record_wide *wide, uint64_t lost)
{
    uint64_t all = wide->kept + wide->dropped;

    return all ? (uint64_t)(((double)lost * (double)wide->kept + (double)all - 1) / (double)all)
               : lost;
}

uint64_t pf_wide_lost(const struct pf_perf_session *session)
{
    return share_of(&session->wide, session->wide.lost);
}

uint64_t pf_wide_sum_lost(struct pf_perf_session *session)
{
    struct pf_record_wide *wide = &session->wide;
    uint64_t counted = pf_perf_threads_cpus_lost(&session->threads);

    if (counted > wide->lost)
        wide->lost = counted;
    uint64_t ours = share_of(wide, wide->lost);
    if (ours != wide->lost)
        pf_record_job_note(session->job,
                           "%llu samples were lost on all CPUs, whoever ran there: %llu count as "
                           "the target's, its share of those that came",
                           (unsigned long long)wide->lost, (unsigned long long)ours);
    return ours;
}

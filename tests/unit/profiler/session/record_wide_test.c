/* SPDX-License-Identifier: MIT */
#include "profiler/session/record_wide.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <unistd.h>

#include "profiler/session/record_perf.h"

enum { OF_THREAD = 50, OF_CPU = 100, BEFORE = 900, SINCE = 1000, NOBODY = 1 << 29 };

static struct pf_profile profile;
static struct pf_perf_session *session;

/* A recording of ourselves that went over at SINCE. */
static void set_up(void)
{
    session = calloc(1, sizeof *session);
    pf_profile_init(&profile);
    pf_mapped_objects_init(&session->objects);
    pf_people_init(&session->people, &profile, &session->objects, false);
    cr_assert_not_null(pf_people_process(&session->people, getpid()));
    session->is_wide = true;
    session->wide.since_ns = SINCE;
    session->threads.cpus_first_id = OF_CPU;
}

static void tear_down(void)
{
    pf_people_fini(&session->people);
    pf_mapped_objects_fini(&session->objects);
    pf_profile_fini(&profile);
    free(session);
}

TestSuite(record_wide, .init = set_up, .fini = tear_down);

static bool takes(enum pf_event_kind kind, pid_t pid, uint64_t event_id, uint64_t time_ns)
{
    struct pf_event event = {
        .kind = kind, .pid = pid, .tid = pid, .event_id = event_id, .time_ns = time_ns};

    event.task.parent_pid = pid;
    return pf_wide_takes(session, &event);
}

Test(record_wide, each_moment_is_sampled_by_one_kind_of_event)
{
    cr_expect(takes(PF_EVENT_SAMPLE, getpid(), OF_THREAD, BEFORE));
    cr_expect_not(takes(PF_EVENT_SAMPLE, getpid(), OF_CPU, BEFORE));
    cr_expect_not(takes(PF_EVENT_SAMPLE, getpid(), OF_THREAD, SINCE));
    cr_expect(takes(PF_EVENT_SAMPLE, getpid(), OF_CPU, SINCE));
    cr_expect(takes(PF_EVENT_SAMPLE, getpid(), OF_CPU + 7, SINCE + 1));
    cr_expect_eq(session->wide.kept, 2u);
    cr_expect_eq(session->wide.dropped, 0u);
}

Test(record_wide, others_on_these_cpus_are_dropped_and_counted)
{
    cr_expect_not(takes(PF_EVENT_SAMPLE, NOBODY, OF_CPU, SINCE));
    cr_expect_not(takes(PF_EVENT_MMAP, NOBODY, OF_CPU, SINCE));
    cr_expect_not(takes(PF_EVENT_FORK, NOBODY, OF_CPU, SINCE));
    cr_expect_not(takes(PF_EVENT_THROTTLE, NOBODY, OF_CPU, SINCE));
    cr_expect_eq(session->wide.dropped, 1u);
}

Test(record_wide, what_is_said_of_the_target_counts_whoever_says_it)
{
    static const enum pf_event_kind kinds[] = {PF_EVENT_FORK, PF_EVENT_MMAP, PF_EVENT_COMM,
                                               PF_EVENT_EXIT, PF_EVENT_LOST};

    for (unsigned i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        cr_expect(takes(kinds[i], getpid(), OF_THREAD, SINCE + 1));
        cr_expect(takes(kinds[i], getpid(), OF_CPU, BEFORE));
    }
    cr_expect(takes(PF_EVENT_LOST, NOBODY, OF_CPU, SINCE));
}

Test(record_wide, with_an_event_a_thread_everything_is_the_targets)
{
    session->is_wide = false;
    cr_expect(takes(PF_EVENT_SAMPLE, NOBODY, OF_THREAD, SINCE));
    cr_expect_eq(session->wide.kept, 0u);
}

Test(record_wide, of_what_was_lost_the_targets_share_counts)
{
    struct pf_record_wide *wide = &session->wide;

    wide->lost = 10;
    cr_expect_eq(pf_wide_lost(session), 10u, "nothing came: all may have been ours");
    wide->kept = 30;
    wide->dropped = 70;
    cr_expect_eq(pf_wide_lost(session), 3u);
    wide->lost = 1;
    cr_expect_eq(pf_wide_lost(session), 1u, "rounded up");
    wide->lost = 0;
    cr_expect_eq(pf_wide_lost(session), 0u);
}

Test(record_wide, a_window_of_unsampled_ends_begins_anew_after_a_second)
{
    const uint64_t second_ns = 1000000000;

    for (unsigned i = 0; i < 3; i++)
        pf_wide_count_unseen(session, second_ns + i);
    cr_expect_eq(session->wide.window_unseen, 3u);
    pf_wide_count_unseen(session, 3 * second_ns);
    cr_expect_eq(session->wide.window_unseen, 1u);
}

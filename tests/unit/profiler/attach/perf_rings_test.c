/*
 * The real kernel: this process samples itself through the rings. Skipped where perf events are not
 * permitted at all.
 *
 * SPDX-License-Identifier: MIT
 */
#include "profiler/attach/perf_rings.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "profiler/attach/perf_access.h"
#include "profiler/attach/perf_threads.h"
#include "profiler/base/clock.h"
#include "profiler/drain/perf_record.h"

struct rig {
    struct pf_perf_access access;
    struct pf_perf_rings rings;
    struct pf_perf_threads threads;
};

static void set_up_at(struct rig *rig, uint32_t stack_bytes, uint32_t hz)
{
    struct pf_err err = {0};
    struct pf_perf_wish wish = {.frequency_hz = hz, .stack_bytes = stack_bytes};

    memset(rig, 0, sizeof *rig);
    if (!pf_perf_probe(&rig->access, &err))
        cr_skip_test("%s", err.text);
    cr_assert(pf_perf_rings_open(&rig->rings, 512 << 10, &err), "%s", err.text);
    pf_perf_threads_init(&rig->threads, &rig->rings, &rig->access, &wish);
}

static void set_up(struct rig *rig, uint32_t stack_bytes)
{
    set_up_at(rig, stack_bytes, 1000);
}

static void tear_down(struct rig *rig)
{
    pf_perf_threads_fini(&rig->threads);
    pf_perf_rings_close(&rig->rings);
}

static void burn_ms(unsigned ms)
{
    struct timespec now;
    uint64_t end_ns = 0;

    do {
        for (volatile unsigned i = 0; i < 20000; i++) /* in user code: others may not see more */
            ;
        (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
        uint64_t now_ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
        end_ns = end_ns ? end_ns : now_ns + ms * UINT64_C(1000000);
        if (now_ns >= end_ns)
            return;
    } while (true);
}

struct seen {
    uint32_t samples, forks, exits, out_of_order;
    uint32_t by_threads, by_cpus; /* samples of ours, by whose event */
    uint64_t last_ns;
};

static struct seen drain(struct rig *rig)
{
    struct pf_event_layout layout = {.has_callchain = rig->access.has_kernel};
    struct seen seen = {0};
    struct pf_bytes record;
    struct pf_event event;

    pf_perf_rings_begin(&rig->rings, true);
    while (pf_perf_rings_next(&rig->rings, &record)) {
        cr_assert(pf_event_decode(&event, record, &layout));
        seen.samples += event.kind == PF_EVENT_SAMPLE && event.sample.stack.size > 0
                        && event.sample.regs.at[PF_REG_PC] != 0;
        if (event.kind == PF_EVENT_SAMPLE && event.pid == getpid()) {
            bool is_of_cpu =
                rig->threads.cpus_first_id && event.event_id >= rig->threads.cpus_first_id;
            seen.by_cpus += is_of_cpu;
            seen.by_threads += !is_of_cpu;
        }
        seen.forks += event.kind == PF_EVENT_FORK;
        seen.exits += event.kind == PF_EVENT_EXIT;
        if (event.kind == PF_EVENT_FORK)
            pf_perf_threads_forked(&rig->threads, event.task.parent_tid, event.pid, event.tid);
        if (event.kind == PF_EVENT_EXIT)
            pf_perf_threads_exited(&rig->threads, event.tid);
        seen.out_of_order += event.time_ns < seen.last_ns;
        seen.last_ns = event.time_ns;
    }
    pf_perf_rings_end(&rig->rings);
    return seen;
}

Test(perf_rings, samples_of_ourselves_arrive_in_order)
{
    struct rig rig;

    set_up(&rig, 8192);
    cr_assert_eq(pf_perf_threads_open(&rig.threads, getpid(), getpid()), PF_PERF_OPENED);
    burn_ms(100);

    struct seen seen = drain(&rig);
    cr_expect_gt(seen.samples, 3u); /* 100 were due; a busy machine throttles */
    cr_expect_eq(seen.out_of_order, 0u);
    cr_expect_gt(pf_perf_threads_cpu_ns(&rig.threads), 50000000u);
    tear_down(&rig);
}

static void *burn_thread(void *unused)
{
    (void)unused;
    burn_ms(30);
    return NULL;
}

Test(perf_rings, threads_started_later_are_sampled_and_forgotten)
{
    struct rig rig;
    pthread_t thread;

    set_up(&rig, 8192);
    cr_assert_eq(pf_perf_threads_open(&rig.threads, getpid(), getpid()), PF_PERF_OPENED);
    cr_assert_eq(pthread_create(&thread, NULL, burn_thread, NULL), 0);
    (void)pthread_join(thread, NULL);

    struct seen seen = drain(&rig);
    cr_expect_eq(seen.forks, 1u);
    cr_expect_eq(seen.exits, 1u);
    cr_expect_gt(seen.samples, 0u);
    cr_expect_eq(rig.threads.live, 1u);
    tear_down(&rig);
}

/* Of the one root that is open. */
static uint32_t copy_bytes(const struct rig *rig)
{
    for (uint32_t i = 0; i < rig->threads.root_count; i++)
        if (rig->threads.roots[i].fds)
            return rig->threads.roots[i].stack_bytes;
    return 0;
}

/* More than are asked for before copies are made smaller. */
enum { MANY_SAMPLES = 300, MANY_MORE = 14 };

static void count_samples(struct rig *rig, uint32_t used_bytes)
{
    for (uint32_t i = 0; i < MANY_SAMPLES; i++)
        cr_assert_not(
            pf_perf_threads_count_sample(&rig->threads, getpid(), copy_bytes(rig), used_bytes));
}

Test(perf_rings, small_stacks_get_smaller_copies_and_after_a_cut_not_soon_again)
{
    struct rig rig;

    set_up(&rig, PF_STACK_COPY_FIRST);
    cr_assert_eq(pf_perf_threads_open(&rig.threads, getpid(), getpid()), PF_PERF_OPENED);
    count_samples(&rig, PF_STACK_COPY_LEAST / 2);
    cr_expect_eq(copy_bytes(&rig), (uint32_t)PF_STACK_COPY_LEAST);
    (void)drain(&rig);
    burn_ms(50);
    cr_expect_gt(drain(&rig).samples, 3u, "it is sampled no more");

    cr_expect(pf_perf_threads_count_sample(&rig.threads, getpid(), copy_bytes(&rig), PF_STACK_CUT));
    cr_expect_eq(copy_bytes(&rig), (uint32_t)PF_STACK_COPY_FIRST);
    count_samples(&rig, PF_STACK_COPY_LEAST / 2);
    cr_expect_eq(copy_bytes(&rig), (uint32_t)PF_STACK_COPY_FIRST, "as soon again");
    for (uint32_t i = 0; i < MANY_MORE; i++)
        count_samples(&rig, PF_STACK_COPY_LEAST / 2);
    cr_expect_eq(copy_bytes(&rig), (uint32_t)PF_STACK_COPY_LEAST);
    cr_expect_eq(rig.threads.open_roots, 1u);
    tear_down(&rig);
}

Test(perf_rings, copies_are_larger_than_the_largest_stack_and_not_small_at_a_low_rate)
{
    struct rig rig;

    set_up(&rig, PF_STACK_COPY_FIRST);
    cr_assert_eq(pf_perf_threads_open(&rig.threads, getpid(), getpid()), PF_PERF_OPENED);
    (void)pf_perf_threads_count_sample(&rig.threads, getpid(), copy_bytes(&rig),
                                       PF_STACK_COPY_LEAST / 3 * 2 + 8);
    count_samples(&rig, 100);
    cr_expect_eq(copy_bytes(&rig), (uint32_t)PF_STACK_COPY_LEAST * 2);
    tear_down(&rig);

    set_up(&rig, PF_STACK_COPY_FIRST);
    cr_assert_eq(pf_perf_threads_open(&rig.threads, getpid(), getpid()), PF_PERF_OPENED);
    (void)pf_perf_threads_count_sample(&rig.threads, getpid(), copy_bytes(&rig),
                                       PF_STACK_COPY_FIRST / 3 * 2 + 8);
    count_samples(&rig, 100);
    cr_expect_eq(copy_bytes(&rig), (uint32_t)PF_STACK_COPY_FIRST);
    tear_down(&rig);

    set_up_at(&rig, PF_STACK_COPY_FIRST, 99);
    cr_assert_eq(pf_perf_threads_open(&rig.threads, getpid(), getpid()), PF_PERF_OPENED);
    count_samples(&rig, 100);
    cr_expect_eq(copy_bytes(&rig), (uint32_t)PF_STACK_COPY_SPARE);
    tear_down(&rig);
}

Test(perf_rings, what_was_cut_before_copies_grew_does_not_make_them_grow)
{
    struct rig rig;

    set_up(&rig, PF_STACK_COPY_FIRST);
    cr_assert_eq(pf_perf_threads_open(&rig.threads, getpid(), getpid()), PF_PERF_OPENED);
    cr_expect_not(
        pf_perf_threads_count_sample(&rig.threads, getpid(), PF_STACK_COPY_LEAST, PF_STACK_CUT));
    cr_expect_eq(copy_bytes(&rig), (uint32_t)PF_STACK_COPY_FIRST);
    tear_down(&rig);
}

Test(perf_rings, a_thread_whose_stacks_are_cut_gets_larger_copies)
{
    struct rig rig;

    set_up(&rig, 8192);
    cr_assert_eq(pf_perf_threads_open(&rig.threads, getpid(), getpid()), PF_PERF_OPENED);
    cr_expect_not(pf_perf_threads_count_sample(&rig.threads, getpid(), copy_bytes(&rig), 1000));
    cr_expect(pf_perf_threads_count_sample(&rig.threads, getpid(), copy_bytes(&rig), PF_STACK_CUT));
    cr_expect_eq(rig.threads.live, 1u);
    cr_expect_eq(rig.threads.open_roots, 1u);

    for (uint32_t i = 0; i < 10; i++)
        (void)pf_perf_threads_count_sample(&rig.threads, getpid(), copy_bytes(&rig), PF_STACK_CUT);
    cr_expect_eq(copy_bytes(&rig), (uint32_t)PF_STACK_COPY_MAX);
    (void)drain(&rig);
    burn_ms(50);
    cr_expect_gt(drain(&rig).samples, 3u);
    tear_down(&rig);
}

Test(perf_rings, whole_cpus_take_over_and_their_records_are_told_apart)
{
    struct rig rig;

    set_up(&rig, 8192);
    if (!rig.access.has_all)
        cr_skip_test("whole CPUs may not be sampled here");
    cr_assert_eq(pf_perf_threads_open(&rig.threads, getpid(), getpid()), PF_PERF_OPENED);
    cr_assert(pf_perf_threads_count_sample(&rig.threads, getpid(), 8192, PF_STACK_CUT));
    burn_ms(30);
    cr_assert_eq(pf_perf_threads_open_cpus(&rig.threads), 0);
    struct seen before = drain(&rig);
    burn_ms(30);
    struct seen both = drain(&rig);
    uint32_t rounds = 0;
    while (pf_perf_threads_close_some(&rig.threads))
        rounds++;
    (void)drain(&rig);
    burn_ms(30);
    struct seen after = drain(&rig);

    cr_expect_gt(before.by_threads, 0u);
    cr_expect_gt(both.by_threads, 0u);
    cr_expect_gt(both.by_cpus, 0u);
    cr_expect_eq(rounds, 1u);
    cr_expect_eq(after.by_threads, 0u);
    cr_expect_gt(after.by_cpus, 0u);
    /* The largest copy any thread was found to need goes on. */
    cr_expect_eq(rig.threads.wish.stack_bytes, 16384u);
    cr_expect_gt(pf_perf_threads_cpu_ns(&rig.threads), 20000000u);
    cr_expect_eq(pf_perf_threads_open(&rig.threads, getpid(), getpid()), PF_PERF_OPENED);
    tear_down(&rig);
}

Test(perf_rings, a_thread_that_is_gone_is_told_apart)
{
    struct rig rig;

    set_up(&rig, 8192);
    cr_expect_eq(pf_perf_threads_open(&rig.threads, 1 << 29, 1 << 29), PF_PERF_GONE);
    cr_expect_eq(rig.threads.live, 0u);
    tear_down(&rig);
}

Test(perf_rings, a_rate_beyond_the_kernels_is_refused_by_name)
{
    struct pf_err err = {0};

    cr_expect_not(pf_perf_check_rate(100000000, &err));
    cr_expect_eq(err.code, PF_ERR_LIMIT);
    cr_expect_not_null(strstr(err.text, "perf_event_max_sample_rate"));
}

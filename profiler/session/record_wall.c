/* SPDX-License-Identifier: MIT */
#include "profiler/session/record_wall.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/attach/wait_place.h"
#include "profiler/base/arena.h"
#include "profiler/base/clock.h"
#include "profiler/session/record_perf.h"

/*
 * A round of looks is bounded, so that ten thousand sleepers are met over several rounds rather
 * than stall the drain. A waiting stack is read in one piece, a second and larger one if that ends
 * too early.
 */
enum { LOOKS_A_ROUND = 256, THREADS_FIRST = 64, COPY_FIRST = 8 << 10, COPY_MAX = 64 << 10 };

void pf_wall_init(struct pf_record_wall *wall)
{
    *wall = (struct pf_record_wall){.free = PF_TID_NONE};
}

void pf_wall_fini(struct pf_record_wall *wall)
{
    free(wall->threads);
    pf_tid_map_fini(&wall->by_tid);
    memset(wall, 0, sizeof *wall);
}

static struct pf_wall_thread *find(const struct pf_record_wall *wall, pid_t tid)
{
    uint32_t index = pf_tid_map_find(&wall->by_tid, tid);

    return index == PF_TID_NONE ? NULL : &wall->threads[index];
}

static uint32_t take_slot(struct pf_record_wall *wall)
{
    uint32_t index = wall->free;

    if (wall->threads && index != PF_TID_NONE) {
        wall->free = wall->threads[index].next_free;
        return index;
    }
    if (wall->count == wall->capacity) {
        wall->capacity = wall->capacity ? wall->capacity * 2 : THREADS_FIRST;
        wall->threads = pf_mem_resize(wall->threads, wall->capacity, sizeof *wall->threads);
    }
    return wall->count++;
}

static uint64_t not_before(uint64_t time_ns, uint64_t begun_ns)
{
    return time_ns > begun_ns ? time_ns : begun_ns;
}

void pf_wall_begin(struct pf_record_wall *wall, uint64_t time_ns)
{
    wall->begun_ns = time_ns;
    for (uint32_t i = 0; i < wall->count; i++) {
        struct pf_wall_thread *thread = &wall->threads[i];
        thread->off_since_ns = not_before(thread->off_since_ns, time_ns);
        if (thread->on_since_ns)
            thread->on_since_ns = not_before(thread->on_since_ns, time_ns);
        thread->unmet_ns = thread->runnable_ns = thread->on_ns = 0;
    }
}

void pf_wall_started(struct pf_perf_session *session, pid_t pid, pid_t tid, uint64_t time_ns,
                     bool is_new)
{
    struct pf_record_wall *wall = &session->wall;

    if (find(wall, tid))
        pf_wall_exited(session, tid, time_ns);
    uint32_t index = take_slot(wall);
    wall->threads[index] =
        (struct pf_wall_thread){.pid = pid,
                                .tid = tid,
                                .is_off = true,
                                .is_runnable = is_new,
                                .off_since_ns = not_before(time_ns, wall->begun_ns),
                                .last_stack = PF_NONE};
    pf_tid_map_put(&wall->by_tid, tid, index);
}

static void add_time(struct pf_perf_session *session, uint32_t stack, uint32_t labels, uint64_t ns)
{
    int64_t values[] = {(int64_t)((ns + session->period_ns / 2) / session->period_ns), (int64_t)ns};

    if (ns > 0 && session->wall.begun_ns)
        (void)pf_profile_add(session->job->profile, stack, labels, values);
}

static uint32_t labels_of(struct pf_perf_session *session, const struct pf_wall_thread *thread,
                          const char *state)
{
    struct pf_record_thread *person = pf_people_thread(&session->people, thread->pid, thread->tid);

    return person ? pf_people_labels(&session->people, person, state) : PF_NONE;
}

static void flush_runnable(struct pf_perf_session *session, struct pf_wall_thread *thread)
{
    if (thread->runnable_ns == 0)
        return;
    uint32_t leaf = pf_fold_named(&session->fold, "[waiting: for a CPU]");
    add_time(session, pf_fold_on_top(&session->fold, leaf, thread->last_stack),
             labels_of(session, thread, "runnable"), thread->runnable_ns);
    thread->runnable_ns = 0;
}

/* The time of waits too short to be met, shared out as looks met this thread; all of it to its last
 * stack if none did. */
static void flush_unmet(struct pf_perf_session *session, struct pf_wall_thread *thread)
{
    uint64_t all = 0;
    uint64_t left_ns = thread->unmet_ns;

    for (uint32_t i = 0; i < thread->hit_count; i++)
        all += thread->hits[i].hits;
    for (uint32_t i = 0; i < thread->hit_count; i++) {
        const struct pf_wall_hit *hit = &thread->hits[i];
        uint64_t share_ns = (uint64_t)((double)thread->unmet_ns * (double)hit->hits / (double)all);
        if (i + 1 == thread->hit_count || share_ns > left_ns)
            share_ns = left_ns;
        add_time(session, hit->stack, hit->labels, share_ns);
        left_ns -= share_ns;
    }
    if (left_ns > 0) {
        uint32_t leaf = pf_fold_named(&session->fold, "[waiting: too short to see where]");
        add_time(session, pf_fold_on_top(&session->fold, leaf, thread->last_stack),
                 labels_of(session, thread, "other"), left_ns);
    }
    thread->unmet_ns = 0;
}

/*
 * What a thread ran shows in its switches even where no sample shows it. Of one that is sampled
 * less than a period is what follows its last sample. Of one that is not, less than a period was
 * too short; more of it is in the kernel, where there is no right to sample that.
 */
static void flush_unsampled(struct pf_perf_session *session, const struct pf_wall_thread *thread)
{
    bool is_short = thread->on_ns < thread->sampled_ns + session->period_ns;

    if (thread->on_ns <= thread->sampled_ns || (is_short && thread->sampled_ns > 0))
        return;
    uint32_t leaf = pf_fold_named(&session->fold, is_short || session->access.has_kernel
                                                      ? "[running: not sampled]"
                                                      : "[running in the kernel: not to be seen]");
    add_time(session, pf_fold_on_top(&session->fold, leaf, PF_NONE),
             labels_of(session, thread, "running"), thread->on_ns - thread->sampled_ns);
}

/* The wait that ends now. A look that came after its end met a later one. */
static void enter_wait(struct pf_perf_session *session, struct pf_wall_thread *thread,
                       uint64_t time_ns)
{
    uint64_t ns = time_ns > thread->off_since_ns ? time_ns - thread->off_since_ns : 0;

    if (thread->is_runnable)
        thread->runnable_ns += ns;
    else if (thread->is_looked && thread->looked_ns <= time_ns)
        add_time(session, thread->stack, thread->labels, ns);
    else
        thread->unmet_ns += ns;
    thread->is_off = false;
    thread->is_looked = false;
}

static void add_run(struct pf_wall_thread *thread, uint64_t time_ns)
{
    if (thread->on_since_ns && time_ns > thread->on_since_ns)
        thread->on_ns += time_ns - thread->on_since_ns;
    thread->on_since_ns = 0;
}

void pf_wall_switched(struct pf_perf_session *session, const struct pf_event *event)
{
    struct pf_wall_thread *thread = find(&session->wall, event->tid);
    uint64_t time_ns = not_before(event->time_ns, session->wall.begun_ns);

    if (!thread)
        return;
    if (!event->sched.is_out) {
        if (thread->is_off)
            enter_wait(session, thread, time_ns);
        thread->on_since_ns = time_ns;
        return;
    }
    add_run(thread, time_ns);
    thread->is_off = true;
    thread->is_runnable = event->sched.is_preempted;
    thread->is_looked = false;
    thread->off_since_ns = time_ns;
}

void pf_wall_sampled(struct pf_perf_session *session, pid_t tid, uint32_t stack)
{
    struct pf_wall_thread *thread = find(&session->wall, tid);

    if (!thread)
        return;
    if (thread->last_stack != stack)
        flush_runnable(session, thread);
    thread->last_stack = stack;
    thread->sampled_ns += session->period_ns;
}

void pf_wall_exited(struct pf_perf_session *session, pid_t tid, uint64_t time_ns)
{
    struct pf_record_wall *wall = &session->wall;
    struct pf_wall_thread *thread = find(wall, tid);

    if (!thread)
        return;
    if (thread->is_off)
        enter_wait(session, thread, time_ns);
    add_run(thread, time_ns);
    flush_runnable(session, thread);
    flush_unmet(session, thread);
    flush_unsampled(session, thread);
    pf_tid_map_remove(&wall->by_tid, tid);
    *thread = (struct pf_wall_thread){.next_free = wall->free};
    wall->free = (uint32_t)(thread - wall->threads);
}

void pf_wall_forget(struct pf_perf_session *session)
{
    for (uint32_t i = 0; i < session->wall.count; i++)
        session->wall.threads[i].is_off = false;
    for (uint32_t i = 0; i < session->wall.count; i++)
        session->wall.threads[i].on_since_ns = 0;
}

static void count_hit(struct pf_wall_thread *thread)
{
    for (uint32_t i = 0; i < thread->hit_count; i++)
        if (thread->hits[i].stack == thread->stack && thread->hits[i].labels == thread->labels) {
            thread->hits[i].hits++;
            return;
        }
    if (thread->hit_count < PF_WALL_HITS_MAX)
        thread->hits[thread->hit_count++] = (struct pf_wall_hit){thread->stack, thread->labels, 1};
}

static void unwind_wait(struct pf_perf_session *session, struct pf_record_process *process,
                        const struct pf_wait_place *place, struct pf_trail *trail)
{
    static const size_t sizes[] = {COPY_FIRST, COPY_MAX};
    struct pf_regs regs;

    pf_wait_place_regs(place, &regs);
    for (unsigned i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        size_t got =
            pf_remote_read(process->pid, place->stack_pointer, session->stack_copy, sizes[i]);
        pf_perf_session_unwind(session, process, &regs, (struct pf_bytes){session->stack_copy, got},
                               trail);
        if (trail->is_rooted || trail->lost != PF_LOST_OUT_OF_BYTES || got < sizes[i])
            return;
    }
}

/* Where it waits, as a stack of the profile. */
static uint32_t enter_place(struct pf_perf_session *session, struct pf_record_process *process,
                            const struct pf_wait_place *place, uint32_t last_stack)
{
    char text[96];
    struct pf_trail trail = {.lost = PF_LOST_NO_CODE, .lost_object = UINT32_MAX};

    (void)snprintf(text, sizeof text, "[waiting: %s]", pf_wait_place_name(place));
    uint32_t leaf = pf_fold_named(&session->fold, text);
    if (!place->has_stack) {
        pf_quality_count(&session->quality, &trail);
        return pf_fold_on_top(&session->fold, leaf, last_stack);
    }
    unwind_wait(session, process, place, &trail);
    pf_quality_count(&session->quality, &trail);
    struct pf_fold_frames frames = {.leaf = leaf, .trail = &trail, .space = &process->space};
    return pf_fold_stack(&session->fold, &frames);
}

static void look_at(struct pf_perf_session *session, struct pf_wall_thread *thread)
{
    struct pf_wait_place place;

    if (!pf_wait_place_read(&place, thread->pid, thread->tid) || place.is_running)
        return;
    struct pf_record_process *process = pf_people_process(&session->people, thread->pid);
    if (!process)
        return;
    process->samples++;
    thread->stack = enter_place(session, process, &place, thread->last_stack);
    thread->labels = labels_of(session, thread, pf_wait_place_state(&place));
    thread->is_looked = true;
    thread->looked_ns = pf_clock_now_ns();
    count_hit(thread);
}

void pf_wall_look(struct pf_perf_session *session, uint64_t now_ns)
{
    struct pf_record_wall *wall = &session->wall;
    uint32_t looks = 0;

    if (now_ns < wall->next_look_ns)
        return;
    wall->next_look_ns = now_ns + session->period_ns;
    for (uint32_t i = 0; i < wall->count && looks < LOOKS_A_ROUND; i++) {
        struct pf_wall_thread *thread = &wall->threads[wall->next_look++ % wall->count];
        if (!thread->tid || !thread->is_off || thread->is_runnable || thread->is_looked)
            continue;
        look_at(session, thread);
        looks++;
    }
}

void pf_wall_finish(struct pf_perf_session *session, uint64_t now_ns)
{
    for (uint32_t i = 0; i < session->wall.count; i++)
        if (session->wall.threads[i].tid)
            pf_wall_exited(session, session->wall.threads[i].tid, now_ns);
}

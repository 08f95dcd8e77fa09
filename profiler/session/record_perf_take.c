/*
 * The perf engine's two inputs: what /proc lists, and what the rings say.
 *
 * SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "profiler/attach/stack_pages.h"
#include "profiler/attach/wait_place.h"
#include "profiler/base/clock.h"
#include "profiler/session/record_perf.h"
#include "profiler/unwind/unwind_cache.h"

/*
 * Scans: a thread started while the first listing was read, by one not sampled yet, is found by the
 * next. Soon at first, then only as a safety net (fork records tell of all others).
 */
enum { SCAN_FIRST_MS = 100, SCAN_MS = 1000, SCANS_SOON = 3, PASSES_MAX = 8 };
enum { DRAIN_WHILE_OPENING_MS = 10, FAULT_IN_THREADS_MAX = 256 };

/* Thousands of threads take long to open, and those opened already fill the rings. */
static void drain_in_time(struct pf_perf_session *session)
{
    if (pf_clock_now_ns() - session->drained_ns > DRAIN_WHILE_OPENING_MS * UINT64_C(1000000))
        pf_perf_session_drain(session, false);
}

/* Open what a process has and is not sampled; how many there were. */
static uint32_t open_threads(struct pf_perf_session *session, pid_t pid)
{
    struct pf_pid_list threads = {0};
    uint32_t opened = 0;

    (void)pf_proc_threads(&threads, pid);
    for (uint32_t i = 0; i < threads.count; i++) {
        if (pf_perf_threads_has(&session->threads, threads.at[i]))
            continue;
        if (pf_perf_threads_open(&session->threads, pid, threads.at[i]) == PF_PERF_OPENED) {
            opened++;
            if (session->is_wall)
                pf_wall_started(session, pid, threads.at[i], pf_clock_now_ns(), false);
        }
        drain_in_time(session);
    }
    pf_pid_list_fini(&threads);
    return opened;
}

static void list_processes(struct pf_perf_session *session)
{
    const struct pf_target *target = session->job->target;

    session->processes.count = 0;
    for (uint32_t i = 0; i < target->process_count; i++)
        if (!target->processes[i].has_ended)
            pf_pid_list_add(&session->processes, target->processes[i].pid);
    if (!session->job->options->skip_children)
        pf_proc_tree_grow(&session->processes);
}

/* Where whole CPUs are sampled, to be known is to be recorded. */
static uint32_t learn_new(struct pf_perf_session *session)
{
    uint32_t learnt = 0;

    for (uint32_t i = 0; i < session->processes.count; i++)
        if (!pf_people_has(&session->people, session->processes.at[i]))
            learnt += pf_people_process(&session->people, session->processes.at[i]) != NULL;
    return learnt;
}

static uint32_t scan(struct pf_perf_session *session)
{
    struct pf_perf_threads *threads = &session->threads;
    uint32_t opened = 0;

    threads->refused_fds = 0;
    threads->denied = 0;
    list_processes(session);
    if (session->is_wide)
        return learn_new(session);
    for (uint32_t i = 0; i < session->processes.count; i++)
        opened += open_threads(session, session->processes.at[i]);
    if (threads->refused_fds > session->missed_threads)
        session->missed_threads = threads->refused_fds;
    if (threads->denied > session->denied_threads)
        session->denied_threads = threads->denied;
    return opened;
}

/* What threads that wait will use of their stacks, wherever they are; see attach/stack_pages.h. */
static void fault_in_below(const struct pf_stack_list *stacks, pid_t pid, pid_t tid)
{
    struct pf_wait_place place;
    struct pf_stack_range range;

    if (pf_wait_place_read(&place, pid, tid) && place.has_stack
        && pf_stack_pages_below(stacks, place.stack_pointer, PF_STACK_COPY_MAX, &range))
        pf_stack_pages_touch(pid, &range);
}

static void fault_in_stacks(pid_t pid)
{
    struct pf_stack_list stacks;
    struct pf_pid_list threads = {0};

    pf_stack_pages_list(&stacks, pid);
    pf_stack_pages_fault_in(&stacks, pid);
    (void)pf_proc_threads(&threads, pid);
    for (uint32_t i = 0; i < threads.count && i < FAULT_IN_THREADS_MAX; i++)
        fault_in_below(&stacks, pid, threads.at[i]);
    pf_pid_list_fini(&threads);
}

/* Names, maps and rows of those that run, before the first sample: not while rings fill. */
static void learn(struct pf_perf_session *session)
{
    list_processes(session);
    for (uint32_t i = 0; i < session->processes.count; i++) {
        struct pf_record_process *process =
            pf_people_process(&session->people, session->processes.at[i]);
        if (!process)
            continue;
        (void)pf_space_code(&process->space, &session->objects);
        fault_in_stacks(process->pid);
    }
}

static bool explain_nothing(const struct pf_perf_session *session, struct pf_err *err)
{
    pid_t pid = session->job->target->processes[0].pid;

    if (session->denied_threads)
        return pf_err_set(
            err, PF_ERR_DENIED,
            "process %d may not be profiled by this user: run as root or as its owner", (int)pid);
    if (session->missed_threads || !pf_target_has_ended(session->job->target))
        return pf_err_set(err, PF_ERR_LIMIT,
                          "process %d: no descriptors for perf events: raise ulimit -n", (int)pid);
    return pf_err_set(err, PF_ERR_NOT_FOUND, "process %d ended before it could be recorded",
                      (int)pid);
}

bool pf_perf_session_attach(struct pf_perf_session *session, struct pf_err *err)
{
    bool holds_command = session->job->target->is_held;

    session->threads.wish.on_exec = holds_command && session->job->target->process_count == 1;
    learn(session);
    (void)pf_wide_begins(session);
    for (unsigned pass = 0; pass < PASSES_MAX && scan(session) > 0; pass++)
        ;
    session->threads.wish.on_exec = false;
    session->next_scan_ns = pf_clock_now_ns() + SCAN_FIRST_MS * UINT64_C(1000000);
    return session->is_wide || session->threads.live > 0 || explain_nothing(session, err);
}

void pf_perf_session_rescan(struct pf_perf_session *session)
{
    unsigned pause_ms = ++session->scans < SCANS_SOON ? SCAN_FIRST_MS : SCAN_MS;

    /* With fork records lost, a thread not known may be sampled already: twice is worse. */
    if (!session->has_lost_records || session->is_wide)
        (void)scan(session);
    session->has_lost_records = false;
    pf_people_read_clocks(&session->people);
    session->next_scan_ns = pf_clock_now_ns() + pause_ms * UINT64_C(1000000);
}

void pf_perf_session_unwind(struct pf_perf_session *session, struct pf_record_process *process,
                            const struct pf_regs *regs, struct pf_bytes stack,
                            struct pf_trail *trail)
{
    uint64_t low = regs->at[PF_REG_RSP];
    struct pf_memory memory = {.bytes = stack.at,
                               .low = low,
                               .high = low + stack.size,
                               .read_word = pf_code_bytes_word,
                               .from = &session->code_bytes};
    bool was_built = process->space.is_built;
    struct pf_code_map code = pf_space_code(&process->space, &session->objects);

    if (!was_built) {
        pf_fold_forget(&session->fold);
        pf_code_bytes_forget(&session->code_bytes);
    }
    pf_code_bytes_of(&session->code_bytes, process->pid, &code);
    *trail = (struct pf_trail){.pcs = session->pcs, .capacity = PF_FOLD_DEPTH_MAX};
    (void)pf_unwind_stack_cached(trail, regs, &code, &memory, pf_space_walks(&process->space));
}

static void enter_sample(struct pf_perf_session *session, struct pf_record_thread *thread,
                         const struct pf_event_sample *sample, const struct pf_trail *trail)
{
    struct pf_record_process *process = session->people.processes[thread->process];
    struct pf_fold_frames frames = {.leaf = PF_NONE,
                                    .kernel = sample->callchain,
                                    .kernel_count = sample->callchain_count,
                                    .trail = trail,
                                    .space = &process->space};
    int64_t values[] = {1, (int64_t)session->period_ns};

    uint32_t stack = pf_fold_stack(&session->fold, &frames);
    const char *state = session->is_wall ? "running" : NULL;

    process->samples++;
    thread->has_samples = true;
    (void)pf_profile_add(session->job->profile, stack,
                         pf_people_labels(&session->people, thread, state), values);
    if (session->is_wall)
        pf_wall_sampled(session, thread->tid, stack);
}

/* The copy of this sample has a hole: the next ones shall not. */
static void fault_in(struct pf_perf_session *session, pid_t pid,
                     const struct pf_event_sample *sample)
{
    uint64_t hole = sample->regs.at[PF_REG_RSP] + sample->stack.size;

    if (pf_remote_read(pid, hole, session->stack_copy, PF_STACK_COPY_MAX - sample->stack.size) > 0)
        session->mended++;
}

/*
 * A kernel thread has none; nor has a thread in the last part of its exit, when its memory is gone
 * already: nothing at all can be copied, though the stack pointer's page was in use a moment
 * before.
 */
static bool has_user_side(const struct pf_event_sample *sample)
{
    return sample->has_regs && !(sample->is_kernel && sample->stack.size == 0);
}

/*
 * glibc ends the call frame information of clone and clone3 before their system call, since it
 * would be wrong in the child. A thread not seen before that stands in the kernel, with one frame
 * where there is none, has not run yet: that frame is its start.
 */
static bool is_at_start(const struct pf_record_thread *thread, const struct pf_event_sample *sample,
                        const struct pf_trail *trail)
{
    return !thread->has_samples && sample->is_kernel && trail->count == 1
           && trail->lost == PF_LOST_NO_RULE;
}

static uint32_t used_of(const struct pf_event_sample *sample, const struct pf_trail *trail)
{
    uint64_t used = trail->top - sample->regs.at[PF_REG_RSP];

    return (uint32_t)(used < sample->stack.size ? used : sample->stack.size);
}

static void take_sample(struct pf_perf_session *session, const struct pf_event *event)
{
    const struct pf_event_sample *sample = &event->sample;
    struct pf_record_thread *thread = pf_people_thread(&session->people, event->pid, event->tid);
    struct pf_trail trail = {.lost = PF_LOST_NO_CODE, .lost_object = UINT32_MAX};

    if (!session->is_begun || event->time_ns < session->job->started_ns)
        return;
    if (!thread) {
        session->quality.without_stack++; /* on its way out: it has no address space any more */
        return;
    }
    trail.is_rooted = !has_user_side(sample);
    if (!trail.is_rooted)
        pf_perf_session_unwind(session, session->people.processes[thread->process], &sample->regs,
                               sample->stack, &trail);
    trail.is_rooted = trail.is_rooted || is_at_start(thread, sample, &trail);
    session->cpu_samples++;
    pf_quality_count(&session->quality, &trail);
    enter_sample(session, thread, sample, &trail);
    bool is_cut = trail.lost == PF_LOST_OUT_OF_BYTES;
    bool is_whole = sample->stack.size >= sample->stack_asked;
    uint32_t used_bytes = is_cut && is_whole ? PF_STACK_CUT : used_of(sample, &trail);
    if (is_cut && !is_whole)
        fault_in(session, event->pid, sample);
    if (pf_perf_threads_count_sample(&session->threads, event->tid, sample->stack_asked,
                                     used_bytes))
        session->mended++;
}

static void take_lost(struct pf_perf_session *session, const struct pf_event *event)
{
    if (session->is_wide)
        session->wide.lost += event->lost_count;
    else
        session->quality.lost += event->lost_count;
    session->has_lost_records = true;
    session->must_refresh = true;
    if (session->is_wall)
        pf_wall_forget(session);
}

void pf_perf_session_refresh(struct pf_perf_session *session)
{
    if (!session->must_refresh)
        return;
    session->must_refresh = false;
    pf_people_refresh(&session->people);
    pf_fold_forget(&session->fold);
}

static void take_fork(struct pf_perf_session *session, const struct pf_event *event)
{
    const struct pf_record_options *options = session->job->options;

    if (options->skip_children && event->pid != event->task.parent_pid)
        return;
    if (options->forked && event->pid != event->task.parent_pid)
        options->forked(options->forked_to, event->task.parent_pid, event->pid);
    pf_people_forked(&session->people, event);
    pf_perf_threads_forked(&session->threads, event->task.parent_tid, event->pid, event->tid);
    if (session->is_wall && pf_perf_threads_has(&session->threads, event->tid))
        pf_wall_started(session, event->pid, event->tid, event->time_ns, true);
}

static void take_exit(struct pf_perf_session *session, const struct pf_event *event)
{
    uint32_t thread = pf_tid_map_find(&session->people.by_tid, event->tid);

    if (thread != PF_TID_NONE && !session->people.threads[thread].has_samples) {
        session->unseen_threads++;
        pf_wide_count_unseen(session, event->time_ns);
    }
    if (session->is_wall)
        pf_wall_exited(session, event->tid, event->time_ns);
    pf_people_exited(&session->people, event);
    pf_perf_threads_exited(&session->threads, event->tid);
}

void pf_perf_session_take(struct pf_perf_session *session, const struct pf_event *event)
{
    if (!pf_wide_takes(session, event))
        return;
    switch (event->kind) {
    case PF_EVENT_SAMPLE:
        take_sample(session, event);
        break;
    case PF_EVENT_MMAP:
        pf_people_mapped(&session->people, event);
        break;
    case PF_EVENT_COMM:
        pf_people_named(&session->people, event);
        break;
    case PF_EVENT_FORK:
        take_fork(session, event);
        break;
    case PF_EVENT_EXIT:
        take_exit(session, event);
        break;
    case PF_EVENT_LOST:
        take_lost(session, event);
        break;
    case PF_EVENT_THROTTLE:
        session->quality.throttled++;
        break;
    case PF_EVENT_SWITCH:
        pf_wall_switched(session, event);
        break;
    case PF_EVENT_OTHER:
        break;
    }
}

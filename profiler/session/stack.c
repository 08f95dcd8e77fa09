/* SPDX-License-Identifier: MIT */
#include "profiler/session/stack.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/attach/address_space.h"
#include "profiler/attach/code_bytes.h"
#include "profiler/attach/mapped_objects.h"
#include "profiler/attach/proc_tree.h"
#include "profiler/attach/ptrace_capture.h"
#include "profiler/session/record.h"
#include "profiler/session/record_fold.h"
#include "profiler/session/target.h"
#include "profiler/symbol/symbolize.h"

enum { FIRST_BYTES = 128 << 10, DEPTH_MAX = PF_FOLD_DEPTH_MAX, WAIT_MS = 200 };

/* One taking under way. */
struct taking {
    struct pf_stacks *stacks;
    const struct pf_stacks_options *options;
    struct pf_mapped_objects objects;
    struct pf_fold fold;
    struct pf_code_bytes code_bytes;
    struct pf_capture capture;
    uint64_t pcs[DEPTH_MAX];
    struct pf_err denied; /* the first refusal */
};

static int by_number(const void *a, const void *b)
{
    const pid_t *x = a;
    const pid_t *y = b;
    return (*x > *y) - (*x < *y);
}

static void unwind(struct taking *taking, struct pf_space *space, struct pf_trail *trail)
{
    struct pf_code_map code = pf_space_code(space, &taking->objects);
    struct pf_memory memory = {.bytes = taking->capture.bytes,
                               .low = taking->capture.stack_addr,
                               .high = taking->capture.stack_addr + taking->capture.size,
                               .read_word = pf_code_bytes_word,
                               .from = &taking->code_bytes};

    pf_code_bytes_of(&taking->code_bytes, space->pid, &code);
    *trail = (struct pf_trail){.pcs = taking->pcs, .capacity = DEPTH_MAX};
    pf_unwind_stack(trail, &taking->capture.regs, &code, &memory);
}

/* Code mapped since we read the maps shows as a pc nobody knows: read them again, once. */
static void unwind_current(struct taking *taking, struct pf_space *space, pid_t pid,
                           struct pf_trail *trail)
{
    struct pf_err ignored;

    unwind(taking, space, trail);
    if (trail->is_rooted || trail->lost != PF_LOST_NO_CODE
        || !pf_space_read(space, pid, &taking->objects, &ignored))
        return;
    pf_fold_forget(&taking->fold);
    pf_code_bytes_forget(&taking->code_bytes);
    unwind(taking, space, trail);
}

static bool capture(struct taking *taking, pid_t pid, struct pf_stacks_thread *thread, size_t bytes)
{
    unsigned wait_ms = taking->options->wait_ms ? taking->options->wait_ms : WAIT_MS;
    struct pf_err why = {0};

    if (!pf_capture_thread(&taking->capture, pid, thread->tid, bytes, wait_ms, &why)) {
        if (why.code == PF_ERR_DENIED && taking->denied.code == PF_ERR_NONE)
            taking->denied = why;
        (void)snprintf(thread->trouble, sizeof thread->trouble, "%.159s", why.text);
        return false;
    }
    thread->pause_ns += taking->capture.pause_ns;
    return true;
}

static void take_stack(struct taking *taking, pid_t pid, struct pf_space *space,
                       struct pf_stacks_thread *thread)
{
    struct pf_trail trail;

    if (!capture(taking, pid, thread, FIRST_BYTES))
        return;
    unwind_current(taking, space, pid, &trail);
    /* Deep recursion: once more, with all of it. */
    if (!trail.is_rooted && trail.lost == PF_LOST_OUT_OF_BYTES
        && taking->capture.size == FIRST_BYTES
        && capture(taking, pid, thread, PF_CAPTURE_BYTES_MAX))
        unwind_current(taking, space, pid, &trail);

    struct pf_fold_frames frames = {.leaf = PF_NONE, .trail = &trail, .space = space};
    thread->stack = pf_fold_stack(&taking->fold, &frames);
    thread->is_rooted = trail.is_rooted;
    if (!trail.is_rooted && trail.lost == PF_LOST_DEPTH)
        (void)snprintf(thread->trouble, sizeof thread->trouble, "only the innermost %d frames",
                       DEPTH_MAX);
}

static void take_thread(struct taking *taking, uint32_t process, struct pf_space *space, pid_t tid)
{
    struct pf_stacks *stacks = taking->stacks;
    pid_t pid = stacks->processes[process].pid;
    struct pf_stacks_thread thread = {.process = process, .tid = tid, .stack = PF_NONE};

    if (stacks->thread_count == PF_STACKS_THREADS_MAX
        || !pf_thread_wait_read(&thread.wait, pid, tid))
        return;
    if (thread.wait.state != 'Z' && thread.wait.state != 'X')
        take_stack(taking, pid, space, &thread);
    stacks->threads =
        pf_mem_resize(stacks->threads, (size_t)stacks->thread_count + 1, sizeof *stacks->threads);
    stacks->threads[stacks->thread_count++] = thread;
    stacks->processes[process].thread_count++;
    stacks->pause_ns += thread.pause_ns;
    if (thread.pause_ns > stacks->longest_pause_ns)
        stacks->longest_pause_ns = thread.pause_ns;
}

static bool take_process(struct taking *taking, pid_t pid, struct pf_err *err)
{
    struct pf_stacks *stacks = taking->stacks;
    struct pf_space space = {0};
    struct pf_pid_list tids = {0};
    struct pf_symbolize names = {.pid = pid, .skip_inlines = taking->options->skip_inlines};
    struct pf_stacks_process process = {.pid = pid};

    if (!pf_proc_threads(&tids, pid)) {
        pf_pid_list_fini(&tids);
        return pf_err_set(err, PF_ERR_NOT_FOUND, "process %d: no such process", (int)pid);
    }
    pf_target_describe(pid, process.command, sizeof process.command);
    stacks->processes = pf_mem_resize(stacks->processes, (size_t)stacks->process_count + 1,
                                      sizeof *stacks->processes);
    stacks->processes[stacks->process_count++] = process;

    bool ok = pf_space_read(&space, pid, &taking->objects, err);
    if (tids.count > 1)
        qsort(tids.at, tids.count, sizeof *tids.at, by_number);
    for (uint32_t i = 0; ok && i < tids.count; i++)
        take_thread(taking, stacks->process_count - 1, &space, tids.at[i]);
    pf_fold_forget(&taking->fold);
    /* Names while it lives: its files may be visible only through it. */
    ok = ok && pf_symbolize(&stacks->profile, &names, NULL, err);
    pf_pid_list_fini(&tids);
    pf_space_fini(&space);
    return ok;
}

static bool take_all(struct taking *taking, struct pf_err *err)
{
    struct pf_pid_list pids = {0};
    bool ok = true;

    for (uint32_t i = 0; i < taking->options->pid_count; i++)
        pf_pid_list_add(&pids, taking->options->pids[i]);
    if (taking->options->with_children)
        pf_proc_tree_grow(&pids);
    for (uint32_t i = 0; ok && i < pids.count; i++) {
        struct pf_err why = {0};
        bool taken = take_process(taking, pids.at[i], &why);
        /* A child may end, or belong to another user: those asked for by number must be there. */
        if (!taken && (i < taking->options->pid_count || why.code == PF_ERR_LIMIT)) {
            *err = why;
            ok = false;
        }
    }
    pf_pid_list_fini(&pids);
    return ok;
}

static bool has_any_stack(const struct pf_stacks *stacks)
{
    for (uint32_t i = 0; i < stacks->thread_count; i++)
        if (stacks->threads[i].stack != PF_NONE)
            return true;
    return false;
}

/* The plain words a recording has for a pid that is not there or not ours. */
static bool check_pids(const struct pf_stacks_options *options, struct pf_err *err)
{
    struct pf_record_options request = {.pids = options->pids, .pid_count = options->pid_count};
    struct pf_target target = {0};

    if (!pf_target_open(&target, &request, err))
        return false;
    pf_target_close(&target);
    return true;
}

bool pf_stacks_take(struct pf_stacks *out, const struct pf_stacks_options *options,
                    struct pf_err *err)
{
    struct pf_stacks stacks = {0};
    struct taking *taking = pf_mem_new(1, sizeof *taking);

    taking->stacks = &stacks;
    taking->options = options;
    pf_profile_init(&stacks.profile);
    pf_mapped_objects_init(&taking->objects);
    pf_fold_init(&taking->fold, &stacks.profile, &taking->objects);

    bool ok = check_pids(options, err) && take_all(taking, err);
    if (ok && taking->denied.code != PF_ERR_NONE && !has_any_stack(&stacks)) {
        *err = taking->denied;
        ok = false;
    }
    if (ok)
        *out = stacks;
    else
        pf_stacks_fini(&stacks);
    pf_fold_fini(&taking->fold);
    pf_mapped_objects_fini(&taking->objects);
    pf_capture_fini(&taking->capture);
    free(taking);
    return ok;
}

void pf_stacks_fini(struct pf_stacks *stacks)
{
    pf_profile_fini(&stacks->profile);
    free(stacks->processes);
    free(stacks->threads);
    *stacks = (struct pf_stacks){0};
}

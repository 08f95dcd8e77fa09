/* SPDX-License-Identifier: MIT */
#include "profiler/attach/freeze.h"

#include <stdlib.h>

#include "profiler/attach/proc_tree.h"
#include "profiler/base/arena.h"
#include "profiler/base/clock.h"

enum { FREEZE_PASSES_MAX = 50, FREEZE_FIRST_THREADS = 16 };

static bool is_known(const struct pf_freeze *freeze, pid_t tid)
{
    for (uint32_t i = 0; i < freeze->count; i++)
        if (freeze->threads[i].tid == tid)
            return true;
    return false;
}

static struct pf_tracee *add_thread(struct pf_freeze *freeze)
{
    if (freeze->count == freeze->capacity) {
        freeze->capacity = freeze->capacity ? freeze->capacity * 2 : FREEZE_FIRST_THREADS;
        freeze->threads = pf_mem_resize(freeze->threads, freeze->capacity, sizeof *freeze->threads);
    }
    return &freeze->threads[freeze->count++];
}

/* Seize and interrupt what is new. A thread that ends meanwhile is no failure. */
static bool seize_new(struct pf_freeze *freeze, const struct pf_pid_list *tids, struct pf_err *err)
{
    for (uint32_t i = 0; i < tids->count; i++) {
        struct pf_tracee tracee = {0};
        struct pf_err why = {0};

        if (is_known(freeze, tids->at[i]))
            continue;
        if (!pf_tracee_seize(&tracee, freeze->pid, tids->at[i], &why)) {
            if (why.code == PF_ERR_NOT_FOUND)
                continue;
            *err = why;
            return false;
        }
        pf_tracee_interrupt(&tracee);
        *add_thread(freeze) = tracee;
    }
    return true;
}

/* Wait for those that run; one that ended is dropped from the list. */
static bool wait_all(struct pf_freeze *freeze, uint64_t deadline_ns, struct pf_err *err)
{
    for (uint32_t i = 0; i < freeze->count;) {
        struct pf_tracee *thread = &freeze->threads[i];

        if (thread->is_stopped || pf_tracee_wait_stop(thread, deadline_ns)) {
            i++;
        } else if (pf_clock_now_ns() >= deadline_ns) {
            return pf_err_set(err, PF_ERR_LIMIT,
                              "process %d: thread %d did not stop in time (it sleeps in the kernel "
                              "where nothing can wake it)",
                              freeze->pid, thread->tid);
        } else {
            *thread = freeze->threads[--freeze->count];
        }
    }
    return true;
}

static bool stop_all(struct pf_freeze *freeze, uint64_t deadline_ns, struct pf_err *err)
{
    for (unsigned pass = 0; pass < FREEZE_PASSES_MAX; pass++) {
        struct pf_pid_list tids = {0};
        uint32_t before = freeze->count;
        bool ok = pf_proc_threads(&tids, freeze->pid) && seize_new(freeze, &tids, err);
        bool is_gone = tids.count == 0;

        pf_pid_list_fini(&tids);
        if (is_gone)
            return pf_err_set(err, PF_ERR_NOT_FOUND, "process %d: no such process", freeze->pid);
        if (!ok || !wait_all(freeze, deadline_ns, err))
            return false;
        if (freeze->count == before)
            return true;
    }
    return pf_err_set(err, PF_ERR_LIMIT,
                      "process %d: threads appear faster than they can be stopped", freeze->pid);
}

bool pf_freeze_begin(struct pf_freeze *out, pid_t pid, uint64_t deadline_ns, struct pf_err *err)
{
    struct pf_freeze freeze = {.pid = pid, .began_ns = pf_clock_now_ns()};

    if (!stop_all(&freeze, deadline_ns, err)) {
        (void)pf_freeze_end(&freeze);
        return false;
    }
    *out = freeze;
    return true;
}

/*
 * A thread that has not stopped yet cannot be detached: it is waited for a second more. One that
 * still sleeps in the kernel then is let go by the kernel itself when we end.
 */
static void let_go(struct pf_tracee *thread)
{
    if (!thread->is_stopped && !pf_tracee_wait_stop(thread, pf_clock_now_ns() + 1000000000ull))
        return;
    pf_tracee_release(thread);
}

uint64_t pf_freeze_end(struct pf_freeze *freeze)
{
    for (uint32_t i = 0; i < freeze->count; i++)
        let_go(&freeze->threads[i]);
    uint64_t pause_ns = freeze->began_ns ? pf_clock_now_ns() - freeze->began_ns : 0;

    free(freeze->threads);
    *freeze = (struct pf_freeze){0};
    return pause_ns;
}

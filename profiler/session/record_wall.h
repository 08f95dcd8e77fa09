/*
 * Where threads wait, and for how long, without touching them.
 *
 * How long is exact: the kernel's context-switch records. Where is looked up, at the sampling rate,
 * for threads that are off the CPU at that moment: system call and user stack read from outside
 * (attach/wait_place). A wait that a look has met is entered whole; the time of shorter ones is
 * shared out, thread by thread, in the proportion in which looks met that thread's waits. A thread
 * that is still in the wait of its last look is not looked at again, so sleepers cost nothing.
 *
 * What a thread ran and no sample shows (it ended before its first one, or was in the kernel where
 * that is hidden) is known from its switches, too, and entered as such.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_SESSION_RECORD_WALL_H
#define PROFILER_SESSION_RECORD_WALL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "profiler/attach/tid_map.h"
#include "profiler/drain/perf_record.h"

struct pf_perf_session;

enum { PF_WALL_HITS_MAX = 16 };

/* A place where looks met a thread. */
struct pf_wall_hit {
    uint32_t stack, labels;
    uint64_t hits;
};

struct pf_wall_thread {
    pid_t pid, tid; /* tid 0: the slot is free */
    bool is_off;
    bool is_runnable; /* off, but not of its own will: it waits for a CPU */
    bool is_looked;   /* stack and labels say where it waits */
    uint64_t off_since_ns, looked_ns;
    uint32_t stack, labels;
    uint64_t unmet_ns;          /* of waits no look has met */
    uint64_t runnable_ns;       /* not entered yet */
    uint64_t on_since_ns;       /* 0: not seen to run */
    uint64_t on_ns, sampled_ns; /* ran by its switches; by its samples */
    uint32_t last_stack;        /* of its last sample, PF_NONE: none */
    struct pf_wall_hit hits[PF_WALL_HITS_MAX];
    uint32_t hit_count;
    uint32_t next_free;
};

struct pf_record_wall {
    struct pf_wall_thread *threads;
    uint32_t count, capacity, free;
    struct pf_tid_map by_tid;
    uint64_t begun_ns;  /* what was before does not count; 0: not begun */
    uint32_t next_look; /* where the next round begins */
    uint64_t next_look_ns;
};

void pf_wall_init(struct pf_record_wall *wall);
void pf_wall_fini(struct pf_record_wall *wall);

/* A thread is sampled from now on: one that ran before (asleep until shown otherwise), or a new one
 * (waiting for a CPU). */
void pf_wall_started(struct pf_perf_session *session, pid_t pid, pid_t tid, uint64_t time_ns,
                     bool is_new);

/* The recording begins: waits that last already are counted from here. */
void pf_wall_begin(struct pf_record_wall *wall, uint64_t time_ns);

void pf_wall_switched(struct pf_perf_session *session, const struct pf_event *event);

/* It ran, with this stack. */
void pf_wall_sampled(struct pf_perf_session *session, pid_t tid, uint32_t stack);

void pf_wall_exited(struct pf_perf_session *session, pid_t tid, uint64_t time_ns);

/* Records were lost: what threads do is unknown until their next switch. */
void pf_wall_forget(struct pf_perf_session *session);

/* Look at those that wait, if it is time; after a drain. */
void pf_wall_look(struct pf_perf_session *session, uint64_t now_ns);

/* Enter what is still open. */
void pf_wall_finish(struct pf_perf_session *session, uint64_t now_ns);

#endif

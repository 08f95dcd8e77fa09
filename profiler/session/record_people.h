/*
 * The processes and threads of a recording: their names, address spaces and labels.
 *
 * Kept current from perf's records of fork, exec, comm, mmap and exit; /proc is read once for those
 * that ran before. What ends is forgotten but for its sums, so that a server that starts a thread
 * every few milliseconds does not fill our memory.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_SESSION_RECORD_PEOPLE_H
#define PROFILER_SESSION_RECORD_PEOPLE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "profiler/attach/address_space.h"
#include "profiler/attach/proc_stat.h"
#include "profiler/attach/tid_map.h"
#include "profiler/profile/profile.h"
#include "profiler/profile/summary.h"

/* Ticks a process, and those of its children it waited for, ran in either mode. */
struct pf_record_split {
    uint64_t user, system;
};

struct pf_record_process {
    pid_t pid; /* 0: the slot is free */
    pid_t parent;
    char comm[PF_COMM_BYTES];
    struct pf_space space;
    uint64_t samples;
    clockid_t clock; /* its CPU time */
    uint64_t cpu_first_ns, cpu_last_ns;
    struct pf_record_split split_first, split_last;
    uint32_t next_free;
};

struct pf_record_thread {
    pid_t tid; /* 0: the slot is free */
    uint32_t process;
    char comm[PF_COMM_BYTES];
    uint32_t label_set; /* PF_NONE: to be made */
    bool has_samples;
    uint32_t next_free;
};

struct pf_record_people {
    struct pf_profile *profile;        /* keeps */
    struct pf_mapped_objects *objects; /* keeps */
    bool label_threads;
    uint64_t period_ns; /* of samples; the owner sets it */

    struct pf_record_process **processes; /* stable addresses: spaces are borrowed */
    uint32_t process_count, process_capacity, process_free;
    struct pf_tid_map by_pid;
    struct pf_record_thread *threads;
    uint32_t thread_count, thread_capacity, thread_free;
    struct pf_tid_map by_tid;

    uint32_t live_processes;
    uint64_t ended_cpu_ns;              /* of processes that ended, as far as it was read */
    struct pf_record_split ended_split; /* of those whose parent is not among them */
    struct pf_summary_process ended[PF_SUMMARY_ROWS_MAX];
    uint32_t ended_count;
};

void pf_people_init(struct pf_record_people *people, struct pf_profile *profile,
                    struct pf_mapped_objects *objects, bool label_threads);
void pf_people_fini(struct pf_record_people *people);

/* The process, from /proc if it was not known; NULL if it is gone. */
struct pf_record_process *pf_people_process(struct pf_record_people *people, pid_t pid);

/* Is it one of those recorded? */
bool pf_people_has(const struct pf_record_people *people, pid_t pid);

/* What they have used so far does not count. */
void pf_people_begin(struct pf_record_people *people);

/* Read the CPU clocks of all; then what they used since each was first known. */
void pf_people_read_clocks(struct pf_record_people *people);
uint64_t pf_people_cpu_ns(const struct pf_record_people *people);

/* The kernel's part of what they used, from 0 to 1, by the kernel's own division into user and
 * system time; < 0 where too little of it is known. */
double pf_people_system_share(const struct pf_record_people *people);

/* The thread; entered (named from /proc, or after its process) if it was not known. */
struct pf_record_thread *pf_people_thread(struct pf_record_people *people, pid_t pid, pid_t tid);

void pf_people_forked(struct pf_record_people *people, const struct pf_event *event);
void pf_people_named(struct pf_record_people *people, const struct pf_event *event);
void pf_people_mapped(struct pf_record_people *people, const struct pf_event *event);
void pf_people_exited(struct pf_record_people *people, const struct pf_event *event);

/* Records were lost: read all address spaces from /proc again. */
void pf_people_refresh(struct pf_record_people *people);

/* Labels of a thread's samples: pid, process, thread, and tid if asked for. */
uint32_t pf_people_labels(struct pf_record_people *people, struct pf_record_thread *thread,
                          const char *state);

/* Processes with samples, the busiest first. */
void pf_people_summarise(const struct pf_record_people *people, struct pf_summary *summary);

#endif

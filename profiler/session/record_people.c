/* SPDX-License-Identifier: MIT */
#include "profiler/session/record_people.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/attach/mapped_objects.h"
#include "profiler/base/arena.h"

enum { ITEMS_FIRST = 64, LABELS_MAX = 5 };

/* Fewer ticks say nothing of how time divides. */
enum { SPLIT_TICKS_MIN = 5 };

void pf_people_init(struct pf_record_people *people, struct pf_profile *profile,
                    struct pf_mapped_objects *objects, bool label_threads)
{
    *people = (struct pf_record_people){.profile = profile,
                                        .objects = objects,
                                        .label_threads = label_threads,
                                        .process_free = PF_TID_NONE,
                                        .thread_free = PF_TID_NONE};
}

void pf_people_fini(struct pf_record_people *people)
{
    for (uint32_t i = 0; i < people->process_count; i++) {
        pf_space_fini(&people->processes[i]->space);
        free(people->processes[i]);
    }
    free(people->processes);
    free(people->threads);
    pf_tid_map_fini(&people->by_pid);
    pf_tid_map_fini(&people->by_tid);
    memset(people, 0, sizeof *people);
}

static uint64_t read_clock(const struct pf_record_process *process)
{
    struct timespec used;

    /* An id that somebody else has by now would run backwards or jump; the caller keeps the rise.
     */
    if (!process->clock || clock_gettime(process->clock, &used) != 0)
        return process->cpu_last_ns;
    return (uint64_t)used.tv_sec * UINT64_C(1000000000) + (uint64_t)used.tv_nsec;
}

/* As it last was, if the process is gone. */
static void read_split(struct pf_record_process *process)
{
    struct pf_proc_stat stat;

    if (!pf_proc_stat_read(&stat, process->pid, 0))
        return;
    process->split_last = (struct pf_record_split){stat.user_ticks + stat.ended_user_ticks,
                                                   stat.system_ticks + stat.ended_system_ticks};
}

/* Ids are given out anew: what runs backwards is somebody else's. */
static void add_split(struct pf_record_split *sum, const struct pf_record_process *process)
{
    const struct pf_record_split *first = &process->split_first, *last = &process->split_last;

    if (last->user < first->user || last->system < first->system)
        return;
    sum->user += last->user - first->user;
    sum->system += last->system - first->system;
}

double pf_people_system_share(const struct pf_record_people *people)
{
    struct pf_record_split sum = people->ended_split;

    for (uint32_t i = 0; i < people->process_count; i++)
        if (people->processes[i]->pid)
            add_split(&sum, people->processes[i]);
    if (sum.user + sum.system < SPLIT_TICKS_MIN)
        return -1;
    return (double)sum.system / (double)(sum.user + sum.system);
}

static void start_clock(struct pf_record_process *process)
{
    if (clock_getcpuclockid(process->pid, &process->clock) != 0)
        process->clock = 0;
    process->cpu_last_ns = read_clock(process);
    process->cpu_first_ns = process->cpu_last_ns;
}

static struct pf_record_process *take_process(struct pf_record_people *people, pid_t pid)
{
    uint32_t index = people->process_free;

    if (index != PF_TID_NONE) {
        people->process_free = people->processes[index]->next_free;
    } else {
        if (people->process_count == people->process_capacity) {
            people->process_capacity =
                people->process_capacity ? people->process_capacity * 2 : ITEMS_FIRST;
            people->processes = pf_mem_resize(people->processes, people->process_capacity,
                                              sizeof(struct pf_record_process *));
        }
        index = people->process_count++;
        people->processes[index] = pf_mem_new(1, sizeof(struct pf_record_process));
    }
    *people->processes[index] = (struct pf_record_process){.pid = pid, .space = {.pid = pid}};
    pf_tid_map_put(&people->by_pid, pid, index);
    people->live_processes++;
    start_clock(people->processes[index]);
    return people->processes[index];
}

static struct pf_record_process *known_process(const struct pf_record_people *people, pid_t pid)
{
    uint32_t index = pf_tid_map_find(&people->by_pid, pid);

    return index == PF_TID_NONE ? NULL : people->processes[index];
}

bool pf_people_has(const struct pf_record_people *people, pid_t pid)
{
    return known_process(people, pid) != NULL;
}

void pf_people_read_clocks(struct pf_record_people *people)
{
    for (uint32_t i = 0; i < people->process_count; i++) {
        struct pf_record_process *process = people->processes[i];
        uint64_t now_ns = process->pid ? read_clock(process) : 0;
        if (now_ns > process->cpu_last_ns)
            process->cpu_last_ns = now_ns;
        if (process->pid)
            read_split(process);
    }
}

void pf_people_begin(struct pf_record_people *people)
{
    pf_people_read_clocks(people);
    for (uint32_t i = 0; i < people->process_count; i++) {
        people->processes[i]->cpu_first_ns = people->processes[i]->cpu_last_ns;
        people->processes[i]->split_first = people->processes[i]->split_last;
    }
    people->ended_cpu_ns = 0;
    people->ended_split = (struct pf_record_split){0};
}

static uint64_t clock_rise(const struct pf_record_process *process)
{
    return process->cpu_last_ns - process->cpu_first_ns;
}

/* Its clock cannot be read any more: as it last was, or what its samples show beyond that. */
static uint64_t ended_cpu(const struct pf_record_process *process, uint64_t period_ns)
{
    uint64_t by_samples_ns = process->samples * period_ns;

    return clock_rise(process) > by_samples_ns ? clock_rise(process) : by_samples_ns;
}

uint64_t pf_people_cpu_ns(const struct pf_record_people *people)
{
    uint64_t sum_ns = people->ended_cpu_ns;

    for (uint32_t i = 0; i < people->process_count; i++)
        if (people->processes[i]->pid)
            sum_ns += clock_rise(people->processes[i]);
    return sum_ns;
}

struct pf_record_process *pf_people_process(struct pf_record_people *people, pid_t pid)
{
    struct pf_record_process *process = known_process(people, pid);
    struct pf_proc_stat stat;
    struct pf_err err = {0};

    if (process || !pf_proc_stat_read(&stat, pid, 0))
        return process;
    process = take_process(people, pid);
    process->parent = stat.parent;
    read_split(process);
    process->split_first = process->split_last;
    (void)snprintf(process->comm, sizeof process->comm, "%s", stat.comm);
    /* Without maps its stacks are cut at the first frame, and counted as such. */
    (void)!pf_space_read(&process->space, pid, people->objects, &err);
    return process;
}

static uint32_t take_thread(struct pf_record_people *people)
{
    uint32_t index = people->thread_free;

    if (people->threads && index != PF_TID_NONE) {
        people->thread_free = people->threads[index].next_free;
        return index;
    }
    if (people->thread_count == people->thread_capacity) {
        people->thread_capacity =
            people->thread_capacity ? people->thread_capacity * 2 : ITEMS_FIRST;
        people->threads =
            pf_mem_resize(people->threads, people->thread_capacity, sizeof *people->threads);
    }
    return people->thread_count++;
}

static struct pf_record_thread *enter_thread(struct pf_record_people *people, uint32_t process,
                                             pid_t tid, const char *comm)
{
    uint32_t index = take_thread(people);

    people->threads[index] =
        (struct pf_record_thread){.tid = tid, .process = process, .label_set = PF_NONE};
    (void)snprintf(people->threads[index].comm, PF_COMM_BYTES, "%s", comm);
    pf_tid_map_put(&people->by_tid, tid, index);
    return &people->threads[index];
}

static struct pf_record_thread *known_thread(const struct pf_record_people *people, pid_t tid)
{
    uint32_t index = pf_tid_map_find(&people->by_tid, tid);

    return index == PF_TID_NONE ? NULL : &people->threads[index];
}

struct pf_record_thread *pf_people_thread(struct pf_record_people *people, pid_t pid, pid_t tid)
{
    struct pf_record_thread *thread = known_thread(people, tid);
    struct pf_proc_stat stat;

    if (thread && people->processes[thread->process]->pid == pid)
        return thread;
    struct pf_record_process *process = pf_people_process(people, pid);
    if (!process)
        return NULL;
    bool is_there = pf_proc_stat_read(&stat, pid, tid);
    return enter_thread(people, pf_tid_map_find(&people->by_pid, pid), tid,
                        is_there ? stat.comm : process->comm);
}

static void forget_thread(struct pf_record_people *people, pid_t tid)
{
    uint32_t index = pf_tid_map_find(&people->by_tid, tid);

    if (index == PF_TID_NONE)
        return;
    pf_tid_map_remove(&people->by_tid, tid);
    people->threads[index] = (struct pf_record_thread){.next_free = people->thread_free};
    people->thread_free = index;
}

/* Keep an ended process's count; the last row is for all that have no row of their own. */
static void keep_count(struct pf_record_people *people, const struct pf_record_process *process)
{
    struct pf_summary_process *row = &people->ended[PF_SUMMARY_ROWS_MAX - 1];

    if (process->samples == 0)
        return;
    if (people->ended_count < PF_SUMMARY_ROWS_MAX - 1) {
        row = &people->ended[people->ended_count++];
        row->pid = process->pid;
        (void)snprintf(row->command, sizeof row->command, "%.63s", process->comm);
    } else {
        people->ended_count = PF_SUMMARY_ROWS_MAX;
        (void)snprintf(row->command, sizeof row->command, "(others that ended)");
    }
    row->samples += process->samples;
}

static void forget_process(struct pf_record_people *people, pid_t pid)
{
    uint32_t index = pf_tid_map_find(&people->by_pid, pid);

    if (index == PF_TID_NONE)
        return;
    struct pf_record_process *process = people->processes[index];
    keep_count(people, process);
    people->ended_cpu_ns += ended_cpu(process, people->period_ns);
    if (!pf_people_has(people, process->parent)) /* its parent has it, when it has waited */
        add_split(&people->ended_split, process);
    pf_space_fini(&process->space);
    pf_tid_map_remove(&people->by_pid, pid);
    *process = (struct pf_record_process){.next_free = people->process_free};
    people->process_free = index;
    people->live_processes--;
}

static void fork_process(struct pf_record_people *people, const struct pf_event *event)
{
    struct pf_record_process *parent = pf_people_process(people, event->task.parent_pid);

    forget_process(people, event->pid); /* the id of one whose end was lost */
    struct pf_record_process *child = take_process(people, event->pid);
    child->cpu_first_ns = 0; /* all of it is ours to count */
    child->parent = event->task.parent_pid;
    if (!parent)
        return;
    (void)snprintf(child->comm, sizeof child->comm, "%s", parent->comm);
    pf_space_copy(&child->space, &parent->space, event->pid);
}

void pf_people_forked(struct pf_record_people *people, const struct pf_event *event)
{
    const struct pf_record_thread *parent;
    char comm[PF_COMM_BYTES];

    if (event->pid != event->task.parent_pid)
        fork_process(people, event);
    else if (!pf_people_process(people, event->pid))
        return;
    uint32_t process = pf_tid_map_find(&people->by_pid, event->pid);
    parent = known_thread(people, event->task.parent_tid);
    (void)snprintf(comm, sizeof comm, "%s",
                   parent ? parent->comm : people->processes[process]->comm);
    forget_thread(people, event->tid);
    (void)enter_thread(people, process, event->tid, comm);
}

void pf_people_named(struct pf_record_people *people, const struct pf_event *event)
{
    struct pf_record_process *process = known_process(people, event->pid);
    struct pf_record_thread *thread = pf_people_thread(people, event->pid, event->tid);

    if (process && event->comm.is_exec)
        pf_space_reset(&process->space);
    if (process && event->pid == event->tid)
        (void)snprintf(process->comm, sizeof process->comm, "%.63s", event->comm.name);
    if (thread) {
        (void)snprintf(thread->comm, sizeof thread->comm, "%.63s", event->comm.name);
        thread->label_set = PF_NONE;
    }
}

void pf_people_mapped(struct pf_record_people *people, const struct pf_event *event)
{
    struct pf_record_process *process = pf_people_process(people, event->pid);

    if (process)
        pf_space_mmap(&process->space, &event->mmap, people->objects);
}

void pf_people_exited(struct pf_record_people *people, const struct pf_event *event)
{
    forget_thread(people, event->tid);
    if (event->pid == event->tid)
        forget_process(people, event->pid);
}

void pf_people_refresh(struct pf_record_people *people)
{
    struct pf_err err = {0};

    for (uint32_t i = 0; i < people->process_count; i++)
        if (people->processes[i]->pid)
            (void)!pf_space_read(&people->processes[i]->space, people->processes[i]->pid,
                                 people->objects, &err);
}

static struct pf_label text_label(struct pf_profile *profile, const char *key, const char *text)
{
    return (struct pf_label){.key = pf_profile_string(profile, key),
                             .str = pf_profile_string(profile, text)};
}

static struct pf_label number_label(struct pf_profile *profile, const char *key, int64_t number)
{
    return (struct pf_label){.key = pf_profile_string(profile, key), .num = number};
}

static uint32_t make_labels(struct pf_record_people *people, const struct pf_record_thread *thread,
                            const char *state)
{
    const struct pf_record_process *process = people->processes[thread->process];
    struct pf_label labels[LABELS_MAX];
    uint32_t count = 0;

    labels[count++] = number_label(people->profile, "pid", process->pid);
    labels[count++] = text_label(people->profile, "process", process->comm);
    labels[count++] = text_label(people->profile, "thread", thread->comm);
    if (people->label_threads)
        labels[count++] = number_label(people->profile, "tid", thread->tid);
    if (state)
        labels[count++] = text_label(people->profile, "state", state);
    return pf_profile_label_set(people->profile, labels, count);
}

uint32_t pf_people_labels(struct pf_record_people *people, struct pf_record_thread *thread,
                          const char *state)
{
    if (state)
        return make_labels(people, thread, state);
    if (thread->label_set == PF_NONE)
        thread->label_set = make_labels(people, thread, NULL);
    return thread->label_set;
}

static int busier(const void *left, const void *right)
{
    const struct pf_summary_process *a = left;
    const struct pf_summary_process *b = right;

    return a->samples == b->samples ? (a->pid > b->pid) - (a->pid < b->pid)
                                    : (a->samples < b->samples) - (a->samples > b->samples);
}

void pf_people_summarise(const struct pf_record_people *people, struct pf_summary *summary)
{
    uint32_t count = people->ended_count;
    struct pf_summary_process *rows = pf_mem_new(count + people->process_count + 1, sizeof *rows);

    memcpy(rows, people->ended, count * sizeof *rows);
    for (uint32_t i = 0; i < people->process_count; i++) {
        const struct pf_record_process *process = people->processes[i];
        if (!process->pid || !process->samples)
            continue;
        rows[count] = (struct pf_summary_process){.pid = process->pid, .samples = process->samples};
        (void)snprintf(rows[count].command, sizeof rows[count].command, "%.63s", process->comm);
        count++;
    }
    qsort(rows, count, sizeof *rows, busier);
    if (count > PF_SUMMARY_ROWS_MAX)
        count = PF_SUMMARY_ROWS_MAX;
    memcpy(summary->processes, rows, count * sizeof *rows);
    summary->process_count = count;
    free(rows);
}

/* SPDX-License-Identifier: MIT */
#include "profiler/session/agent_samples.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "profiler/base/arena.h"
#include "profiler/base/clock.h"
#include "profiler/trace/region_modules.h"
#include "profiler/trace/region_stacks.h"
#include "profiler/trace/region_threads.h"
#include "profiler/trace/ring.h"

enum { TAKE_AT_ONCE = 256, LABELS_MAX = 4 };

void pf_agent_samples_init(struct pf_agent_samples *samples, struct pf_profile *profile,
                           uint64_t period_ns, bool label_threads)
{
    memset(samples, 0, sizeof *samples);
    samples->profile = profile;
    samples->period_ns = period_ns;
    samples->label_threads = label_threads;
    pf_mapped_objects_init(&samples->objects);
    pf_fold_init(&samples->fold, profile, &samples->objects);
}

void pf_agent_samples_fini(struct pf_agent_samples *samples)
{
    for (uint32_t i = 0; i < samples->process_count; i++)
        pf_space_fini(&samples->processes[i].space);
    free(samples->processes);
    pf_fold_fini(&samples->fold);
    pf_mapped_objects_fini(&samples->objects);
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

/* Its name now, or what its program file was called. */
static void name_process(struct pf_sampled_process *process, const struct pf_agent_process *agent)
{
    struct pf_proc_stat stat;

    if (pf_proc_stat_read(&stat, agent->pid, 0)) {
        memcpy(process->comm, stat.comm, sizeof process->comm);
        process->start_ticks = stat.start_ticks;
    } else {
        (void)snprintf(process->comm, sizeof process->comm, "%.*s", PF_COMM_BYTES - 1,
                       base_name(agent->exe));
    }
}

/* After an exec the process goes on: what it used while nobody sampled it counts, too. */
static void follow_on(const struct pf_agent_samples *samples, struct pf_sampled_process *process)
{
    for (struct pf_sampled_process *at = process; at-- > samples->processes;)
        if (at->pid == process->pid && at->start_ticks == process->start_ticks) {
            process->cpu_first_ns = at->cpu_last_ns;
            at->goes_on = false;
            return;
        }
}

static void meet_new(struct pf_agent_samples *samples, const struct pf_agent_host *host)
{
    if (host->process_count == samples->process_count)
        return;
    samples->processes =
        pf_mem_resize(samples->processes, host->process_count, sizeof *samples->processes);
    for (uint32_t i = samples->process_count; i < host->process_count; i++) {
        struct pf_sampled_process *process = &samples->processes[i];
        *process = (struct pf_sampled_process){.pid = host->processes[i].pid};
        process->space.pid = process->pid;
        name_process(process, &host->processes[i]);
        follow_on(samples, process);
    }
    samples->process_count = host->process_count;
}

/* Modules come in order and are never taken back: a place mapped anew replaces what was there. */
static void learn_modules(struct pf_agent_samples *samples, struct pf_sampled_process *process,
                          const struct pf_region *region)
{
    const struct pf_region_module *module;

    while ((module = pf_module_view(region, process->modules_seen)) != NULL) {
        struct pf_event_mmap mapped = {.start = module->start,
                                       .size = module->end - module->start,
                                       .prot = PROT_EXEC,
                                       .path = module->path};
        if (module->end > module->start)
            pf_space_mmap(&process->space, &mapped, &samples->objects);
        process->modules_seen++;
        pf_fold_forget(&samples->fold);
    }
}

/* Interned pcs are return addresses, the innermost raised by one to look like it. */
static void read_stack(const struct pf_region *region, uint32_t stack, uint64_t *pcs,
                       struct pf_trail *trail)
{
    uint32_t flags = 0;
    const uint64_t *from = pf_stack_view(region, stack, &trail->count, &flags);

    *trail = (struct pf_trail){.pcs = pcs, .count = trail->count, .lost_object = UINT32_MAX};
    if (trail->count == 0)
        return;
    memcpy(pcs, from, trail->count * sizeof *pcs);
    pcs[0]--;
    trail->is_rooted = !(flags & PF_STACK_TRUNCATED);
    if (!trail->is_rooted)
        trail->lost = trail->count == PF_STACK_DEPTH_MAX ? PF_LOST_DEPTH : PF_LOST_NO_RULE;
}

static uint32_t labels_of(struct pf_agent_samples *samples,
                          const struct pf_sampled_process *process, uint32_t tid)
{
    struct pf_profile *profile = samples->profile;
    struct pf_label labels[LABELS_MAX];
    uint32_t count = 0;

    labels[count++] =
        (struct pf_label){.key = pf_profile_string(profile, "pid"), .num = process->pid};
    labels[count++] = (struct pf_label){.key = pf_profile_string(profile, "process"),
                                        .str = pf_profile_string(profile, process->comm)};
    if (samples->label_threads)
        labels[count++] = (struct pf_label){.key = pf_profile_string(profile, "tid"), .num = tid};
    return pf_profile_label_set(profile, labels, count);
}

static void take(struct pf_agent_samples *samples, struct pf_sampled_process *process,
                 const struct pf_region *region, const struct pf_ring_event *event)
{
    uint64_t pcs[PF_STACK_DEPTH_MAX];
    struct pf_trail trail = {0};
    int64_t values[] = {event->weight, (int64_t)(event->weight * samples->period_ns)};

    read_stack(region, event->stack, pcs, &trail);
    if (!trail.is_rooted && trail.count > 0) {
        const struct pf_space_map *map = pf_space_find(&process->space, pcs[trail.count - 1]);
        trail.lost_object = map ? map->object : UINT32_MAX;
    }
    struct pf_fold_frames frames = {.leaf = PF_NONE, .trail = &trail, .space = &process->space};
    if (trail.count == 0) {
        frames.leaf = pf_fold_named(&samples->fold, "[no stack]");
        frames.trail = NULL;
    }
    for (uint32_t i = 0; i < event->weight; i++)
        pf_quality_count(&samples->quality, &trail);
    process->samples += event->weight;
    (void)pf_profile_add(samples->profile, pf_fold_stack(&samples->fold, &frames),
                         labels_of(samples, process, event->tid), values);
}

/* The ring a slot names, if it lies in the region. */
static struct pf_ring *ring_of(struct pf_region *region, const struct pf_region_thread *slot)
{
    uint64_t at = atomic_load(&slot->ring_at);

    if (at == 0 || at % PF_REGION_LINE != 0 || at < region->work_at
        || at > region->size_bytes - sizeof(struct pf_ring))
        return NULL;
    return pf_region_part(region, at);
}

/* A weight is a count of overruns; one beyond reason was scribbled, and is counted as one. */
enum { WEIGHT_MAX = 100000 };

static void drain_ring(struct pf_agent_samples *samples, struct pf_sampled_process *process,
                       struct pf_region *region, struct pf_ring *ring)
{
    struct pf_ring_event events[TAKE_AT_ONCE];
    uint32_t count = pf_ring_pop(ring, events, TAKE_AT_ONCE);

    for (uint32_t taken = 0; count > 0 && taken < PF_RING_EVENTS; taken += count) {
        for (uint32_t i = 0; i < count; i++) {
            if (events[i].weight == 0 || events[i].weight > WEIGHT_MAX)
                events[i].weight = 1;
            samples->stacks++;
            take(samples, process, region, &events[i]);
        }
        count = pf_ring_pop(ring, events, TAKE_AT_ONCE);
    }
}

/* False: it has ended, what goes by its number is another. */
static bool read_cpu(struct pf_sampled_process *process)
{
    struct pf_proc_stat stat;

    if (!pf_proc_stat_read(&stat, process->pid, 0) || stat.start_ticks != process->start_ticks)
        return false;
    uint64_t tick_ns = UINT64_C(1000000000) / (uint64_t)sysconf(_SC_CLK_TCK);
    process->cpu_last_ns = (stat.user_ticks + stat.system_ticks) * tick_ns;
    if (process->cpu_first_ns == 0)
        process->cpu_first_ns = process->cpu_last_ns;
    return stat.state != 'Z' && stat.state != 'X';
}

static void drain_region(struct pf_agent_samples *samples, struct pf_sampled_process *process,
                         struct pf_region *region)
{
    struct pf_region_thread *slots = pf_region_part(region, region->threads_at);
    uint32_t used = atomic_load(&region->thread_next);

    learn_modules(samples, process, region);
    if (used > region->sizes.thread_count)
        used = region->sizes.thread_count;
    process->dropped_late = 0;
    process->dropped_room = pf_thread_sum(region, PF_COUNT_DROPPED);
    for (uint32_t i = 0; i < used; i++) {
        struct pf_ring *ring = ring_of(region, &slots[i]);
        if (!ring)
            continue;
        drain_ring(samples, process, region, ring);
        process->dropped_late += atomic_load(&ring->dropped);
    }
    if (atomic_load(&region->untimed) > samples->untimed)
        samples->untimed = atomic_load(&region->untimed);
}

/* Whether it has ended is asked before it is read for the last time. */
static void drain_process(struct pf_agent_samples *samples, struct pf_agent_host *host,
                          uint32_t index)
{
    struct pf_sampled_process *process = &samples->processes[index];
    const struct pf_agent_process *agent = &host->processes[index];

    if (!agent->region || !agent->is_mapped)
        return;
    process->goes_on = read_cpu(process);
    process->is_done = agent->is_over || !process->goes_on;
    drain_region(samples, process, agent->region);
    if (process->is_done) {
        pf_agent_host_release(host, index);
        pf_space_fini(&process->space);
    }
}

static void measure_pause(struct pf_agent_samples *samples)
{
    uint64_t now_ns = pf_clock_now_ns();

    if (samples->last_drain_ns && now_ns - samples->last_drain_ns > samples->pause_ns)
        samples->pause_ns = now_ns - samples->last_drain_ns;
    samples->last_drain_ns = now_ns;
}

void pf_agent_samples_drain(struct pf_agent_samples *samples, struct pf_agent_host *host)
{
    measure_pause(samples);
    meet_new(samples, host);
    for (uint32_t i = 0; i < samples->process_count; i++)
        if (!samples->processes[i].is_done)
            drain_process(samples, host, i);
        else if (samples->processes[i].goes_on)
            samples->processes[i].goes_on = read_cpu(&samples->processes[i]);
}

struct pf_agent_losses pf_agent_samples_losses(const struct pf_agent_samples *samples)
{
    struct pf_agent_losses losses = {0};

    for (uint32_t i = 0; i < samples->process_count; i++) {
        losses.late += samples->processes[i].dropped_late;
        losses.room += samples->processes[i].dropped_room;
    }
    return losses;
}

static int busiest_first(const void *left, const void *right)
{
    uint64_t a = ((const struct pf_summary_process *)left)->samples;
    uint64_t b = ((const struct pf_summary_process *)right)->samples;

    return a < b ? 1 : a > b ? -1 : 0;
}

/* Of an image: the process may have exec'ed others. */
static void add_row(struct pf_summary *summary, const struct pf_sampled_process *process)
{
    for (uint32_t i = 0; i < summary->process_count; i++) {
        struct pf_summary_process *row = &summary->processes[i];
        if (row->pid == process->pid && strcmp(row->command, process->comm) == 0) {
            row->samples += process->samples;
            return;
        }
    }
    if (summary->process_count == PF_SUMMARY_ROWS_MAX)
        return;
    struct pf_summary_process *row = &summary->processes[summary->process_count++];
    *row = (struct pf_summary_process){.pid = process->pid, .samples = process->samples};
    memcpy(row->command, process->comm, sizeof row->command);
}

/* One that ended was last looked at a moment before: what it was sampled for it used at least. */
static uint64_t cpu_used_ns(const struct pf_sampled_process *process, uint64_t period_ns)
{
    uint64_t read_ns = process->cpu_last_ns > process->cpu_first_ns
                           ? process->cpu_last_ns - process->cpu_first_ns
                           : 0;
    uint64_t sampled_ns = process->samples * period_ns;

    return process->is_done && sampled_ns > read_ns ? sampled_ns : read_ns;
}

void pf_agent_samples_summarise(struct pf_agent_samples *samples, struct pf_summary *summary)
{
    struct pf_agent_losses losses = pf_agent_samples_losses(samples);

    samples->quality.lost = losses.late + losses.room;
    for (uint32_t i = 0; i < samples->process_count; i++) {
        const struct pf_sampled_process *process = &samples->processes[i];
        summary->target_cpu_ns += cpu_used_ns(process, samples->period_ns);
        if (process->samples > 0)
            add_row(summary, process);
    }
    qsort(summary->processes, summary->process_count, sizeof *summary->processes, busiest_first);
    pf_quality_summarise(&samples->quality, &samples->objects, summary);
    summary->independent = samples->stacks;
}

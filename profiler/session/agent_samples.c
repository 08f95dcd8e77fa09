/* SPDX-License-Identifier: MIT */
#include "profiler/session/agent_samples.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "profiler/base/arena.h"
#include "profiler/base/clock.h"
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
        pf_agent_space_fini(&samples->processes[i].space);
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
    uint32_t place = (uint32_t)(process - samples->processes);

    for (struct pf_sampled_process *at = process; at-- > samples->processes;)
        if (at->pid == process->pid && at->start_ticks == process->start_ticks) {
            process->cpu_first_ns = at->cpu_first_ns;
            at->next_image = place;
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
        process->space.space.pid = process->pid;
        name_process(process, &host->processes[i]);
        follow_on(samples, process);
    }
    samples->process_count = host->process_count;
}

/* Once a drain at most. */
static void ask_again(struct pf_agent_samples *samples, struct pf_sampled_process *process)
{
    if (process->was_asked || !process->goes_on || process->next_image)
        return;
    process->was_asked = true;
    if (pf_agent_space_ask(&process->space, &samples->objects))
        pf_fold_forget(&samples->fold);
}

static void learn_modules(struct pf_agent_samples *samples, struct pf_sampled_process *process,
                          const struct pf_region *region)
{
    process->was_asked = false;
    if (!pf_agent_space_learn(&process->space, region, &samples->objects))
        return;
    pf_fold_forget(&samples->fold);
    ask_again(samples, process);
}

/* Why the walk ended. A rooted one whose outer frames found no room in the region was cut by us. */
static enum pf_lost reason_of(uint32_t flags)
{
    uint32_t reason = flags >> PF_STACK_REASON_SHIFT;

    return reason > PF_LOST_NOT && reason <= PF_LOST_NO_REGISTER ? (enum pf_lost)reason
                                                                 : PF_LOST_DEPTH;
}

/* Interned pcs are return addresses, the innermost raised by one to look like it. */
static void read_stack(const struct pf_region *region, uint32_t stack, struct pf_trail *trail)
{
    uint32_t flags = 0;

    trail->count = pf_stack_read(region, stack, trail->pcs, &flags);
    trail->lost_object = UINT32_MAX;
    if (trail->count == 0)
        return;
    trail->pcs[0]--;
    trail->is_rooted = !(flags & PF_STACK_TRUNCATED);
    trail->guessed = flags & PF_STACK_GUESSED ? 1 : 0;
    if (!trail->is_rooted)
        trail->lost = reason_of(flags);
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

/* The object code lies in, UINT32_MAX: none. Code made at run time is known to the kernel alone. */
static uint32_t object_at(struct pf_agent_samples *samples, struct pf_sampled_process *process,
                          uint64_t pc)
{
    const struct pf_space_map *map = pf_space_find(&process->space.space, pc);

    if (!map) {
        ask_again(samples, process);
        map = pf_space_find(&process->space.space, pc);
    }
    return map ? map->object : UINT32_MAX;
}

static void take(struct pf_agent_samples *samples, struct pf_sampled_process *process,
                 const struct pf_region *region, const struct pf_ring_event *event)
{
    uint64_t pcs[PF_STACK_DEPTH_MAX];
    struct pf_trail trail = {.pcs = pcs};
    int64_t values[] = {event->weight, (int64_t)(event->weight * samples->period_ns)};

    read_stack(region, event->stack, &trail);
    if (trail.count > 0) /* nearly always the leaf's code is what has no information */
        trail.guess_object = object_at(samples, process, pcs[0]);
    if (!trail.is_rooted && trail.count > 0)
        trail.lost_object = object_at(samples, process, pcs[trail.count - 1]);
    struct pf_fold_frames frames = {
        .leaf = PF_NONE, .trail = &trail, .space = &process->space.space};
    if (trail.count == 0) {
        frames.leaf = pf_fold_named(&samples->fold, "[no stack]");
        frames.trail = NULL;
        samples->stackless += event->weight;
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

/* A weight is a count of overruns. One of more CPU time than the agent is old was scribbled, and is
 * counted as one. */
static uint32_t weight_of(const struct pf_ring_event *event, uint64_t weight_max)
{
    return event->weight == 0 || event->weight > weight_max ? 1 : event->weight;
}

static void drain_ring(struct pf_agent_samples *samples, struct pf_sampled_process *process,
                       struct pf_region *region, struct pf_ring *ring)
{
    struct pf_ring_event events[TAKE_AT_ONCE];
    uint32_t count = pf_ring_pop(ring, events, TAKE_AT_ONCE);

    for (uint32_t taken = 0; count > 0 && taken < PF_RING_EVENTS; taken += count) {
        for (uint32_t i = 0; i < count; i++) {
            events[i].weight = weight_of(&events[i], process->weight_max);
            if (!samples->is_begun)
                continue;
            samples->stacks++;
            take(samples, process, region, &events[i]);
        }
        count = pf_ring_pop(ring, events, TAKE_AT_ONCE);
    }
}

/* False: it has ended, what goes by its number is another. */
static bool read_cpu(const struct pf_agent_samples *samples, struct pf_sampled_process *process)
{
    struct pf_proc_stat stat;

    if (!pf_proc_stat_read(&stat, process->pid, 0) || stat.start_ticks != process->start_ticks)
        return false;
    uint64_t tick_ns = UINT64_C(1000000000) / (uint64_t)sysconf(_SC_CLK_TCK);
    process->cpu_last_ns = (stat.user_ticks + stat.system_ticks) * tick_ns;
    if (process->cpu_first_ns == 0 || !samples->is_begun)
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
    process->lost = (struct pf_agent_losses){.room = pf_thread_sum(region, PF_COUNT_DROPPED)};
    for (uint32_t i = 0; i < used; i++) {
        struct pf_ring *ring = ring_of(region, &slots[i]);
        if (!ring)
            continue;
        drain_ring(samples, process, region, ring);
        process->lost.late += atomic_load(&ring->dropped);
    }
    if (!samples->is_begun)
        process->before = process->lost;
    if (atomic_load(&region->untimed) > samples->untimed)
        samples->untimed = atomic_load(&region->untimed);
}

/* Whether it has ended is asked before it is read for the last time. The time of a process that
 * exec'ed is its newest image's to read. */
static void drain_process(struct pf_agent_samples *samples, struct pf_agent_host *host,
                          uint32_t index)
{
    struct pf_sampled_process *process = &samples->processes[index];
    const struct pf_agent_process *agent = &host->processes[index];

    if (!agent->region || !agent->is_mapped)
        return;
    process->weight_max = (pf_clock_now_ns() - agent->start_ns) / samples->period_ns + 1;
    process->goes_on = process->next_image == 0 && read_cpu(samples, process);
    process->is_done = agent->is_over || !process->goes_on;
    drain_region(samples, process, agent->region);
    if (process->is_done) {
        pf_agent_host_release(host, index);
        pf_agent_space_fini(&process->space);
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
        else if (samples->processes[i].goes_on && samples->processes[i].next_image == 0)
            samples->processes[i].goes_on = read_cpu(samples, &samples->processes[i]);
}

void pf_agent_samples_begin(struct pf_agent_samples *samples, struct pf_agent_host *host)
{
    pf_agent_samples_drain(samples, host);
    samples->is_begun = true;
    samples->pause_ns = 0;
}

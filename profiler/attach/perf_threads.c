/* SPDX-License-Identifier: MIT */
#include "profiler/attach/perf_threads.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "profiler/base/arena.h"

/*
 * Grow when at least this share of a root's stacks was cut: rooted stacks shall be 99 % at the
 * least. The first cut stack of a young root is enough, for a larger copy costs little where
 * stacks are small: the kernel copies what there is.
 */
enum { GROW_CUT_ONE_IN = 400, GROW_FACTOR = 2, ITEMS_FIRST = 64 };

/*
 * Copies that are never two thirds full become smaller; where that was wrong, next time after many
 * more samples. Small ones only at a high rate: there the server can feel the difference
 * (docs/decisions/0006); at a low one it cannot, and a stack that deepens later would be cut for
 * longer. To open many threads again would cost more than it saves.
 */
enum { FIT_AFTER_FIRST = 256, FIT_AFTER_FACTOR = 16, FIT_HEIRS_MAX = 16, FIT_SMALL_HZ = 500 };

/* Descriptors kept free for everything else: objects, /proc, the profile itself. */
enum { FDS_RESERVED = 64 };

static void raise_fd_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

void pf_perf_threads_init(struct pf_perf_threads *set, const struct pf_perf_rings *rings,
                          const struct pf_perf_access *access, const struct pf_perf_wish *wish)
{
    raise_fd_limit();
    *set = (struct pf_perf_threads){.rings = rings,
                                    .access = *access,
                                    .wish = *wish,
                                    .root_free = PF_TID_NONE,
                                    .cpus_root = PF_TID_NONE,
                                    .heir_free = PF_TID_NONE};
}

/* Free slots are chained: roots through stack_bytes, heirs through root. */
static uint32_t take_root(struct pf_perf_threads *set)
{
    uint32_t index = set->root_free;

    if (index != PF_TID_NONE) {
        set->root_free = set->roots[index].stack_bytes;
        return index;
    }
    if (set->root_count == set->root_capacity) {
        set->root_capacity = set->root_capacity ? set->root_capacity * 2 : ITEMS_FIRST;
        set->roots = pf_mem_resize(set->roots, set->root_capacity, sizeof *set->roots);
    }
    return set->root_count++;
}

static uint32_t take_heir(struct pf_perf_threads *set)
{
    uint32_t index = set->heir_free;

    if (index != PF_TID_NONE) {
        set->heir_free = set->heirs[index].root;
        return index;
    }
    if (set->heir_count == set->heir_capacity) {
        set->heir_capacity = set->heir_capacity ? set->heir_capacity * 2 : ITEMS_FIRST;
        set->heirs = pf_mem_resize(set->heirs, set->heir_capacity, sizeof *set->heirs);
    }
    return set->heir_count++;
}

static void add_heir(struct pf_perf_threads *set, pid_t pid, pid_t tid, uint32_t root)
{
    uint32_t index = take_heir(set);

    set->heirs[index] = (struct pf_perf_heir){pid, tid, root};
    pf_tid_map_put(&set->by_tid, tid, index);
    set->roots[root].heirs++;
    set->live++;
}

struct reading {
    uint64_t value, running_ns, lost;
};

static struct reading read_root(const struct pf_perf_threads *set, const struct pf_perf_root *root)
{
    struct reading sum = {0};

    for (uint32_t i = 0; i < set->rings->count; i++) {
        struct reading one = {0};
        if (read(root->fds[i], &one, sizeof one) <= 0)
            continue;
        sum.running_ns += one.running_ns;
        sum.lost += one.lost;
    }
    return sum;
}

static void close_fds(int *fds, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        (void)close(fds[i]);
    free(fds);
}

static void close_root(struct pf_perf_threads *set, uint32_t index)
{
    struct pf_perf_root *root = &set->roots[index];
    struct reading sum = read_root(set, root);

    if (index == set->cpus_root) {
        set->closed_cpus_lost += sum.lost;
        set->cpus_root = PF_TID_NONE;
    } else {
        set->closed_cpu_ns += sum.running_ns;
        set->closed_lost += sum.lost;
    }
    close_fds(root->fds, set->rings->count);
    *root = (struct pf_perf_root){.stack_bytes = set->root_free};
    set->root_free = index;
    set->open_roots--;
}

void pf_perf_threads_fini(struct pf_perf_threads *set)
{
    for (uint32_t i = 0; i < set->root_count; i++)
        if (set->roots[i].fds)
            close_fds(set->roots[i].fds, set->rings->count);
    free(set->roots);
    free(set->heirs);
    pf_tid_map_fini(&set->by_tid);
    memset(set, 0, sizeof *set);
}

/* 0 or errno. */
static int open_fds(const struct pf_perf_threads *set, const struct perf_event_attr *attr,
                    pid_t tid, int *fds)
{
    for (uint32_t i = 0; i < set->rings->count; i++) {
        const struct pf_perf_ring *ring = &set->rings->at[i];
        int why = 0;

        fds[i] = pf_perf_open(attr, tid, ring->cpu);
        if (fds[i] < 0)
            why = -fds[i];
        else if (ioctl(fds[i], PERF_EVENT_IOC_SET_OUTPUT, ring->fd) != 0)
            why = errno;
        if (why == 0)
            continue;
        if (fds[i] >= 0)
            (void)close(fds[i]);
        while (i-- > 0)
            (void)close(fds[i]);
        return why;
    }
    return 0;
}

enum { ANYBODY = -1, CLOSE_AT_ONCE = 64 };

/* What the threads' stacks were found to need is needed on. */
static uint32_t largest_copy(const struct pf_perf_threads *set)
{
    uint32_t bytes = set->wish.stack_bytes;

    for (uint32_t i = 0; i < set->root_count; i++)
        if (set->roots[i].fds && set->roots[i].stack_bytes > bytes)
            bytes = set->roots[i].stack_bytes;
    return bytes;
}

/* The kernel numbers events in the order in which they are opened. */
static uint64_t lowest_id(const int *fds, uint32_t count)
{
    uint64_t lowest = UINT64_MAX;

    for (uint32_t i = 0; i < count; i++) {
        uint64_t id = 0;
        if (ioctl(fds[i], PERF_EVENT_IOC_ID, &id) == 0 && id < lowest)
            lowest = id;
    }
    return lowest;
}

static void forget_heirs(struct pf_perf_threads *set)
{
    pf_tid_map_fini(&set->by_tid);
    set->by_tid = (struct pf_tid_map){0};
    set->heir_count = 0;
    set->heir_free = PF_TID_NONE;
    set->live = 0;
}

int pf_perf_threads_open_cpus(struct pf_perf_threads *set)
{
    struct perf_event_attr attr;
    struct pf_perf_wish wish = set->wish;
    int *fds = pf_mem_new(set->rings->count, sizeof *fds);

    wish.whole_cpu = true;
    wish.stack_bytes = largest_copy(set);
    pf_perf_sampler(&attr, &set->access, &wish);
    int why = open_fds(set, &attr, ANYBODY, fds);
    if (why != 0) {
        free(fds);
        return why;
    }
    set->wish = wish;
    set->cpus_root = take_root(set);
    set->roots[set->cpus_root] = (struct pf_perf_root){
        .tid = ANYBODY, .heirs = 1, .stack_bytes = wish.stack_bytes, .fds = fds};
    set->open_roots++;
    if (set->cpus_first_id == 0)
        set->cpus_first_id = lowest_id(fds, set->rings->count);
    forget_heirs(set);
    return 0;
}

bool pf_perf_threads_close_some(struct pf_perf_threads *set)
{
    uint32_t closed = 0;

    for (uint32_t i = 0; i < set->root_count && closed < CLOSE_AT_ONCE; i++)
        if (set->roots[i].fds && i != set->cpus_root) {
            close_root(set, i);
            closed++;
        }
    return closed > 0;
}

/* At once to what everybody begins with, where it had become smaller. */
static uint32_t next_size(const struct pf_perf_threads *set, uint32_t bytes)
{
    if (bytes < set->wish.stack_bytes)
        return set->wish.stack_bytes;
    return bytes * GROW_FACTOR > PF_STACK_COPY_MAX ? PF_STACK_COPY_MAX : bytes * GROW_FACTOR;
}

/* Larger copies for everybody. */
static bool grow_cpus(struct pf_perf_threads *set)
{
    set->wish.stack_bytes = next_size(set, set->wish.stack_bytes);
    close_root(set, set->cpus_root);
    int why = pf_perf_threads_open_cpus(set);
    set->grown++;
    return why == 0;
}

bool pf_perf_threads_has_room(const struct pf_perf_threads *set, uint32_t threads)
{
    struct rlimit limit;
    uint64_t used = ((uint64_t)set->open_roots + threads) * set->rings->count;
    uint64_t reserved = FDS_RESERVED + (uint64_t)set->rings->count; /* whole CPUs may come */

    return getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY
           || used + reserved < limit.rlim_cur;
}

static enum pf_perf_opened say_refused(struct pf_perf_threads *set, int why)
{
    switch (why) {
    case ESRCH:
        return PF_PERF_GONE;
    case EACCES:
    case EPERM:
        set->denied++;
        return PF_PERF_DENIED;
    default:
        set->refused_fds++;
        return PF_PERF_FULL;
    }
}

static enum pf_perf_opened open_root(struct pf_perf_threads *set, const struct pf_perf_root *new)
{
    struct perf_event_attr attr;
    struct pf_perf_wish wish = set->wish;

    if (wish.whole_cpu)
        return PF_PERF_OPENED;
    int *fds = pf_mem_new(set->rings->count, sizeof *fds);
    wish.stack_bytes = new->stack_bytes;
    pf_perf_sampler(&attr, &set->access, &wish);
    int why = pf_perf_threads_has_room(set, 1) ? open_fds(set, &attr, new->tid, fds) : EMFILE;
    if (why != 0) {
        free(fds);
        return say_refused(set, why);
    }

    uint32_t index = take_root(set);
    set->roots[index] = *new;
    set->roots[index].fds = fds;
    set->open_roots++;
    add_heir(set, new->pid, new->tid, index);
    return PF_PERF_OPENED;
}

enum pf_perf_opened pf_perf_threads_open(struct pf_perf_threads *set, pid_t pid, pid_t tid)
{
    struct pf_perf_root root = {
        .pid = pid, .tid = tid, .stack_bytes = set->wish.stack_bytes, .fit_after = FIT_AFTER_FIRST};

    return open_root(set, &root);
}

bool pf_perf_threads_has(const struct pf_perf_threads *set, pid_t tid)
{
    return set->wish.whole_cpu || pf_tid_map_find(&set->by_tid, tid) != PF_TID_NONE;
}

void pf_perf_threads_forked(struct pf_perf_threads *set, pid_t parent_tid, pid_t pid, pid_t tid)
{
    uint32_t parent = pf_tid_map_find(&set->by_tid, parent_tid);

    if (parent == PF_TID_NONE || pf_perf_threads_has(set, tid))
        return;
    if (set->wish.threads_only && set->heirs[parent].pid != pid)
        return;
    add_heir(set, pid, tid, set->heirs[parent].root);
}

void pf_perf_threads_exited(struct pf_perf_threads *set, pid_t tid)
{
    uint32_t index = pf_tid_map_find(&set->by_tid, tid);

    if (index == PF_TID_NONE)
        return;
    uint32_t root = set->heirs[index].root;
    pf_tid_map_remove(&set->by_tid, tid);
    set->heirs[index] = (struct pf_perf_heir){.root = set->heir_free};
    set->heir_free = index;
    set->live--;
    if (--set->roots[root].heirs == 0)
        close_root(set, root);
}

/* Open every heir of a root with events of its own and give the root's up. */
static bool open_anew(struct pf_perf_threads *set, uint32_t index, uint32_t bytes)
{
    uint32_t heirs = set->roots[index].heirs;
    uint64_t fit_after = set->roots[index].fit_after;

    if (bytes < set->roots[index].stack_bytes || fit_after == FIT_AFTER_FIRST)
        fit_after *= FIT_AFTER_FACTOR;
    if (!pf_perf_threads_has_room(set, heirs))
        return false;

    struct pf_perf_heir *moving = pf_mem_new(heirs, sizeof *moving);
    uint32_t count = 0;
    for (uint32_t i = 0; i < set->heir_count && count < heirs; i++)
        if (set->heirs[i].tid && set->heirs[i].root == index)
            moving[count++] = set->heirs[i];
    for (uint32_t i = 0; i < count; i++)
        pf_perf_threads_exited(set, moving[i].tid); /* the last one closes the root */
    for (uint32_t i = 0; i < count; i++) {
        struct pf_perf_root root = {.pid = moving[i].pid,
                                    .tid = moving[i].tid,
                                    .stack_bytes = bytes,
                                    .fit_after = fit_after};
        (void)open_root(set, &root);
    }
    free(moving);
    return true;
}

static bool grow_root(struct pf_perf_threads *set, uint32_t index, uint32_t bytes)
{
    bool ok = open_anew(set, index, bytes);

    set->grown += ok;
    return ok;
}

/* What one thread of a process needs, the others that work in it will: each would pay for learning
 * it with samples of its own. */
static bool grow_process(struct pf_perf_threads *set, uint32_t index)
{
    uint32_t bytes = next_size(set, set->roots[index].stack_bytes);
    pid_t pid = set->roots[index].pid;
    uint32_t count = set->root_count; /* those opened on the way are large enough */
    bool ok = grow_root(set, index, bytes);

    for (uint32_t i = 0; ok && i < count; i++) {
        const struct pf_perf_root *root = &set->roots[i];
        if (root->fds && root->pid == pid && root->samples > 0 && root->stack_bytes < bytes)
            (void)grow_root(set, i, bytes);
    }
    return ok;
}

static uint32_t root_of(const struct pf_perf_threads *set, pid_t tid)
{
    uint32_t heir = pf_tid_map_find(&set->by_tid, tid);

    if (set->wish.whole_cpu)
        return set->cpus_root;
    return heir == PF_TID_NONE ? PF_TID_NONE : set->heirs[heir].root;
}

/* Half as much again as was used, or what there is. */
static uint32_t fitting_size(const struct pf_perf_threads *set, const struct pf_perf_root *root)
{
    uint32_t bytes =
        set->wish.frequency_hz >= FIT_SMALL_HZ ? PF_STACK_COPY_LEAST : PF_STACK_COPY_SPARE;

    if (root->samples != root->fit_after || root->heirs > FIT_HEIRS_MAX || set->wish.whole_cpu)
        return root->stack_bytes;
    while (bytes < root->stack_bytes && bytes / 3 * 2 < root->most_used)
        bytes += PF_STACK_COPY_LEAST;
    return bytes;
}

bool pf_perf_threads_count_sample(struct pf_perf_threads *set, pid_t tid, uint32_t copy_bytes,
                                  uint32_t used_bytes)
{
    uint32_t index = root_of(set, tid);

    if (index == PF_TID_NONE)
        return false;
    struct pf_perf_root *root = &set->roots[index];
    bool is_cut = used_bytes == PF_STACK_CUT;
    if (copy_bytes < root->stack_bytes && is_cut)
        return false; /* taken before it grew */
    root->samples++;
    root->out_of_bytes += is_cut;
    if (used_bytes > root->most_used)
        root->most_used = used_bytes;
    uint32_t fitting = fitting_size(set, root);
    if (fitting < root->stack_bytes) {
        (void)open_anew(set, index, fitting);
        return false;
    }
    if (!is_cut || root->stack_bytes >= PF_STACK_COPY_MAX
        || root->out_of_bytes * GROW_CUT_ONE_IN < root->samples)
        return false;
    return set->wish.whole_cpu ? grow_cpus(set) : grow_process(set, index);
}

uint64_t pf_perf_threads_cpu_ns(const struct pf_perf_threads *set)
{
    uint64_t sum = set->closed_cpu_ns;

    for (uint32_t i = 0; i < set->root_count; i++)
        if (set->roots[i].fds && i != set->cpus_root)
            sum += read_root(set, &set->roots[i]).running_ns;
    return sum;
}

uint64_t pf_perf_threads_lost(const struct pf_perf_threads *set)
{
    uint64_t sum = set->closed_lost;

    for (uint32_t i = 0; i < set->root_count; i++)
        if (set->roots[i].fds && i != set->cpus_root)
            sum += read_root(set, &set->roots[i]).lost;
    return sum;
}

uint64_t pf_perf_threads_cpus_lost(const struct pf_perf_threads *set)
{
    uint64_t open = 0;

    if (set->cpus_root != PF_TID_NONE)
        open = read_root(set, &set->roots[set->cpus_root]).lost;
    return set->closed_cpus_lost + open;
}

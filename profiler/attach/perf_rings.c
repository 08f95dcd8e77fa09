/* SPDX-License-Identifier: MIT */
#include "profiler/attach/perf_rings.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "profiler/attach/perf_access.h"
#include "profiler/attach/proc_stat.h"
#include "profiler/base/arena.h"
#include "profiler/base/clock.h"

enum { RING_BYTES_MIN = 64 << 10, CPU_LIST_BYTES = 4096, WAKEUP_BYTES_MAX = 512 << 10 };

/* "0-3,5": a CPU that is offline has no ring and needs none. */
static uint32_t list_cpus(int *cpus, uint32_t max)
{
    char text[CPU_LIST_BYTES];
    uint32_t count = 0;

    if (!pf_proc_read_text("/sys/devices/system/cpu/online", text, sizeof text)) {
        long online = sysconf(_SC_NPROCESSORS_ONLN);
        for (; count < max && count < (uint32_t)online; count++)
            cpus[count] = (int)count;
        return count;
    }
    for (char *at = text; *at;) {
        char *end = NULL;
        long first = strtol(at, &end, 10);
        long last = *end == '-' ? strtol(end + 1, &end, 10) : first;
        if (end == at)
            break;
        for (; first <= last && count < max; first++)
            cpus[count++] = (int)first;
        at = *end == ',' ? end + 1 : end;
    }
    return count;
}

static size_t map_bytes(const struct pf_perf_rings *rings)
{
    return (size_t)rings->data_bytes + (size_t)sysconf(_SC_PAGESIZE);
}

static void close_ring(struct pf_perf_rings *rings, struct pf_perf_ring *ring)
{
    if (ring->map)
        (void)munmap(ring->map, map_bytes(rings));
    if (ring->fd > 0)
        (void)close(ring->fd);
    ring->map = NULL;
    ring->fd = -1;
}

/* Early enough that a reader who is late loses nothing, late enough that there are few wakeups. */
static uint32_t wakeup_bytes(uint64_t data_bytes)
{
    return data_bytes / 2 < WAKEUP_BYTES_MAX ? (uint32_t)(data_bytes / 2) : WAKEUP_BYTES_MAX;
}

/* 0 or errno. */
static int open_ring(struct pf_perf_rings *rings, struct pf_perf_ring *ring)
{
    struct perf_event_attr attr;

    pf_perf_carrier(&attr, wakeup_bytes(rings->data_bytes));
    ring->fd = pf_perf_open(&attr, 0, ring->cpu);
    if (ring->fd < 0)
        return -ring->fd;

    void *map = mmap(NULL, map_bytes(rings), PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd, 0);
    if (map == MAP_FAILED) {
        int why = errno;
        close_ring(rings, ring);
        return why;
    }
    ring->map = map;
    return 0;
}

static int open_all(struct pf_perf_rings *rings, uint64_t data_bytes)
{
    rings->data_bytes = data_bytes;
    for (uint32_t i = 0; i < rings->count; i++) {
        int why = open_ring(rings, &rings->at[i]);
        if (why == 0)
            continue;
        while (i-- > 0)
            close_ring(rings, &rings->at[i]);
        return why;
    }
    return 0;
}

static void look_at_rings(struct pf_perf_rings *rings)
{
    long page = sysconf(_SC_PAGESIZE);

    for (uint32_t i = 0; i < rings->count; i++)
        rings->views[i] = (struct pf_ring_view){.at = (uint8_t *)rings->at[i].map + page,
                                                .size = rings->data_bytes};
}

bool pf_perf_rings_open(struct pf_perf_rings *out, uint64_t wish_bytes, struct pf_err *err)
{
    int cpus[PF_RING_COUNT_MAX];
    struct pf_perf_rings rings = {.count = list_cpus(cpus, PF_RING_COUNT_MAX)};
    int why = EPERM;

    rings.at = pf_mem_new(rings.count, sizeof *rings.at);
    rings.views = pf_mem_new(rings.count, sizeof *rings.views);
    for (uint32_t i = 0; i < rings.count; i++)
        rings.at[i].cpu = cpus[i];
    for (uint64_t bytes = wish_bytes; why == EPERM && bytes >= RING_BYTES_MIN; bytes /= 2)
        why = open_all(&rings, bytes);
    if (why == 0) {
        look_at_rings(&rings);
        *out = rings;
        return true;
    }
    free(rings.at);
    free(rings.views);
    if (why == EPERM)
        return pf_err_set(err, PF_ERR_LIMIT,
                          "perf events: no memory may be locked for their rings "
                          "(/proc/sys/kernel/perf_event_mlock_kb is used up): end other profilers, "
                          "raise it, or raise ulimit -l");
    if (why == EMFILE)
        return pf_err_set(err, PF_ERR_LIMIT,
                          "perf events: no descriptor is left for a ring for samples: raise "
                          "ulimit -n");
    return pf_err_sys(err, why, "perf events: a ring for samples");
}

void pf_perf_rings_close(struct pf_perf_rings *rings)
{
    for (uint32_t i = 0; i < rings->count; i++)
        close_ring(rings, &rings->at[i]);
    free(rings->at);
    free(rings->views);
    rings->at = NULL;
    rings->views = NULL;
    rings->count = 0;
}

void pf_perf_rings_wait(const struct pf_perf_rings *rings, int extra_fd, int timeout_ms)
{
    struct pollfd fds[PF_RING_COUNT_MAX + 1];

    for (uint32_t i = 0; i < rings->count; i++)
        fds[i] = (struct pollfd){.fd = rings->at[i].fd, .events = POLLIN};
    fds[rings->count] = (struct pollfd){.fd = extra_fd, .events = POLLIN};
    (void)poll(fds, rings->count + 1, timeout_ms);
}

void pf_perf_rings_begin(struct pf_perf_rings *rings, bool is_last)
{
    rings->horizon_ns = is_last ? UINT64_MAX : pf_clock_now_ns();
    for (uint32_t i = 0; i < rings->count; i++) {
        struct perf_event_mmap_page *control = rings->at[i].map;
        rings->views[i].head = __atomic_load_n(&control->data_head, __ATOMIC_ACQUIRE);
    }
    pf_ring_merge_begin(&rings->merge, rings->views, rings->count);
}

bool pf_perf_rings_next(struct pf_perf_rings *rings, struct pf_bytes *record)
{
    return pf_ring_merge_next(&rings->merge, rings->horizon_ns, record);
}

void pf_perf_rings_end(struct pf_perf_rings *rings)
{
    for (uint32_t i = 0; i < rings->count; i++) {
        struct perf_event_mmap_page *control = rings->at[i].map;
        __atomic_store_n(&control->data_tail, rings->views[i].tail, __ATOMIC_RELEASE);
    }
}

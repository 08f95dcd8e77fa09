/* SPDX-License-Identifier: MIT */
#include "profiler/agent/cpu_timers.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "profiler/agent/cpu_handler.h"
#include "profiler/agent/raw_call_x86_64.h"
#include "profiler/trace/region_threads.h"

enum { LISTING_BYTES = 8192, CHECK_ALIVE_EVERY = 8, SKIPS_MAX = 3 };
static const uint64_t NS_PER_S = 1000000000;

/* What getdents64(2) fills; glibc has no name for it. */
struct listed {
    uint64_t inode;
    int64_t next;
    uint16_t size;
    uint8_t type;
    char name[];
};

bool ag_timers_init(struct ag_timers *timers, uint32_t hz, int signal_number)
{
    void *at = mmap(NULL, AG_TIMER_SLOTS * sizeof(struct ag_timer), PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (at == MAP_FAILED)
        return false;
    *timers = (struct ag_timers){.at = at,
                                 .period_ns = NS_PER_S / hz,
                                 .random = (uint64_t)(uintptr_t)at | 1,
                                 .signal_number = signal_number,
                                 .listing = -1};
    return true;
}

void ag_timers_fini(struct ag_timers *timers)
{
    if (timers->at)
        (void)munmap(timers->at, AG_TIMER_SLOTS * sizeof(struct ag_timer));
    timers->at = NULL;
}

/* xorshift64: threads must not tick in step with each other or with their own work. */
static uint64_t draw(struct ag_timers *timers)
{
    timers->random ^= timers->random << 13;
    timers->random ^= timers->random >> 7;
    timers->random ^= timers->random << 17;
    return timers->random;
}

static struct timespec as_timespec(uint64_t ns)
{
    return (struct timespec){(time_t)(ns / NS_PER_S), (long)(ns % NS_PER_S)};
}

static int create(const struct ag_timers *timers, uint32_t tid, int32_t *timer)
{
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = timers->signal_number};
    int32_t clock = (int32_t)(~tid << 3 | 6); /* this thread's, scheduler time */

    event.sigev_value.sival_ptr = ag_cpu_tick_mark();
    event._sigev_un._tid = (pid_t)tid;
    return (int)AG_RAW_CALL(SYS_timer_create, (uintptr_t)clock, (uintptr_t)&event,
                            (uintptr_t)timer);
}

static void drop_timer(int32_t timer)
{
    (void)AG_RAW_CALL(SYS_timer_delete, (uintptr_t)timer);
}

/* 0, or an errno: EAGAIN where the limit of timers is reached, others for a thread that has ended.
 */
static int arm(struct ag_timers *timers, struct ag_timer *slot, uint32_t tid)
{
    struct itimerspec when = {.it_interval = as_timespec(timers->period_ns),
                              .it_value = as_timespec(1 + draw(timers) % timers->period_ns)};
    int32_t timer = 0;

    int why = create(timers, tid, &timer);
    if (why != 0)
        return -why;
    why = (int)AG_RAW_CALL(SYS_timer_settime, (uintptr_t)timer, 0, (uintptr_t)&when);
    if (why != 0) {
        drop_timer(timer);
        return -why;
    }
    *slot = (struct ag_timer){.tid = tid, .timer = timer};
    return 0;
}

static uint32_t place_of(uint32_t tid)
{
    return tid * 2654435761u >> 17; /* Knuth's multiplier; 15 bits */
}

static struct ag_timer *slot_of(struct ag_timers *timers, uint32_t tid)
{
    uint32_t at = place_of(tid);

    while (timers->at[at].tid != 0 && timers->at[at].tid != tid)
        at = (at + 1) % AG_TIMER_SLOTS;
    return &timers->at[at];
}

/* A number used again by a new thread: the old timer watches a clock that stands still. */
static bool is_stale(const struct ag_timer *slot)
{
    struct itimerspec left = {0};

    return AG_RAW_CALL(SYS_timer_gettime, (uintptr_t)slot->timer, (uintptr_t)&left) != 0
           || (left.it_value.tv_sec == 0 && left.it_value.tv_nsec == 0);
}

/* A thread met first; one that has ended since it was listed needs no timer. */
static bool meet_new(struct ag_timers *timers, struct ag_timer *slot, uint32_t tid)
{
    int why = timers->count < AG_TIMERS_MAX ? arm(timers, slot, tid) : EAGAIN;

    if (why == 0) {
        timers->count++;
        timers->changes++;
        return true;
    }
    timers->refused += why == EAGAIN;
    timers->gone += why != EAGAIN;
    return false;
}

static void meet(struct ag_timers *timers, uint32_t tid)
{
    struct ag_timer *slot = slot_of(timers, tid);

    if (slot->tid == 0 && !meet_new(timers, slot, tid))
        return;
    if (slot->seen != 0 && timers->scan % CHECK_ALIVE_EVERY == 0 && is_stale(slot)) {
        drop_timer(slot->timer);
        slot->timer = -1; /* the number may be another's soon */
        timers->refused += arm(timers, slot, tid) == EAGAIN;
    }
    slot->seen = timers->scan;
}

/* Linear probing closes the gap that a removed entry leaves. */
static void remove_at(struct ag_timers *timers, uint32_t gap)
{
    for (uint32_t at = (gap + 1) % AG_TIMER_SLOTS; timers->at[at].tid != 0;
         at = (at + 1) % AG_TIMER_SLOTS) {
        uint32_t home = place_of(timers->at[at].tid);
        bool stays = gap <= at ? gap < home && home <= at : gap < home || home <= at;
        if (stays)
            continue;
        timers->at[gap] = timers->at[at];
        gap = at;
    }
    timers->at[gap] = (struct ag_timer){0};
    timers->count--;
}

/* An entry moved into a gap by removal is looked at again. */
static void sweep(struct ag_timers *timers)
{
    for (uint32_t at = 0; at < AG_TIMER_SLOTS && timers->count > 0;) {
        struct ag_timer *slot = &timers->at[at];
        if (slot->tid == 0 || slot->seen == timers->scan) {
            at++;
            continue;
        }
        drop_timer(slot->timer);
        remove_at(timers, at);
        timers->changes++;
    }
}

/* Who has no timer takes no sample, hence needs no slot. */
static bool has_no_timer(const void *knows, uint32_t tid)
{
    struct ag_timers timers = *(const struct ag_timers *)knows;

    return slot_of(&timers, tid)->tid == 0;
}

static uint32_t read_number(const char *text)
{
    uint32_t value = 0;

    for (; *text >= '0' && *text <= '9'; text++)
        value = value * 10 + (uint32_t)(*text - '0');
    return value;
}

static uint32_t meet_listed(struct ag_timers *timers, const char *listing, long size)
{
    uint32_t met = 0;

    for (long at = 0; at < size;) {
        struct listed entry;
        memcpy(&entry, listing + at, offsetof(struct listed, name));
        uint32_t tid = read_number(listing + at + offsetof(struct listed, name));
        if (tid != 0 && tid != timers->own_tid) {
            meet(timers, tid);
            met++;
        }
        at += entry.size;
    }
    return met;
}

/* Its number of links is that of the threads, and two. */
static uint64_t count_links(const struct ag_timers *timers)
{
    struct stat st = {0};

    (void)AG_RAW_CALL(SYS_fstat, (uintptr_t)timers->listing, (uintptr_t)&st);
    return (uint64_t)st.st_nlink;
}

static bool is_as_listed(struct ag_timers *timers)
{
    return timers->listing >= 0 && timers->skipped++ < SKIPS_MAX
           && count_links(timers) == timers->listed;
}

static bool begin_listing(struct ag_timers *timers)
{
    if (timers->listing >= 0)
        return AG_RAW_CALL(SYS_lseek, (uintptr_t)timers->listing, 0, SEEK_SET) == 0;
    timers->listing = (int)AG_RAW_CALL(SYS_open, (uintptr_t) "/proc/self/task",
                                       O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return timers->listing >= 0;
}

static void end_listing(struct ag_timers *timers)
{
    timers->skipped = 0;
    if (timers->keeps_listing)
        return;
    (void)AG_RAW_CALL(SYS_close, (uintptr_t)timers->listing);
    timers->listing = -1;
}

bool ag_timers_scan(struct ag_timers *timers, bool is_calm)
{
    _Alignas(8) char listing[LISTING_BYTES] = {0};
    uint32_t met = 0;
    long size;

    if ((is_calm && is_as_listed(timers)) || !begin_listing(timers))
        return false;
    timers->listed = count_links(timers); /* before: one that comes meanwhile is found next time */
    timers->scan++;
    timers->refused = timers->gone = 0;
    timers->changes = 0;
    while ((size = AG_RAW_CALL(SYS_getdents64, (uintptr_t)timers->listing, (uintptr_t)listing,
                               sizeof listing))
           > 0)
        met += meet_listed(timers, listing, size);
    end_listing(timers);
    if (size == 0 && met < timers->count + timers->refused + timers->gone) {
        sweep(timers);
        if (timers->slots_of)
            pf_thread_release_gone(timers->slots_of, has_no_timer, timers);
    }
    return timers->changes > 0;
}

void ag_timers_disarm(struct ag_timers *timers)
{
    timers->scan++;
    timers->listed = 0; /* a scan that follows arms all again */
    sweep(timers);
}

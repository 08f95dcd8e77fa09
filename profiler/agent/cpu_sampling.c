/* SPDX-License-Identifier: MIT */
#include "profiler/agent/cpu_sampling.h"

#include <limits.h>
#include <linux/futex.h>
#include <signal.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>

#include "profiler/agent/agent.h"
#include "profiler/agent/collector_probe.h"
#include "profiler/agent/cpu_handler.h"
#include "profiler/agent/cpu_thread.h"
#include "profiler/agent/cpu_timers.h"
#include "profiler/agent/raw_call_x86_64.h"
#include "profiler/agent/region_leave.h"

/*
 * Where threads come and go a scan follows soon; where none does, ever later: each wakes a thread
 * on a CPU the server wants. Scanning takes at most a 50th of a core.
 */
enum { SCAN_SOON_MS = 2, SCAN_CALM_MS = 16, SCAN_LATE_MS = 100, CALM_PART = 8, COST_LIMIT = 50 };

static const uint64_t ns_per_ms = 1000000;
static const uint64_t silence_ns = 1000000000; /* a collector that ticks no more: is it gone? */
static const uint64_t silence_max_ns = 60000000000; /* it lives, but was stopped: enough of it */

static struct {
    struct ag_own_thread thread;
    struct ag_timers timers;
    struct pf_region *region;
    _Atomic uint32_t is_on;
    _Atomic uint32_t is_to_end; /* by one of us; or it is ending by itself */
    int signal_number;
} cpu;

/* Around fork, of the forking thread: the signal held back for it, or 0. */
static _Thread_local int held_signal __attribute__((tls_model("initial-exec")));

static uint64_t read_clock(clockid_t clock)
{
    struct timespec now = {0};

    (void)AG_RAW_CALL(SYS_clock_gettime, (uintptr_t)clock, (uintptr_t)&now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static uint64_t now_ns(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

/* At most so long: who ends the sampling wakes us. */
static void sleep_ns(uint64_t ns)
{
    struct timespec pause = {(time_t)(ns / 1000000000u), (long)(ns % 1000000000u)};
    uint32_t hz = atomic_load(&cpu.region->sample_hz);

    if (hz != 0)
        (void)AG_RAW_CALL(SYS_futex, (uintptr_t)&cpu.region->sample_hz, FUTEX_WAIT, hz,
                          (uintptr_t)&pause);
}

/* What the collector's clock showed, when it last moved, when we last asked for the collector; when
 * a thread last came or went. */
struct pulse {
    uint32_t seen_ms;
    uint64_t moved_ns, asked_ns, changed_ns;
};

static bool is_left_alone(struct pulse *pulse, uint64_t at_ns)
{
    if (at_ns - pulse->moved_ns < silence_ns || at_ns - pulse->asked_ns < silence_ns)
        return false;
    pulse->asked_ns = at_ns;
    return at_ns - pulse->moved_ns > silence_max_ns || ag_collector_is_gone(ag_agent.address);
}

static bool is_wanted(struct pulse *pulse)
{
    uint32_t ms = atomic_load_explicit(&cpu.region->now_ms, memory_order_relaxed);
    uint64_t at_ns = now_ns();

    if (ms != pulse->seen_ms) {
        pulse->seen_ms = ms;
        pulse->moved_ns = at_ns;
    }
    return atomic_load(&cpu.region->sample_hz) != 0 && atomic_load(&cpu.is_to_end) == 0
           && !is_left_alone(pulse, at_ns);
}

/* A part of the time for which no thread has come or gone. */
static uint64_t calm_pause_ns(const struct pulse *pulse)
{
    uint64_t part_ns = (now_ns() - pulse->changed_ns) / CALM_PART;

    if (part_ns < SCAN_SOON_MS * ns_per_ms)
        return SCAN_SOON_MS * ns_per_ms;
    return part_ns < SCAN_LATE_MS * ns_per_ms ? part_ns : SCAN_LATE_MS * ns_per_ms;
}

/* With very many threads a scan is long: the pause grows with it. */
static void scan_and_pause(struct pulse *pulse)
{
    uint64_t began_ns = read_clock(CLOCK_THREAD_CPUTIME_ID);
    bool is_calm = calm_pause_ns(pulse) >= SCAN_CALM_MS * ns_per_ms;

    if (ag_timers_scan(&cpu.timers, is_calm))
        pulse->changed_ns = now_ns();
    atomic_fetch_add(&cpu.region->beat, 1);
    if (cpu.timers.refused > atomic_load(&cpu.region->untimed))
        atomic_store(&cpu.region->untimed, cpu.timers.refused);
    uint64_t least_ns = calm_pause_ns(pulse);
    uint64_t pause_ns = (read_clock(CLOCK_THREAD_CPUTIME_ID) - began_ns) * COST_LIMIT;
    sleep_ns(pause_ns > least_ns ? pause_ns : least_ns);
}

/* The server may install a handler of its own over ours: then that signal is its, and ticks come by
 * another one. False when there is none. */
static bool has_signal(void)
{
    if (!ag_cpu_signal_is_lost(cpu.signal_number))
        return true;
    ag_timers_disarm(&cpu.timers);
    cpu.signal_number = ag_cpu_signal_take();
    cpu.timers.signal_number = cpu.signal_number;
    return cpu.signal_number != 0;
}

/* The collector reads a region of its own mapping: ours need not stay. */
static void say_it_ended(struct pf_region *region)
{
    bool is_free = ag_region_unlink(region);

    if (is_free)
        ag_region_unmap_body(region);
    atomic_store(&region->sampling, 0);
    if (is_free)
        ag_region_unmap_head(region);
}

/*
 * The agent's thread. It gives the signal back through the C library, which touches errno only when
 * it fails: that would be the maker's errno, so failing is made impossible by the arguments.
 */
static int keep_armed(void *unused)
{
    struct pulse pulse = {.moved_ns = now_ns()};

    (void)unused;
    cpu.timers.keeps_listing = ag_own_thread_unshare_fds();
    cpu.timers.own_tid = (uint32_t)AG_RAW_CALL(SYS_gettid, 0);
    while (is_wanted(&pulse) && has_signal())
        scan_and_pause(&pulse);
    atomic_store(&cpu.is_to_end, 1);
    ag_timers_disarm(&cpu.timers);
    ag_cpu_signal_give_back(cpu.signal_number);
    ag_cpu_handler_aim(NULL);
    say_it_ended(cpu.region);
    atomic_store(&cpu.is_on, 0);
    return 0;
}

static bool start_thread(uint32_t hz)
{
    if (!ag_timers_init(&cpu.timers, hz, cpu.signal_number))
        return false;
    /* Hooks take slots of their own; without them only threads with a timer do. */
    if (!(atomic_load(&cpu.region->wants) & PF_REGION_HEAP))
        cpu.timers.slots_of = cpu.region;
    if (ag_own_thread_start(&cpu.thread, keep_armed, NULL))
        return true;
    ag_timers_fini(&cpu.timers);
    return false;
}

/* What a sampling that ended by itself left: its thread's stack, its table. */
static void tidy_up(void)
{
    ag_own_thread_join(&cpu.thread);
    ag_timers_fini(&cpu.timers);
}

bool ag_cpu_begin(struct pf_region *region)
{
    uint32_t off = 0;
    uint32_t hz = atomic_load(&region->sample_hz);

    if (hz == 0 || !atomic_compare_exchange_strong(&cpu.is_on, &off, 1))
        return false;
    tidy_up();
    atomic_store(&cpu.is_to_end, 0);
    cpu.region = region;
    cpu.signal_number = ag_cpu_signal_take();
    ag_cpu_handler_aim(region);
    atomic_store(&region->sampling, 1);
    if (cpu.signal_number != 0 && start_thread(hz))
        return true;
    if (cpu.signal_number != 0)
        ag_cpu_signal_give_back(cpu.signal_number);
    ag_cpu_handler_aim(NULL);
    atomic_store(&region->sampling, 0);
    atomic_store(&cpu.is_on, 0);
    return false;
}

bool ag_cpu_is_on(void)
{
    return atomic_load(&cpu.is_on) != 0;
}

bool ag_cpu_is_ending(void)
{
    return atomic_load(&cpu.is_to_end) != 0;
}

/* Its region may be unmapped by now: its address alone is used. */
void ag_cpu_end(void)
{
    atomic_store(&cpu.is_to_end, 1);
    (void)AG_RAW_CALL(SYS_futex, (uintptr_t)&cpu.region->sample_hz, FUTEX_WAKE, INT_MAX);
    tidy_up();
}

static sigset_t only(int signal_number)
{
    sigset_t set;

    (void)sigemptyset(&set);
    (void)sigaddset(&set, signal_number);
    return set;
}

/* Sampling may end, or move to another signal, before the fork is done: the number is kept. */
void ag_cpu_fork_prepare(void)
{
    int number = cpu.signal_number;
    sigset_t kept;

    held_signal = 0;
    if (!ag_cpu_is_on() || number == 0)
        return;
    sigset_t tick = only(number);
    (void)pthread_sigmask(SIG_BLOCK, &tick, &kept);
    if (sigismember(&kept, number) == 0)
        held_signal = number;
}

void ag_cpu_fork_parent(void)
{
    if (held_signal == 0)
        return;
    sigset_t tick = only(held_signal);
    (void)pthread_sigmask(SIG_UNBLOCK, &tick, NULL);
    held_signal = 0;
}

/* Timers and the agent's thread stayed behind; the disposition came along and is given back. */
void ag_cpu_fork_child(void)
{
    if (ag_cpu_is_on()) {
        ag_cpu_signal_give_back(cpu.signal_number);
        ag_cpu_handler_aim(NULL);
        ag_timers_fini(&cpu.timers);
        ag_own_thread_forget(&cpu.thread);
        atomic_store(&cpu.is_on, 0);
    }
    ag_cpu_handler_fork_child();
    ag_cpu_fork_parent();
}

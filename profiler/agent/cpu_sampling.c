/* SPDX-License-Identifier: MIT */
#include "profiler/agent/cpu_sampling.h"

#include <linux/futex.h>
#include <signal.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>

#include "profiler/agent/cpu_handler.h"
#include "profiler/agent/cpu_thread.h"
#include "profiler/agent/cpu_timers.h"
#include "profiler/agent/raw_call_x86_64.h"

enum { SCAN_EVERY_MS = 20, COST_LIMIT = 50 }; /* scanning takes at most a 50th of a core */

static const uint64_t ns_per_ms = 1000000;
static const uint64_t silence_max_ns = 5000000000; /* a collector that ticks no more is gone */

static struct {
    struct ag_own_thread thread;
    struct ag_timers timers;
    struct pf_region *region;
    _Atomic uint32_t is_on;
    int signal_number;
} cpu;

/* Around fork, of the forking thread: was the signal blocked before? */
static _Thread_local bool was_blocked __attribute__((tls_model("initial-exec")));

static uint64_t now_ns(void)
{
    struct timespec now = {0};

    (void)AG_RAW_CALL(SYS_clock_gettime, CLOCK_MONOTONIC, (uintptr_t)&now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void sleep_ns(uint64_t ns)
{
    struct timespec pause = {(time_t)(ns / 1000000000u), (long)(ns % 1000000000u)};

    (void)AG_RAW_CALL(SYS_nanosleep, (uintptr_t)&pause, 0);
}

/* What the collector's clock showed, and when it last moved. */
struct pulse {
    uint32_t seen_ms;
    uint64_t moved_ns;
};

static bool is_wanted(struct pulse *pulse)
{
    uint32_t ms = atomic_load_explicit(&cpu.region->now_ms, memory_order_relaxed);

    if (ms != pulse->seen_ms) {
        pulse->seen_ms = ms;
        pulse->moved_ns = now_ns();
    }
    return atomic_load(&cpu.region->sample_hz) != 0 && now_ns() - pulse->moved_ns < silence_max_ns;
}

/* With very many threads a scan is long: the pause grows with it. */
static void scan_and_pause(void)
{
    uint64_t began_ns = now_ns();

    ag_timers_scan(&cpu.timers);
    uint64_t pause_ns = (now_ns() - began_ns) * COST_LIMIT;
    sleep_ns(pause_ns > SCAN_EVERY_MS * ns_per_ms ? pause_ns : SCAN_EVERY_MS * ns_per_ms);
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

/*
 * The agent's thread. It gives the signal back through the C library, which touches errno only when
 * it fails: that would be the maker's errno, so failing is made impossible by the arguments.
 */
static int keep_armed(void *unused)
{
    struct pulse pulse = {.moved_ns = now_ns()};

    (void)unused;
    cpu.timers.own_tid = (uint32_t)AG_RAW_CALL(SYS_gettid, 0);
    while (is_wanted(&pulse) && has_signal())
        scan_and_pause();
    ag_timers_disarm(&cpu.timers);
    ag_cpu_signal_give_back(cpu.signal_number);
    ag_cpu_handler_aim(NULL);
    atomic_store(&cpu.region->sampling, 0);
    atomic_store(&cpu.is_on, 0);
    return 0;
}

static bool start_thread(uint32_t hz)
{
    if (!ag_timers_init(&cpu.timers, hz, cpu.signal_number))
        return false;
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

static void only_tick(sigset_t *set)
{
    (void)sigemptyset(set);
    (void)sigaddset(set, cpu.signal_number);
}

void ag_cpu_fork_prepare(void)
{
    sigset_t tick, kept;

    if (!ag_cpu_is_on())
        return;
    only_tick(&tick);
    (void)pthread_sigmask(SIG_BLOCK, &tick, &kept);
    was_blocked = sigismember(&kept, cpu.signal_number) == 1;
}

void ag_cpu_fork_parent(void)
{
    sigset_t tick;

    if (!ag_cpu_is_on() || was_blocked)
        return;
    only_tick(&tick);
    (void)pthread_sigmask(SIG_UNBLOCK, &tick, NULL);
}

/* Timers and the agent's thread stayed behind; the disposition came along and is given back. */
void ag_cpu_fork_child(void)
{
    if (!ag_cpu_is_on())
        return;
    ag_cpu_signal_give_back(cpu.signal_number);
    ag_cpu_handler_aim(NULL);
    ag_cpu_fork_parent();
    ag_timers_fini(&cpu.timers);
    cpu.thread.stack = NULL; /* its maker's copy; the thread is not here */
    atomic_store(&cpu.is_on, 0);
}

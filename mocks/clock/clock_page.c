/*
 * Virtual time: what the page says, in the forms the calls want it.
 *
 * SPDX-License-Identifier: MIT
 */
#include <linux/futex.h>
#include <sys/syscall.h>

#include "mocks/clock/clock_priv.h"

struct mk_clock_page *mk_clock_page;
bool mk_clock_is_faked;

int64_t mk_clock_mono_ns(void)
{
    return atomic_load(&mk_clock_page->mono_ns);
}

int64_t mk_clock_wall_ns(void)
{
    return mk_clock_mono_ns() + atomic_load(&mk_clock_page->wall_minus_mono_ns);
}

static bool is_wall(clockid_t clock)
{
    return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE || clock == CLOCK_TAI
           || clock == CLOCK_REALTIME_ALARM;
}

bool mk_clock_is_virtual(clockid_t clock)
{
    return is_wall(clock) || clock == CLOCK_MONOTONIC || clock == CLOCK_MONOTONIC_COARSE
           || clock == CLOCK_MONOTONIC_RAW || clock == CLOCK_BOOTTIME
           || clock == CLOCK_BOOTTIME_ALARM;
}

int64_t mk_clock_read(clockid_t clock)
{
    return is_wall(clock) ? mk_clock_wall_ns() : mk_clock_mono_ns();
}

int64_t mk_clock_to_mono(clockid_t clock, int64_t ns)
{
    return is_wall(clock) ? ns - atomic_load(&mk_clock_page->wall_minus_mono_ns) : ns;
}

int64_t mk_ns_of(const struct timespec *time)
{
    int64_t ns;

    if (__builtin_mul_overflow((int64_t)time->tv_sec, mk_ns_per_s, &ns)
        || __builtin_add_overflow(ns, (int64_t)time->tv_nsec, &ns))
        return MK_NEVER;
    return ns;
}

struct timespec mk_timespec_of(int64_t ns)
{
    return (struct timespec){.tv_sec = ns / mk_ns_per_s, .tv_nsec = ns % mk_ns_per_s};
}

bool mk_timespec_is_valid(const struct timespec *time)
{
    return time->tv_sec >= 0 && time->tv_nsec >= 0 && time->tv_nsec < mk_ns_per_s;
}

int64_t mk_clock_real_ns(void)
{
    struct timespec now = {0};

    (void)syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
    return mk_ns_of(&now);
}

int64_t mk_clock_deadline_after(int64_t ns)
{
    int64_t deadline;
    return __builtin_add_overflow(mk_clock_mono_ns(), ns, &deadline) ? MK_NEVER : deadline;
}

int64_t mk_clock_deadline_ms(int ms)
{
    return ms < 0 ? MK_NEVER : mk_clock_deadline_after((int64_t)ms * MK_NS_PER_MS);
}

void mk_clock_moved(void)
{
    mk_timers_fire(mk_clock_mono_ns());
    mk_clock_wake_all();
}

void mk_clock_move_to(int64_t mono_ns)
{
    if (mono_ns > mk_clock_mono_ns())
        atomic_store(&mk_clock_page->mono_ns, mono_ns);
    atomic_fetch_add(&mk_clock_page->moves, 1U);
    (void)syscall(SYS_futex, &mk_clock_page->moves, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
    mk_clock_moved();
}

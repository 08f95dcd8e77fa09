/*
 * Virtual time: what the page says, in the forms the calls want it.
 *
 * SPDX-License-Identifier: MIT
 */
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
    mk_page_move_to(mk_clock_page, mono_ns);
    if (mk_page_is_shared(mk_clock_page))
        mk_page_wake(mk_clock_page);
    mk_clock_moved();
}

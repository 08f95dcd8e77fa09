/*
 * Time, in nanoseconds, from the kernel's clocks; and deadlines made of it.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_BASE_CLOCK_H
#define PROFILER_BASE_CLOCK_H

#include <stdint.h>

uint64_t pf_clock_now_ns(void);      /* CLOCK_MONOTONIC: what perf events and deadlines use */
uint64_t pf_clock_wall_ns(void);     /* since 1970, for dates in files */
uint64_t pf_clock_self_cpu_ns(void); /* CPU time of our own process, all threads */

/* Milliseconds left until a CLOCK_MONOTONIC time, as poll(2) wants them: rounded up, never
 * negative. */
int pf_clock_left_ms(uint64_t deadline_ns);

/* Sleep until then, whatever signals arrive. */
void pf_clock_sleep_ms(unsigned ms);

#endif

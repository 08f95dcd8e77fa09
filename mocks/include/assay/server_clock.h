/*
 * The fake clock of a separate server process: one page of shared memory, moved by its test.
 *
 *     struct assay_server_clock clock = {0};
 *     assay_server_clock_open(&clock, 0, 0);
 *     ... start the server with clock.env in its environment and LD_PRELOAD=libassay-clock.so ...
 *     assay_server_clock_advance_ms(&clock, 3600000);
 *
 * The server, unchanged and dynamically linked, then tells and waits for this time in all its
 * processes and threads (the calls listed in assay/mock_clock.h). Its clock stands until advanced.
 * Statically linked programs cannot be preloaded; calls made without libc stay real.
 *
 * Units: milliseconds. Errors: false with errno.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ASSAY_SERVER_CLOCK_H
#define ASSAY_SERVER_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define ASSAY_CLOCK_PAGE "ASSAY_CLOCK_PAGE"

struct mk_clock_page;

/* Zero is a valid closed one. */
struct assay_server_clock {
    struct mk_clock_page *page;
    char env[96]; /* "ASSAY_CLOCK_PAGE=/dev/shm/..." for the server's environment */
    /* Who kept the last advance from its end: a thread that never slept, of the test itself
     * perhaps. */
    int busy_process, busy_thread;
};

/* Times it starts with; 0: the real ones. */
__attribute__((warn_unused_result)) bool assay_server_clock_open(struct assay_server_clock *out,
                                                                 int64_t mono_ms, int64_t wall_ms);

/*
 * Move it through every deadline on the way, to the last one included; not before the server has
 * seen what was sent to it. True when all threads of its processes, and the other ones of the
 * caller's, are at rest: they wait by the clock, having seen the new time, or sleep in the kernel
 * for something else. False with ETIMEDOUT if one was still busy (busy_*) when the clock had stood
 * for 5 real seconds, with EINVAL if ms is negative or beyond counting.
 */
bool assay_server_clock_advance_ms(struct assay_server_clock *clock, int64_t ms);

/* Until they are at rest, without moving it; false as above. */
bool assay_server_clock_settle(struct assay_server_clock *clock);

/*
 * One deadline further, if all are at rest; at once, without waiting for what comes of it. For a
 * server that is to start or to end, and may need time for that. False: not at rest, no deadline.
 */
bool assay_server_clock_nudge(struct assay_server_clock *clock);

/* How far the next deadline of a waiting thread is, rounded up; -1: no thread waits for a time. */
int64_t assay_server_clock_next_ms(const struct assay_server_clock *clock);

/* CLOCK_MONOTONIC and CLOCK_REALTIME of the server. */
int64_t assay_server_clock_now_ms(const struct assay_server_clock *clock);
int64_t assay_server_clock_wall_now_ms(const struct assay_server_clock *clock);

/*
 * Each process that has waited by the clock prints the stacks of its threads on its standard error,
 * ending with "end of stacks of process N".
 */
void assay_server_clock_ask_stacks(struct assay_server_clock *clock);

/* Threads of the server that wait by the clock now: 0 until it has started to. */
int assay_server_clock_waiting(const struct assay_server_clock *clock);

/* Removes the page's file; servers that have it keep it, standing. */
void assay_server_clock_close(struct assay_server_clock *clock);

#endif

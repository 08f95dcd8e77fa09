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
};

/* Times it starts with; 0: the real ones. */
__attribute__((warn_unused_result)) bool assay_server_clock_open(struct assay_server_clock *out,
                                                                 int64_t mono_ms, int64_t wall_ms);

/*
 * Move it through every deadline on the way. True when all threads of the server that wait by the
 * clock have seen the new time and wait again; false if one has not after 5 real seconds.
 */
bool assay_server_clock_advance_ms(struct assay_server_clock *clock, int64_t ms);

/* CLOCK_MONOTONIC of the server. */
int64_t assay_server_clock_now_ms(const struct assay_server_clock *clock);

/* Threads of the server that wait by the clock now: 0 until it has started to. */
int assay_server_clock_waiting(const struct assay_server_clock *clock);

/* Removes the page's file; servers that have it keep it, standing. */
void assay_server_clock_close(struct assay_server_clock *clock);

#endif

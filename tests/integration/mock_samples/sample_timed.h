/*
 * Code under test for the fake clock: the calls with a time limit that servers use more rarely.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef MOCK_SAMPLES_SAMPLE_TIMED_H
#define MOCK_SAMPLES_SAMPLE_TIMED_H

#include <stdbool.h>
#include <stdint.h>

struct timed_way {
    const char *name;
    bool (*wait)(int ms); /* waits that long; true if it ended as a timeout does */
    bool by_signal;       /* what ends it is a signal: some thread's, not always this one's */
};

/* Ends with a NULL name. */
extern const struct timed_way timed_ways[];

/* sample_timed_sockets.c */
bool way_recv(int ms);
bool way_recvfrom(int ms);
bool way_recvmsg(int ms);
bool way_socket_read(int ms);
bool way_socket_readv(int ms);
bool way_accept(int ms);
bool way_accept4(int ms);
bool way_send(int ms);
bool way_socket_write(int ms);
bool way_sendmsg(int ms);
bool way_socket_writev(int ms);
bool way_connect(int ms);

/* CLOCK_MONOTONIC as the code under test sees it. */
int64_t timed_now_ms(void);

#endif

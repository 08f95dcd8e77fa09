/*
 * Code under test for the mock tests: a connection, as a small server has it. Knows no test.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef MOCK_SAMPLES_SAMPLE_CONN_H
#define MOCK_SAMPLES_SAMPLE_CONN_H

#include <stddef.h>
#include <sys/types.h>

enum conn_state { CONN_OPEN, CONN_CLOSED, CONN_REQUEST, CONN_TOO_LARGE, CONN_ERROR };

struct conn {
    int fd;
    char in[4096];
    size_t in_size;
};

/* Read until a request is whole, the peer closes or it is too large. EINTR is tried again. */
enum conn_state conn_pump(struct conn *conn);

/* Say 413 and close. */
int conn_refuse(struct conn *conn);

/* Head and body in one writev; bytes written or -1. */
ssize_t conn_respond(struct conn *conn, const char *body, size_t size);

/* All of size, through short writes; 0 or -1. */
int conn_write_all(int fd, const char *buf, size_t size);

/* The same by somebody who knows of no short writes: what a red test is for. */
int conn_write_carelessly(int fd, const char *buf, size_t size);

/* Take what waits at listener, at most max; -1 in their place that no descriptor is left for. */
int conn_accept_some(int listener, int *fds, int max);

/* Connect to a proxy and shake hands: "HELLO\n" there, "OK\n" back. 0 or -1. */
int proxy_handshake(const char *path);

#endif

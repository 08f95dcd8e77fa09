/*
 * Is it ready? One small HTTP request at a time, without blocking and without a library: the
 * supervisor asks, and it must notice meanwhile that the server died.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_SERVER_PROBE_H
#define HARNESS_SERVER_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum hn_probe_step { HN_PROBE_WAIT, HN_PROBE_READY, HN_PROBE_NOT_YET };

/* {.fd = -1} is a valid idle one. */
struct hn_probe {
    int fd;
    bool sent;
    size_t size;
    char answer[64];
    int last_status; /* of the last complete answer; 0: none yet */
};

/* Where to ask. path NULL: being able to connect is enough. */
struct hn_probe_target {
    struct sockaddr_storage address;
    socklen_t address_size;
    const char *path;
};

/* Status code of a response's first line, 0 if that is not one (yet). Pure. */
int hn_probe_status(const char *answer);

/*
 * Go on as far as possible without blocking. WAIT: fd is worth a poll() for input. NOT_YET:
 * refused, or no 2xx; the next call starts afresh.
 */
enum hn_probe_step hn_probe_step(struct hn_probe *probe, const struct hn_probe_target *target);
void hn_probe_close(struct hn_probe *probe);

#endif

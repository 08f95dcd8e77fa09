/*
 * What the test's side and the supervisor say to each other: a specification once, requests and
 * replies over a SOCK_SEQPACKET pair, and a shared page with the server's state and its log.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_SERVER_SERVER_WIRE_H
#define HARNESS_SERVER_SERVER_WIRE_H

#include <stdatomic.h>
#include <stdint.h>

#include "harness/server/log_ring.h"
#include "profiler/base/buf.h"

/* Where the supervisor finds its descriptors when it starts. */
enum { HN_CONTROL_FD = 3, HN_SHARED_FD = 4, HN_SPEC_FD = 5, HN_IMAGE_FD = 6, HN_FIRST_FREE_FD };

enum hn_server_op {
    HN_SERVER_START = 1,
    HN_SERVER_STOP,
    HN_SERVER_SIGNAL, /* arg: signal number */
    HN_SERVER_SYNC,   /* everything it has printed by now stands in the log */
};

struct hn_server_request {
    uint32_t op;
    int32_t arg;
};

struct hn_server_reply {
    uint32_t ok;
    char text[1020]; /* why not */
};

enum hn_server_phase { HN_SERVER_IDLE, HN_SERVER_STARTING, HN_SERVER_READY, HN_SERVER_ENDED };

struct hn_server_shared {
    _Atomic uint32_t phase; /* enum hn_server_phase */
    _Atomic int32_t pid;    /* the server itself; of a daemon, the process that listens */
    _Atomic int32_t wait_status;
    _Atomic uint32_t port;
    _Atomic uint32_t killed; /* it had to be: SIGTERM was not enough */
    char socket_path[112];   /* ASSAY_PORT_UNIX; written before the reply */
    struct hn_log_ring log;
};

enum { HN_SPEC_LIST_MAX = 32, HN_SPEC_BYTES_MAX = 4 << 20 };

/* Zero is a valid empty one. Strings are owned by whoever filled it (views). */
struct hn_server_spec {
    const char *name;
    const char *argv[HN_SPEC_LIST_MAX + 1];
    const char *env[HN_SPEC_LIST_MAX + 1];
    const char *file_names[HN_SPEC_LIST_MAX + 1];
    const char *file_texts[HN_SPEC_LIST_MAX + 1];
    const char *dir;
    const char *ready_path; /* NULL: listening is enough */
    const char *clock_env;  /* "ASSAY_CLOCK_PAGE=/path" of a fake clock; NULL: real time */
    uint32_t port_mode;     /* enum assay_port */
    uint32_t start_ms;
    uint32_t stop_ms;
};

/* Tagged, NUL-terminated strings. Decoding checks everything; out points into bytes. */
void hn_server_spec_encode(struct pf_buf *out, const struct hn_server_spec *spec);
ASSAY_CHECKED
bool hn_server_spec_decode(struct hn_server_spec *out, struct pf_bytes bytes, struct pf_err *err);

#endif

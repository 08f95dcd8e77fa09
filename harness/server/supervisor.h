/*
 * The supervisor: a process of its own between a test and the server under test. It is told what to
 * run, keeps what the server prints, and outlives the test just long enough to end everything the
 * server started.
 *
 * It holds no lock on anything and waits for everything at once (hn_supervisor_pump): requests, the
 * test's death, children, output. Whatever blocks for long goes through pump.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_SERVER_SUPERVISOR_H
#define HARNESS_SERVER_SUPERVISOR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "harness/server/server_wire.h"

struct hn_supervisor {
    struct hn_server_spec spec;
    struct hn_server_shared *shared;
    int signal_fd; /* SIGCHLD, SIGTERM ... */
    pid_t test;
    int test_pidfd; /* -1: the kernel (or Valgrind) has none, and we look now and then */
    int log_fd;     /* reading end of the server's output; -1: none */
    int listen_fd;  /* ASSAY_PORT_FD: ours for life; ASSAY_PORT_FIXED: the reservation */
    uint16_t port;
    bool may_reserve; /* ASSAY_PORT_FIXED: the server sets SO_REUSEADDR as far as we know */
    pid_t main_pid;   /* what was launched; 0: nothing */
    bool main_alive;
    int main_status;
    bool abandoned; /* the test is gone */
    bool request_waiting;
    char tmp[96];
    uint64_t log_start; /* position in the log where this start began */
};

/* Wait for whatever comes first, at most timeout_ms, and take note of it. extra_fd (or -1) is
 * waited for too but not read. */
void hn_supervisor_pump(struct hn_supervisor *sup, int extra_fd, int timeout_ms);

/* Start and wait until it is ready, or clean up and say why not. */
ASSAY_CHECKED
bool hn_supervisor_start(struct hn_supervisor *sup, struct pf_err *err);

/* SIGTERM, wait at most grace_ms for the server to end, then SIGKILL to all that is left. */
void hn_supervisor_stop(struct hn_supervisor *sup, unsigned grace_ms);

/*
 * Is anything of the server's left? Exact, where a list of /proc may miss the newborn: we are the
 * subreaper, so all its processes are our children or descend from one. Zombies not yet reaped by
 * the next pump count.
 */
bool hn_supervisor_has_children(void);

/* SIGKILL to everything below us, until nothing is left. */
void hn_supervisor_kill_all(struct hn_supervisor *sup);

/* Move what the server has printed by now into the log. */
void hn_supervisor_drain_log(struct hn_supervisor *sup);

#endif

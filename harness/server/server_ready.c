/*
 * From launched to ready: who listens where, whose socket it is, what it answers; and what to do
 * when none of that happens.
 *
 * SPDX-License-Identifier: MIT
 */
#include <arpa/inet.h>
#include <assay/server.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/server/probe.h"
#include "harness/server/server_start.h"
#include "harness/server/server_tree.h"
#include "harness/server/sock_diag.h"
#include "harness/server/wait_status.h"
#include "profiler/base/clock.h"

enum { PORT_TRIES = 5, TICK_MIN_MS = 1, TICK_MAX_MS = 20, PROBE_PATIENCE_MS = 2000 };

enum outcome { READY, NOT_YET, EXITED, LATE, LOST_PORT, ABANDONED, BROKEN };

/* What was seen last, for the message when it never became ready. */
struct sighting {
    struct hn_probe probe;
    uint64_t probe_since_ns;
    uint16_t other_port; /* it listens, but elsewhere */
    bool listens;
};

static bool is_gone(const struct hn_supervisor *sup)
{
    if (sup->main_alive)
        return false;
    if (!WIFEXITED(sup->main_status) || WEXITSTATUS(sup->main_status) != 0)
        return true;
    return !hn_supervisor_has_children(); /* exit 0 with children left: it became a daemon */
}

static const struct hn_listener *find_port(const struct hn_listeners *all, uint16_t port)
{
    for (size_t i = 0; i < all->count; i++)
        if (all->at[i].port == port)
            return &all->at[i];
    return NULL;
}

static const struct hn_listener *first_of(const struct hn_listeners *all)
{
    return all->at && all->count > 0 ? all->at : NULL;
}

/* A daemon's pid is not the one launched. */
static void note_owner(struct hn_supervisor *sup, pid_t owner)
{
    if (!sup->main_alive)
        atomic_store(&sup->shared->pid, owner);
}

/* Match all listeners of the machine with the sockets of our tree. */
static enum outcome look_for_listener(struct hn_supervisor *sup, struct sighting *seen,
                                      struct pf_err *err)
{
    struct hn_listeners all = {0};
    struct hn_proc_tree tree = {0};
    enum outcome outcome = NOT_YET;
    bool is_fixed = sup->spec.port_mode == ASSAY_PORT_FIXED;

    if (!hn_listeners_read(&all, err))
        return BROKEN;
    bool somebody_has_it = is_fixed && find_port(&all, sup->port);
    hn_proc_tree_read(&tree, getpid());
    hn_listeners_owned(&all, &tree);
    const struct hn_listener *ours = is_fixed        ? find_port(&all, sup->port)
                                     : all.count > 0 ? &all.at[0]
                                                     : NULL;
    if (ours) {
        sup->port = ours->port;
        note_owner(sup, ours->pid);
        outcome = READY;
    } else if (somebody_has_it) {
        outcome = LOST_PORT;
    } else if (first_of(&all)) {
        seen->other_port = first_of(&all)->port;
    }
    hn_proc_tree_fini(&tree);
    hn_listeners_fini(&all);
    return outcome;
}

static void fill_address(struct hn_probe_target *target, const struct hn_supervisor *sup)
{
    *target = (struct hn_probe_target){.path = sup->spec.ready_path};
    if (sup->spec.port_mode == ASSAY_PORT_UNIX) {
        struct sockaddr_un *un = (struct sockaddr_un *)&target->address;
        un->sun_family = AF_UNIX;
        memcpy(un->sun_path, sup->shared->socket_path,
               strnlen(sup->shared->socket_path, sizeof un->sun_path - 1));
        target->address_size = sizeof *un;
        return;
    }
    struct sockaddr_in *in = (struct sockaddr_in *)&target->address;
    in->sin_family = AF_INET;
    in->sin_port = htons(sup->port);
    in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    target->address_size = sizeof *in;
}

static enum outcome ask(struct hn_supervisor *sup, struct sighting *seen)
{
    struct hn_probe_target target;

    if (seen->probe.fd >= 0
        && pf_clock_now_ns() - seen->probe_since_ns > PROBE_PATIENCE_MS * 1000000ull)
        hn_probe_close(&seen->probe); /* that one was swallowed; ask again */
    if (seen->probe.fd < 0)
        seen->probe_since_ns = pf_clock_now_ns();
    fill_address(&target, sup);
    return hn_probe_step(&seen->probe, &target) == HN_PROBE_READY ? READY : NOT_YET;
}

static enum outcome look(struct hn_supervisor *sup, struct sighting *seen, struct pf_err *err)
{
    enum assay_port mode = (enum assay_port)sup->spec.port_mode;

    if (sup->abandoned)
        return ABANDONED;
    if (is_gone(sup))
        return EXITED;
    if (!seen->listens && (mode == ASSAY_PORT_ZERO || mode == ASSAY_PORT_FIXED)) {
        enum outcome outcome = look_for_listener(sup, seen, err);
        if (outcome != READY)
            return outcome;
    }
    seen->listens = true;
    /* The socket handed over listens from the start: only an answer shows more. */
    if (mode == ASSAY_PORT_FD && !sup->spec.ready_path)
        return READY;
    return mode != ASSAY_PORT_UNIX && !sup->spec.ready_path ? READY : ask(sup, seen);
}

static enum outcome wait_ready(struct hn_supervisor *sup, struct sighting *seen, struct pf_err *err)
{
    uint64_t deadline = pf_clock_now_ns() + (uint64_t)sup->spec.start_ms * 1000000;
    int tick_ms = TICK_MIN_MS;

    for (;;) {
        enum outcome outcome = look(sup, seen, err);
        if (outcome != NOT_YET)
            return outcome;
        if (pf_clock_now_ns() >= deadline)
            return LATE;
        hn_supervisor_pump(sup, seen->probe.fd, tick_ms);
        tick_ms = tick_ms * 2 > TICK_MAX_MS ? TICK_MAX_MS : tick_ms * 2;
    }
}

static bool say_late(const struct hn_supervisor *sup, const struct sighting *seen,
                     struct pf_err *err)
{
    const char *name = sup->spec.name;
    unsigned ms = sup->spec.start_ms;

    if (seen->other_port && !seen->listens)
        return pf_err_set(
            err, PF_ERR_SYSTEM,
            "server %s: not ready after %u ms: it listens on port %u, not on {port} = "
            "%u: pass {port} (or $PORT) to it",
            name, ms, seen->other_port, sup->port);
    if (!seen->listens)
        return pf_err_set(err, PF_ERR_SYSTEM,
                          "server %s: not ready after %u ms: nothing it started listens on a TCP "
                          "port (raise .start_ms if it is slow)",
                          name, ms);
    if (seen->probe.last_status)
        return pf_err_set(err, PF_ERR_SYSTEM, "server %s: not ready after %u ms: GET %s answers %d",
                          name, ms, sup->spec.ready_path, seen->probe.last_status);
    return pf_err_set(err, PF_ERR_SYSTEM, "server %s: not ready after %u ms: %s%s does not answer",
                      name, ms, sup->spec.ready_path ? "GET " : "its socket",
                      sup->spec.ready_path ? sup->spec.ready_path : "");
}

static bool say_exited(const struct hn_supervisor *sup, struct pf_err *err)
{
    char how[96];

    hn_wait_status_text(how, sizeof how, sup->main_status);
    return pf_err_set(err, PF_ERR_SYSTEM, "server %s: %s before it was ready", sup->spec.name, how);
}

static bool say(const struct hn_supervisor *sup, enum outcome outcome, const struct sighting *seen,
                struct pf_err *err)
{
    switch (outcome) {
    case READY:
        return true;
    case EXITED:
        return say_exited(sup, err);
    case LOST_PORT:
        return pf_err_set(err, PF_ERR_SYSTEM,
                          "server %s: port %u: another process listens on it, not this server",
                          sup->spec.name, sup->port);
    case ABANDONED:
        return pf_err_set(err, PF_ERR_INTERRUPTED, "server %s: the test ended", sup->spec.name);
    case BROKEN:
        return pf_err_prepend(err, "server %s", sup->spec.name);
    default:
        return say_late(sup, seen, err);
    }
}

/* Worth another port: somebody else has it, or it ended at once because the reservation was in its
 * way (it does not set SO_REUSEADDR). */
static bool wants_other_port(struct hn_supervisor *sup, enum outcome outcome)
{
    struct pf_buf log = {0};
    bool in_use = outcome == LOST_PORT;

    if (sup->spec.port_mode != ASSAY_PORT_FIXED)
        return false;
    if (outcome == EXITED) {
        (void)hn_log_copy(&log, &sup->shared->log, sup->log_start, 65536);
        const char *text = pf_buf_cstr(&log);
        in_use = strcasestr(text, "in use") || strstr(text, "EADDRINUSE");
        if (in_use)
            sup->may_reserve = false;
        pf_buf_fini(&log);
    }
    return in_use;
}

static enum outcome try_once(struct hn_supervisor *sup, struct sighting *seen, struct pf_err *err)
{
    *seen = (struct sighting){.probe.fd = -1};
    sup->log_start = atomic_load(&sup->shared->log.total);
    if (!hn_start_port(sup, err) || !hn_start_process(sup, err))
        return BROKEN;
    enum outcome outcome = wait_ready(sup, seen, err);
    hn_supervisor_drain_log(sup);
    hn_probe_close(&seen->probe);
    return outcome;
}

static void forget_port(struct hn_supervisor *sup)
{
    if (sup->listen_fd >= 0)
        (void)close(sup->listen_fd);
    sup->listen_fd = -1;
    sup->port = 0;
}

bool hn_supervisor_start(struct hn_supervisor *sup, struct pf_err *err)
{
    struct sighting seen;
    enum outcome outcome = BROKEN;

    atomic_store(&sup->shared->phase, HN_SERVER_STARTING);
    for (int i = 0; i < PORT_TRIES; i++) {
        outcome = try_once(sup, &seen, err);
        if (outcome == READY || !wants_other_port(sup, outcome))
            break;
        hn_supervisor_stop(sup, 0);
        forget_port(sup);
    }
    if (outcome == READY) {
        atomic_store(&sup->shared->port, sup->port);
        atomic_store(&sup->shared->phase, HN_SERVER_READY);
        return true;
    }
    if (outcome != BROKEN || err->text[0] == '\0')
        (void)say(sup, outcome, &seen, err);
    /* Never launched: what a shell calls 127. */
    int status = sup->main_pid ? sup->main_status : W_EXITCODE(127, 0);
    hn_supervisor_stop(sup, 0);
    atomic_store(&sup->shared->wait_status, status);
    return false;
}

/* SPDX-License-Identifier: MIT */
#include "harness/server/server_run.h"

#include <assay/at_end.h>
#include <assay/server.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/server/supervisor_image.h"
#include "profiler/base/arena.h"
#include "profiler/base/clock.h"
#include "profiler/base/file.h"

enum {
    START_MS = 10000,
    STOP_MS = 5000,
    /* A server under a fake clock that has not started or stopped by then may wait for time. */
    START_PATIENCE_MS = 200,
    STOP_PATIENCE_MS = 10,
    NUDGE_EVERY_MS = 5,
};

/* The runner's side has one piece of state: what to end when the test's process exits. */
static struct hn_server_run *all_runs;

static void run_free(struct hn_server_run *run)
{
    if (run->shared)
        (void)munmap(run->shared, sizeof *run->shared);
    if (run->control_fd >= 0)
        (void)close(run->control_fd);
    assay_server_clock_close(&run->clock);
    pf_buf_fini(&run->problem);
    pf_buf_fini(&run->log);
    pf_buf_fini(&run->url);
    pf_buf_fini(&run->state);
    free(run);
}

static void end_run(struct hn_server_run *run)
{
    bool is_running = atomic_load(&run->shared->phase) == HN_SERVER_READY;

    /* The supervisor ends at the end of this connection, and everything with it. */
    if (is_running && assay_server_stop(run->server) == 128 + SIGKILL
        && atomic_load(&run->shared->killed))
        (void)fprintf(stderr, "assay: server %s did not end within %u ms of SIGTERM; killed\n",
                      run->server->conf.name,
                      run->server->conf.stop_ms ? run->server->conf.stop_ms : STOP_MS);
    (void)close(run->control_fd);
    run->control_fd = -1;
    (void)waitpid(run->supervisor, NULL, 0);
}

static void end_all_runs(void)
{
    while (all_runs) {
        struct hn_server_run *run = all_runs;
        all_runs = run->next;
        if (run->owner == getpid()) {
            end_run(run);
            run->server->run = NULL;
            run_free(run);
        }
    }
}

static void collect(struct hn_server_spec *spec, const struct assay_server_conf *conf,
                    const char *program)
{
    *spec = (struct hn_server_spec){
        .name = conf->name,
        .dir = conf->dir,
        .ready_path = conf->ready.kind == ASSAY_READY_HTTP ? conf->ready.path : NULL,
        .port_mode = (uint32_t)conf->port,
        .start_ms = conf->start_ms ? conf->start_ms : START_MS,
        .stop_ms = conf->stop_ms ? conf->stop_ms : STOP_MS,
    };
    for (unsigned i = 0; i < ASSAY_SERVER_ARGS_MAX && conf->argv[i]; i++)
        spec->argv[i] = i == 0 ? program : conf->argv[i];
    for (unsigned i = 0; i < ASSAY_SERVER_ENV_MAX && conf->env[i]; i++)
        spec->env[i] = conf->env[i];
    for (unsigned i = 0; i < ASSAY_SERVER_FILES_MAX && conf->files[i].name; i++) {
        spec->file_names[i] = conf->files[i].name;
        spec->file_texts[i] = conf->files[i].text;
    }
}

/* "./api" means the test's directory, not the server's. */
static char *absolute_program(const char *program)
{
    bool is_relative = program && program[0] != '/' && program[0] != '{' && strchr(program, '/');
    char *full = is_relative ? realpath(program, NULL) : NULL;

    return full ? full : strdup(program ? program : "");
}

static int write_spec(const struct assay_server_conf *conf, const char *clock_env,
                      struct pf_err *err)
{
    struct hn_server_spec spec;
    struct pf_buf bytes = {0};
    char *program = absolute_program(conf->argv[0]);
    int fd = memfd_create("assay-server-spec", MFD_CLOEXEC);

    collect(&spec, conf, program);
    spec.clock_env = conf->clock.fake ? clock_env : NULL;
    hn_server_spec_encode(&bytes, &spec);
    bool ok = fd >= 0 ? pf_file_write_fd(fd, pf_buf_view(&bytes), "server specification", err)
                      : pf_err_sys(err, errno, "memfd for the server's specification");
    pf_buf_fini(&bytes);
    free(program);
    if (ok && lseek(fd, 0, SEEK_SET) == 0)
        return fd;
    if (fd >= 0)
        (void)close(fd);
    return -1;
}

static int map_shared(struct hn_server_run *run, struct pf_err *err)
{
    int fd = memfd_create("assay-server-log", MFD_CLOEXEC);

    if (fd >= 0 && ftruncate(fd, sizeof *run->shared) == 0) {
        void *map = mmap(NULL, sizeof *run->shared, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (map != MAP_FAILED) {
            run->shared = map;
            return fd;
        }
    }
    (void)pf_err_sys(err, errno, "memory shared with the server's supervisor");
    if (fd >= 0)
        (void)close(fd);
    return -1;
}

static bool make_clock(struct hn_server_run *run, struct pf_err *err)
{
    const struct assay_server_conf *conf = &run->server->conf;

    if (!conf->clock.fake || assay_server_clock_open(&run->clock, 0, conf->clock.wall_ms))
        return true;
    return pf_err_sys(err, errno, "server %s: memory for its clock, in /dev/shm or /tmp",
                      conf->name);
}

static bool connect_supervisor(struct hn_server_run *run, struct pf_err *err)
{
    int pair[2] = {-1, -1};
    int shared_fd = make_clock(run, err) ? map_shared(run, err) : -1;
    int spec_fd = shared_fd < 0 ? -1 : write_spec(&run->server->conf, run->clock.env, err);
    bool ok = spec_fd >= 0;

    if (ok && socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
        ok = pf_err_sys(err, errno, "socketpair for the server's supervisor");
    ok = ok && hn_supervisor_spawn(&run->supervisor, pair[1], shared_fd, spec_fd, err);
    if (pair[1] >= 0)
        (void)close(pair[1]);
    if (shared_fd >= 0)
        (void)close(shared_fd);
    if (spec_fd >= 0)
        (void)close(spec_fd);
    run->control_fd = pair[0];
    return ok;
}

struct hn_server_run *hn_server_run_get(struct assay_server *server, struct pf_err *err)
{
    if (server->run)
        return server->run;

    struct hn_server_run *run = pf_mem_new(1, sizeof *run);
    run->server = server;
    run->owner = getpid();
    run->control_fd = -1;
    if (!connect_supervisor(run, err)) {
        run_free(run);
        return NULL;
    }
    if (!all_runs)
        assay_at_end(end_all_runs);
    run->next = all_runs;
    all_runs = run;
    server->run = run;
    return run;
}

/*
 * While a server starts or stops nobody moves its clock, and it may need time for that (redis obeys
 * SIGTERM at its next tick): where it waits for time alone, it gets it.
 */
static void nudge_until_ready(struct hn_server_run *run, enum hn_server_op op, uint64_t deadline)
{
    struct pollfd ready = {.fd = run->control_fd, .events = POLLIN};
    int patience_ms = op == HN_SERVER_START ? START_PATIENCE_MS : STOP_PATIENCE_MS;

    if (!run->clock.page || (op != HN_SERVER_START && op != HN_SERVER_STOP))
        return;
    while (pf_clock_left_ms(deadline) > 0 && poll(&ready, 1, patience_ms) <= 0) {
        (void)assay_server_clock_nudge(&run->clock);
        patience_ms = NUDGE_EVERY_MS;
    }
}

static bool receive(struct hn_server_run *run, enum hn_server_op op, struct hn_server_reply *reply,
                    unsigned timeout_ms)
{
    uint64_t deadline = pf_clock_now_ns() + (uint64_t)timeout_ms * 1000000;
    struct pollfd ready = {.fd = run->control_fd, .events = POLLIN};

    nudge_until_ready(run, op, deadline);
    while (poll(&ready, 1, pf_clock_left_ms(deadline)) < 0 && errno == EINTR)
        ;
    return recv(run->control_fd, reply, sizeof *reply, MSG_DONTWAIT) == (ssize_t)sizeof *reply;
}

bool hn_server_run_ask(struct hn_server_run *run, enum hn_server_op op, int arg,
                       unsigned timeout_ms, struct pf_err *err)
{
    struct hn_server_request request = {.op = (uint32_t)op, .arg = arg};
    struct hn_server_reply reply = {0};

    (void)send(run->control_fd, &request, sizeof request, MSG_NOSIGNAL);
    if (!receive(run, op, &reply, timeout_ms))
        return pf_err_set(err, PF_ERR_SYSTEM,
                          "server %s: its supervisor (pid %d) does not answer: was it killed?",
                          run->server->conf.name, run->supervisor);
    reply.text[sizeof reply.text - 1] = '\0';
    if (!reply.ok)
        return pf_err_set(err, PF_ERR_SYSTEM, "%s", reply.text);
    return true;
}

/* SPDX-License-Identifier: MIT */
#include "harness/runner/suite_process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness/preload/wire.h"
#include "harness/runner/wire_read.h"
#include "profiler/base/clock.h"
#include "profiler/base/fd_pass.h"

enum { ARGV_MAX = 64, AWAIT_SECONDS = 120 };

static void close_fd(int *fd)
{
    if (*fd > 0)
        (void)close(*fd);
    *fd = 0;
}

static const char *their_preload(const struct hn_suite_spec *spec)
{
    const char *theirs = getenv("LD_PRELOAD");

    for (const char *const *at = spec->binary->env; at && *at; at++)
        if (strncmp(*at, "LD_PRELOAD=", 11) == 0)
            theirs = *at + 11;
    return theirs ? theirs : "";
}

/* LD_PRELOAD: a sanitizer insists on being first, then a tool's object, then ours, then theirs. */
static char *preload_line(const struct hn_suite_spec *spec)
{
    const char *agent = spec->agent ? spec->agent : "";
    const char *extra = spec->extra_preload ? spec->extra_preload : "";
    char *line = NULL;

    if (asprintf(&line, "LD_PRELOAD=%s %s %s %s %s", spec->binary->sanitizer, agent, extra,
                 spec->preload, their_preload(spec))
        < 0)
        return NULL;
    return line;
}

/* What LD_PRELOAD shall be in tests. */
static char *inner_preload(const struct hn_suite_spec *spec)
{
    const char *theirs = their_preload(spec);
    const char *agent = spec->agent ? spec->agent : "";
    char *line = NULL;

    if (asprintf(&line, HN_WIRE_PRELOAD_ENV "=%s%s%s", agent, *agent && *theirs ? " " : "", theirs)
        < 0)
        return NULL;
    return line;
}

static void fill_argv(char *argv[ARGV_MAX], const struct hn_suite_spec *spec)
{
    unsigned count = 0;

    for (const char *const *word = spec->wrapper; word && *word && count < ARGV_MAX - 2; word++)
        argv[count++] = (char *)(uintptr_t)*word;
    argv[count++] = (char *)(uintptr_t)spec->binary->path;
    argv[count] = NULL;
}

static bool open_channels(int control[2], int output[2], struct pf_err *err)
{
    /* The far end must survive exec; this process has one thread, so nobody else inherits it. */
    if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, control) != 0)
        return pf_err_sys(err, errno, "socketpair");
    (void)fcntl(control[0], F_SETFD, FD_CLOEXEC);
    if (pipe2(output, O_CLOEXEC) != 0) {
        int why = errno;
        (void)close(control[0]);
        (void)close(control[1]);
        return pf_err_sys(err, why, "pipe");
    }
    (void)fcntl(output[0], F_SETFL, O_NONBLOCK);
    return true;
}

bool hn_suite_start(struct hn_suite *out, const struct hn_suite_spec *spec, struct pf_err *err)
{
    int control[2] = {-1, -1}, output[2] = {-1, -1};
    char *argv[ARGV_MAX];
    char fd_text[64], engine[64], *select = NULL;
    struct hn_suite suite = {0};

    if (!open_channels(control, output, err))
        return false;
    char *preload = preload_line(spec);
    (void)snprintf(fd_text, sizeof fd_text, HN_WIRE_FD_ENV "=%d", control[1]);
    (void)snprintf(engine, sizeof engine, HN_WIRE_ENGINE_ENV "=%s", spec->engine);
    char *inner = inner_preload(spec);
    if (spec->select && asprintf(&select, HN_WIRE_SELECT_ENV "=%s", spec->select) < 0)
        select = NULL;
    fill_argv(argv, spec);
    struct pf_spawn spawn = {
        .argv = argv,
        .dir = spec->binary->working_dir,
        .more_env = spec->binary->env,
        .stdout_fd = output[1],
        .stderr_fd = output[1],
        .env = {preload, fd_text, engine, inner, "BXFI_MAP",
                spec->invitation ? spec->invitation : select, spec->invitation ? select : NULL},
    };
    bool ok = preload && inner && pf_child_start(&suite.child, &spawn, err);
    (void)close(control[1]);
    (void)close(output[1]);
    suite.control_fd = control[0];
    suite.output_fd = output[0];
    if (ok)
        *out = suite;
    else
        hn_suite_stop(&suite);
    free(preload);
    free(inner);
    free(select);
    return ok;
}

void hn_suite_stop(struct hn_suite *suite)
{
    close_fd(&suite->control_fd); /* hanging up is the polite way: exit handlers run */
    if (suite->child.pid > 0) {
        (void)pf_child_wait(&suite->child, pf_clock_now_ns() + 2000000000u);
        pf_child_stop(&suite->child, 0);
    }
    close_fd(&suite->output_fd);
    hn_capture_fini(&suite->output);
    *suite = (struct hn_suite){0};
}

/* The control socket closed before the list was complete: say how the binary ended. */
static enum hn_suite_step explain_end(struct hn_suite *suite, struct hn_plan *plan,
                                      struct hn_binary *binary)
{
    char where[320] = "";

    (void)hn_capture_drain(&suite->output, suite->output_fd);
    const char *printed = hn_capture_text(&suite->output, &plan->arena);
    if (suite->evaluating[0])
        (void)snprintf(where, sizeof where, " while computing the parameters of %s",
                       suite->evaluating);
    if (!pf_child_wait(&suite->child, pf_clock_now_ns() + 2000000000u))
        binary->problem = hn_text(&plan->arena, "hung up on the runner%s", where);
    else if (pf_child_exit_status(&suite->child) > 128)
        binary->problem = hn_text(&plan->arena, "crashed at start%s: %s%s%.2000s", where,
                                  strsignal(pf_child_exit_status(&suite->child) - 128),
                                  printed ? "\n" : "", printed ? printed : "");
    else if (pf_child_exit_status(&suite->child) == HN_WIRE_STATUS_DEAF)
        binary->problem = "a constructor closed the runner's socket with all other descriptors: "
                          "let it close only those it opened";
    else
        binary->problem = hn_text(&plan->arena,
                                  "ended at start%s with status %d, before it listed its tests"
                                  "%s%.2000s",
                                  where, pf_child_exit_status(&suite->child), printed ? "\n" : "",
                                  printed ? printed : "");
    return HN_SUITE_BROKEN;
}

enum hn_suite_step hn_suite_receive(struct hn_suite *suite, struct hn_plan *plan, uint32_t binary)
{
    static char packet[HN_WIRE_PACKET_MAX];
    struct hn_binary *owner = &plan->binaries[binary];
    struct pf_err err = {0};
    ssize_t got;

    do
        got = recv(suite->control_fd, packet, sizeof packet, 0);
    while (got < 0 && errno == EINTR);
    if (got <= 0)
        return explain_end(suite, plan, owner);

    uint32_t type = hn_wire_type(packet, (size_t)got);
    if (type == HN_WIRE_LISTED) {
        suite->is_listed = true;
        return HN_SUITE_LISTED;
    }
    if (type == HN_WIRE_EVALUATING)
        return hn_wire_copy_text(suite->evaluating, sizeof suite->evaluating, packet, (size_t)got)
                   ? HN_SUITE_MORE
                   : HN_SUITE_BROKEN;
    suite->evaluating[0] = '\0';
    if (type == HN_WIRE_REMARK) {
        char text[512];
        if (hn_wire_copy_text(text, sizeof text, packet, (size_t)got))
            owner->remark = hn_text(&plan->arena, "%s%s%s", owner->remark ? owner->remark : "",
                                    owner->remark ? "\n" : "", text);
        return HN_SUITE_MORE;
    }
    if (type != HN_WIRE_TESTS || !hn_wire_add_tests(plan, binary, packet, (size_t)got, &err)) {
        owner->problem = hn_text(&plan->arena, "does not speak the runner's language: %s",
                                 err.text[0] ? err.text : "unexpected message");
        return HN_SUITE_BROKEN;
    }
    return HN_SUITE_MORE;
}

bool hn_suite_await_list(struct hn_suite *suite, struct pf_err *err)
{
    static char packet[HN_WIRE_PACKET_MAX];
    uint64_t deadline_ns = pf_clock_now_ns() + (uint64_t)AWAIT_SECONDS * 1000000000u;

    while (!suite->is_listed) {
        struct pollfd ready[2] = {{suite->control_fd, POLLIN, 0}, {suite->output_fd, POLLIN, 0}};
        if (poll(ready, 2, pf_clock_left_ms(deadline_ns)) == 0)
            return pf_err_set(err, PF_ERR_SYSTEM, "the binary did not list its tests again");
        if (ready[1].revents & POLLIN)
            (void)hn_capture_drain(&suite->output, suite->output_fd);
        if (!ready[0].revents)
            continue;
        ssize_t got = recv(suite->control_fd, packet, sizeof packet, 0);
        if (got <= 0 && errno != EINTR)
            return pf_err_set(err, PF_ERR_SYSTEM, "the binary ended before it listed its tests");
        suite->is_listed = got > 0 && hn_wire_type(packet, (size_t)got) == HN_WIRE_LISTED;
    }
    return true;
}

bool hn_suite_open_lane(struct hn_suite *suite, const int fds[4], struct pf_err *err)
{
    uint32_t type = HN_WIRE_OPEN_LANE;

    return pf_fds_send(suite->control_fd, (struct pf_bytes){&type, sizeof type}, fds, 4, 0)
           || pf_err_sys(err, errno, "the test binary is gone");
}

bool hn_preload_find(char *path, size_t size, const char *name, struct pf_err *err)
{
    static const char *const places[] = {"../lib", "../lib/assay", "../lib/x86_64-linux-gnu/assay",
                                         "."};
    char self[PATH_MAX];

    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    self[length > 0 ? length : 0] = '\0';
    char *slash = strrchr(self, '/');
    if (slash)
        *slash = '\0';
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        (void)snprintf(path, size, "%s/%s/%s", self, places[i], name);
        if (faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) == 0)
            return true;
    }
    return pf_err_set(err, PF_ERR_UNSUPPORTED,
                      "%s is neither in %s/../lib nor beside the command: build the target "
                      "assay_runner_preload, or install Assay whole",
                      name, self);
}

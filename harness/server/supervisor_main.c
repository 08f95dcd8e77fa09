/*
 * The supervisor's life: take the specification, serve requests, end everything, remove {tmp}.
 *
 * The program is carried inside the library and started from memory (supervisor_image.c): there is
 * nothing to install or find, and mocks linked into the test cannot reach it.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "harness/server/supervisor.h"
#include "profiler/base/file.h"

/*
 * How long a server may take to end when its test crashed, timed out or was killed: short, for the
 * test is over, and a runner counts what still lives soon after as left behind.
 */
enum { ABANDONED_GRACE_MS = 100, TMP_DEPTH = 16, TMP_PARENT_MAX = 64 };

static void watch_signals(struct hn_supervisor *sup)
{
    sigset_t watched;

    (void)sigemptyset(&watched);
    (void)sigaddset(&watched, SIGCHLD);
    (void)sigaddset(&watched, SIGTERM);
    (void)sigaddset(&watched, SIGINT);
    (void)sigaddset(&watched, SIGHUP);
    (void)sigaddset(&watched, SIGQUIT);
    (void)sigprocmask(SIG_SETMASK, &watched, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    sup->signal_fd = signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK);
}

static bool open_everything(struct hn_supervisor *sup, struct pf_buf *spec, pid_t test,
                            struct pf_err *err)
{
    void *shared =
        mmap(NULL, sizeof *sup->shared, PROT_READ | PROT_WRITE, MAP_SHARED, HN_SHARED_FD, 0);

    if (shared == MAP_FAILED)
        return pf_err_sys(err, errno, "shared memory");
    sup->shared = shared;
    for (int fd = HN_CONTROL_FD; fd <= HN_IMAGE_FD; fd++)
        (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
    (void)prctl(PR_SET_CHILD_SUBREAPER, 1);
    (void)prctl(PR_SET_NAME, "assay-supervise");
    watch_signals(sup);
    sup->test = test;
    sup->test_pidfd = (int)syscall(SYS_pidfd_open, test, 0);
    if (getppid() != test)
        sup->abandoned = true;
    return pf_file_read_fd(spec, HN_SPEC_FD, HN_SPEC_BYTES_MAX, err)
           && hn_server_spec_decode(&sup->spec, pf_buf_view(spec), err);
}

static bool make_tmp(struct hn_supervisor *sup, struct pf_err *err)
{
    const char *parent = getenv("TMPDIR");

    /* {tmp}/socket has to fit into a socket's address (unix(7): 108 bytes). */
    if (!parent || parent[0] != '/' || strlen(parent) > TMP_PARENT_MAX)
        parent = "/tmp";
    (void)snprintf(sup->tmp, sizeof sup->tmp, "%s/assay-server-XXXXXX", parent);
    if (!mkdtemp(sup->tmp)) {
        sup->tmp[0] = '\0';
        return pf_err_sys(err, errno, "%s: no directory can be made for the server", parent);
    }
    /* Servers that drop to another user must still reach their files. */
    (void)chmod(sup->tmp, 0755);
    return true;
}

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    (void)info;
    (void)type;
    (void)walk;
    (void)remove(path);
    return 0;
}

static void remove_tmp(const struct hn_supervisor *sup)
{
    if (sup->spec.clock_env) /* the test may have been killed before it could */
        (void)unlink(strchr(sup->spec.clock_env, '=') + 1);
    if (sup->tmp[0])
        (void)nftw(sup->tmp, remove_entry, TMP_DEPTH, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

static bool send_signal(const struct hn_supervisor *sup, int signal_number, struct pf_err *err)
{
    pid_t pid = atomic_load(&sup->shared->pid);

    if (pid <= 0 || atomic_load(&sup->shared->phase) != HN_SERVER_READY)
        return pf_err_set(err, PF_ERR_NOT_FOUND, "server %s: is not running", sup->spec.name);
    if (kill(pid, signal_number) != 0)
        return pf_err_sys(err, errno, "server %s: signal %d", sup->spec.name, signal_number);
    return true;
}

static bool obey(struct hn_supervisor *sup, const struct hn_server_request *request,
                 struct pf_err *err)
{
    switch ((enum hn_server_op)request->op) {
    case HN_SERVER_START:
        return hn_supervisor_start(sup, err);
    case HN_SERVER_STOP:
        hn_supervisor_stop(sup, sup->spec.stop_ms);
        return true;
    case HN_SERVER_SIGNAL:
        return send_signal(sup, request->arg, err);
    case HN_SERVER_SYNC:
        hn_supervisor_drain_log(sup);
        return true;
    }
    return pf_err_set(err, PF_ERR_USAGE, "server %s: unknown request %u", sup->spec.name,
                      request->op);
}

static void serve_request(struct hn_supervisor *sup)
{
    struct hn_server_request request;
    struct hn_server_reply reply = {0};
    struct pf_err err = {0};

    ssize_t got = recv(HN_CONTROL_FD, &request, sizeof request, MSG_DONTWAIT);
    sup->request_waiting = false;
    if (got == 0) {
        sup->abandoned = true;
        return;
    }
    if (got != (ssize_t)sizeof request)
        return;
    reply.ok = obey(sup, &request, &err);
    (void)snprintf(reply.text, sizeof reply.text, "%s", err.text);
    (void)send(HN_CONTROL_FD, &reply, sizeof reply, MSG_NOSIGNAL);
}

/* A specification that is wrong: say so to the first request and end. */
static void refuse(const struct pf_err *err)
{
    struct hn_server_request request;
    struct hn_server_reply reply = {0};

    /* Ending with the request unread would reset the connection and lose the reply. */
    (void)!recv(HN_CONTROL_FD, &request, sizeof request, 0);
    (void)snprintf(reply.text, sizeof reply.text, "%s", err->text);
    (void)send(HN_CONTROL_FD, &reply, sizeof reply, MSG_NOSIGNAL);
}

int main(int argc, char **argv)
{
    static struct hn_supervisor sup = {
        .signal_fd = -1, .test_pidfd = -1, .log_fd = -1, .listen_fd = -1, .may_reserve = true};
    struct pf_buf spec = {0};
    struct pf_err err = {0};
    pid_t test = argc > 1 ? (pid_t)strtol(argv[1], NULL, 10) : 0;

    if (test <= 0 || fcntl(HN_SPEC_FD, F_GETFD) < 0)
        return 2; /* not started by the library */
    if (!open_everything(&sup, &spec, test, &err) || !make_tmp(&sup, &err)) {
        refuse(&err);
        return 1;
    }
    while (!sup.abandoned) {
        hn_supervisor_pump(&sup, -1, -1);
        if (sup.request_waiting)
            serve_request(&sup);
    }
    hn_supervisor_stop(&sup, ABANDONED_GRACE_MS);
    remove_tmp(&sup);
    pf_buf_fini(&spec);
    return 0;
}

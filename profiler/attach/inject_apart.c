/* SPDX-License-Identifier: MIT */
#include "profiler/attach/inject_apart.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* What goes through the pipe, in one write. */
struct answer {
    bool ok;
    struct pf_injection done;
    struct pf_err err;
};

_Static_assert(sizeof(struct answer) <= PIPE_BUF, "an answer is written at once or not at all");

static _Noreturn void help(const struct pf_inject *request, int cancel_fd, int to)
{
    struct pf_inject cancellable = *request;
    struct answer answer = {0};

    (void)setsid();
    cancellable.cancel_fd = cancel_fd;
    answer.ok = pf_inject(&cancellable, &answer.done, &answer.err);
    (void)signal(SIGPIPE, SIG_IGN); /* the collector may be gone */
    (void)!write(to, &answer, sizeof answer);
    _exit(0);
}

static void close_pair(const int ends[2])
{
    (void)close(ends[0]);
    (void)close(ends[1]);
}

/* A socket for the order to give up, as one may write to it when the helper is gone. */
static bool open_pairs(int result[2], int cancel[2])
{
    if (pipe2(result, O_CLOEXEC) != 0)
        return false;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, cancel) == 0)
        return true;
    int why = errno;
    close_pair(result);
    errno = why;
    return false;
}

/* In between, no signal: the helper must never run a handler of ours. */
static pid_t fork_blocked(sigset_t *before)
{
    sigset_t all;

    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_BLOCK, &all, before);
    return fork();
}

bool pf_inject_apart_begin(struct pf_inject_apart *out, const struct pf_inject *request,
                           const int *close_fds, unsigned count, struct pf_err *err)
{
    int result[2], cancel[2];
    sigset_t before;

    if (!open_pairs(result, cancel))
        return pf_err_sys(err, errno, "process %d: pipes for the agent's helper", request->pid);
    pid_t helper = fork_blocked(&before);
    int why = errno;
    if (helper == 0) {
        for (unsigned i = 0; i < count; i++)
            (void)close(close_fds[i]);
        (void)close(cancel[1]);
        help(request, cancel[0], result[1]);
    }
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (helper < 0) {
        close_pair(result);
        close_pair(cancel);
        return pf_err_sys(err, why, "process %d: a helper to put the agent in", request->pid);
    }
    (void)close(result[1]);
    (void)close(cancel[0]);
    *out = (struct pf_inject_apart){helper, result[0], cancel[1]};
    return true;
}

void pf_inject_apart_cancel(struct pf_inject_apart *apart)
{
    if (apart->cancel_fd > 0) {
        (void)send(apart->cancel_fd, "", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
        (void)close(apart->cancel_fd);
    }
    apart->cancel_fd = 0;
}

bool pf_inject_apart_end(struct pf_inject_apart *apart, struct pf_injection *out,
                         struct pf_err *err)
{
    struct answer answer = {0};
    ssize_t got;

    do
        got = read(apart->result_fd, &answer, sizeof answer);
    while (got < 0 && errno == EINTR);
    (void)close(apart->result_fd);
    pf_inject_apart_cancel(apart);
    while (waitpid(apart->helper, NULL, 0) < 0 && errno == EINTR)
        continue;
    *apart = (struct pf_inject_apart){.result_fd = -1};
    if (got != (ssize_t)sizeof answer)
        return pf_err_set(err, PF_ERR_SYSTEM,
                          "the helper that puts the agent in was killed: try again");
    if (answer.ok)
        *out = answer.done;
    else
        *err = answer.err;
    return answer.ok;
}

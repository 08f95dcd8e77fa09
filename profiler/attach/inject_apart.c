/* SPDX-License-Identifier: MIT */
#include "profiler/attach/inject_apart.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* What goes through the pipe, in one write. */
struct answer {
    bool ok;
    struct pf_injection done;
    struct pf_err err;
};

_Static_assert(sizeof(struct answer) <= PIPE_BUF, "an answer is written at once or not at all");

static _Noreturn void help(const struct pf_inject *request, int to)
{
    struct answer answer = {0};

    (void)setsid();
    answer.ok = pf_inject(request, &answer.done, &answer.err);
    (void)signal(SIGPIPE, SIG_IGN); /* the collector may be gone */
    (void)!write(to, &answer, sizeof answer);
    _exit(0);
}

bool pf_inject_apart_begin(struct pf_inject_apart *out, const struct pf_inject *request,
                           const int *close_fds, unsigned count, struct pf_err *err)
{
    int ends[2];
    sigset_t all, before;

    if (pipe2(ends, O_CLOEXEC) != 0)
        return pf_err_sys(err, errno, "process %d: a pipe for the agent's helper", request->pid);
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_BLOCK, &all, &before);
    pid_t helper = fork();
    int why = errno;
    if (helper == 0) {
        for (unsigned i = 0; i < count; i++)
            (void)close(close_fds[i]);
        help(request, ends[1]);
    }
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    (void)close(ends[1]);
    if (helper < 0) {
        (void)close(ends[0]);
        return pf_err_sys(err, why, "process %d: a helper to put the agent in", request->pid);
    }
    *out = (struct pf_inject_apart){helper, ends[0]};
    return true;
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

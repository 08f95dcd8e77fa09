/* SPDX-License-Identifier: MIT */
#include "harness/cli/stops.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "profiler/base/spawn.h"

enum { LEAVE_TIDILY_S = 1 };

/* What the signal handlers need to know. */
static int stop_pipe[2] = {-1, -1};
static enum hn_stops_more on_more;
static volatile sig_atomic_t signals_seen;

static void leave(int sig)
{
    (void)sig;
    _exit(128 + SIGINT);
}

static void on_signal(int sig)
{
    int keep = errno;

    signals_seen++;
    if (on_more == HN_STOPS_MORE_LEAVE && signals_seen > 2)
        leave(sig);
    if (on_more == HN_STOPS_MORE_LEAVE && signals_seen == 2)
        (void)alarm(LEAVE_TIDILY_S);
    hn_stops_ask();
    errno = keep;
}

static bool is_ignored(int sig)
{
    return pf_spawn_ignored_now() >> (sig - 1) & 1;
}

bool hn_stops_catch(enum hn_stops_more more, struct pf_err *err)
{
    struct sigaction action = {.sa_handler = on_signal};

    if (pipe2(stop_pipe, O_CLOEXEC | O_NONBLOCK) != 0)
        return pf_err_sys(err, errno, "pipe");
    on_more = more;
    (void)sigemptyset(&action.sa_mask);
    if (more == HN_STOPS_MORE_LEAVE)
        (void)signal(SIGALRM, leave);
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    if (!is_ignored(SIGHUP))
        (void)sigaction(SIGHUP, &action, NULL);
    return true;
}

int hn_stops_fd(void)
{
    return stop_pipe[0];
}

void hn_stops_ask(void)
{
    (void)!write(stop_pipe[1], "", 1);
}

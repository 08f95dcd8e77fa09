/* SPDX-License-Identifier: MIT */
#include "harness/server/supervisor.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/server/server_tree.h"
#include "profiler/base/clock.h"

enum {
    LOG_CHUNK = 65536,
    /* A server that prints without end must not keep us from everything else. */
    LOG_CHUNKS_AT_ONCE = 64,
    ORPHAN_POLL_MS = 20,
    LOOK_AT_TEST_MS = 50,
};

enum { POLL_CONTROL, POLL_TEST, POLL_SIGNAL, POLL_LOG, POLL_EXTRA, POLL_COUNT };

void hn_supervisor_drain_log(struct hn_supervisor *sup)
{
    static char chunk[LOG_CHUNK];

    for (int i = 0; i < LOG_CHUNKS_AT_ONCE && sup->log_fd >= 0; i++) {
        ssize_t got = read(sup->log_fd, chunk, sizeof chunk);
        if (got > 0) {
            hn_log_put(&sup->shared->log, chunk, (size_t)got);
        } else if (got == 0) { /* nobody can print any more */
            (void)close(sup->log_fd);
            sup->log_fd = -1;
        } else if (errno != EINTR) {
            return;
        }
    }
}

bool hn_supervisor_has_children(void)
{
    siginfo_t info;

    return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 || errno != ECHILD;
}

static pid_t eldest_child(void)
{
    struct hn_proc_tree tree;
    pid_t eldest = 0;

    hn_proc_tree_read(&tree, getpid());
    for (size_t i = 0; i < tree.count && eldest == 0; i++)
        if (tree.at[i].parent == getpid())
            eldest = tree.at[i].pid;
    hn_proc_tree_fini(&tree);
    return eldest;
}

/* A server that ends with 0 and leaves children has become a daemon: the eldest stands for it. */
static bool became_daemon(struct hn_supervisor *sup, int status)
{
    enum { TRIES = 20 };
    pid_t heir = 0;

    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return false;
    /* A list of /proc can miss who was born while it was read. */
    for (int i = 0; i < TRIES && heir == 0 && hn_supervisor_has_children(); i++)
        heir = eldest_child();
    if (heir > 0)
        atomic_store(&sup->shared->pid, heir);
    return heir > 0;
}

static void note_end(struct hn_supervisor *sup, pid_t pid, int status)
{
    bool is_main = pid == sup->main_pid;

    if (is_main) {
        sup->main_alive = false;
        sup->main_status = status;
    }
    if (pid != atomic_load(&sup->shared->pid) || (is_main && became_daemon(sup, status)))
        return;
    atomic_store(&sup->shared->wait_status, status);
    if (atomic_load(&sup->shared->phase) == HN_SERVER_READY)
        atomic_store(&sup->shared->phase, HN_SERVER_ENDED);
}

/* We are the subreaper: grandchildren whose parents are gone come to us too. */
static void reap(struct hn_supervisor *sup)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        note_end(sup, pid, status);
}

static void read_signals(struct hn_supervisor *sup)
{
    struct signalfd_siginfo info;

    while (read(sup->signal_fd, &info, sizeof info) == (ssize_t)sizeof info)
        if (info.ssi_signo != SIGCHLD)
            sup->abandoned = true; /* somebody asks us to end: end everything */
}

void hn_supervisor_pump(struct hn_supervisor *sup, int extra_fd, int timeout_ms)
{
    struct pollfd fds[POLL_COUNT] = {
        /* Once a request waits, or the test is gone, these two have nothing new to say. */
        [POLL_CONTROL] = {.fd = sup->abandoned || sup->request_waiting ? -1 : HN_CONTROL_FD,
                          .events = POLLIN},
        [POLL_TEST] = {.fd = sup->abandoned ? -1 : sup->test_pidfd, .events = POLLIN},
        [POLL_SIGNAL] = {.fd = sup->signal_fd, .events = POLLIN},
        [POLL_LOG] = {.fd = sup->log_fd, .events = POLLIN},
        [POLL_EXTRA] = {.fd = extra_fd, .events = POLLIN},
    };

    if (sup->test_pidfd < 0 && (timeout_ms < 0 || timeout_ms > LOOK_AT_TEST_MS))
        timeout_ms = LOOK_AT_TEST_MS;
    int ready = poll(fds, POLL_COUNT, timeout_ms);
    if (sup->test_pidfd < 0 && getppid() != sup->test)
        sup->abandoned = true;
    if (ready <= 0)
        return;
    if (fds[POLL_TEST].revents || fds[POLL_CONTROL].revents & (POLLHUP | POLLERR))
        sup->abandoned = true;
    if (fds[POLL_CONTROL].revents & POLLIN)
        sup->request_waiting = true;
    if (fds[POLL_LOG].revents)
        hn_supervisor_drain_log(sup);
    if (fds[POLL_SIGNAL].revents)
        read_signals(sup);
    reap(sup);
}

void hn_supervisor_kill_all(struct hn_supervisor *sup)
{
    /* Only a process in an uninterruptible wait survives SIGKILL; nobody can end those. */
    enum { LAST_PASS = 500 };

    for (int pass = 0; pass < LAST_PASS && hn_supervisor_has_children(); pass++) {
        (void)hn_proc_tree_kill(getpid());
        hn_supervisor_drain_log(sup);
        reap(sup);
        /* Be quick first: what forks and exits all the time is caught by speed alone. */
        if (pass > 50)
            pf_clock_sleep_ms(10);
    }
    reap(sup);
    hn_supervisor_drain_log(sup);
}

/* A daemon's launcher is gone: what it left with us is the server. */
static void terminate_daemons(void)
{
    struct hn_proc_tree tree;

    hn_proc_tree_read(&tree, getpid());
    for (size_t i = 0; i < tree.count; i++)
        if (tree.at[i].parent == getpid())
            (void)kill(tree.at[i].pid, SIGTERM);
    hn_proc_tree_fini(&tree);
}

static bool is_anything_left(const struct hn_supervisor *sup, bool is_daemon)
{
    return is_daemon ? hn_supervisor_has_children() : sup->main_alive;
}

void hn_supervisor_stop(struct hn_supervisor *sup, unsigned grace_ms)
{
    uint64_t deadline = pf_clock_now_ns() + (uint64_t)grace_ms * 1000000;
    bool is_daemon = !sup->main_alive;

    if (is_daemon)
        terminate_daemons();
    else
        (void)kill(sup->main_pid, SIGTERM);
    while (is_anything_left(sup, is_daemon) && pf_clock_now_ns() < deadline) {
        int left_ms = pf_clock_left_ms(deadline);
        hn_supervisor_pump(sup, -1, left_ms < ORPHAN_POLL_MS ? left_ms : ORPHAN_POLL_MS);
    }
    atomic_store(&sup->shared->killed, is_anything_left(sup, is_daemon));
    hn_supervisor_kill_all(sup);
    if (sup->log_fd >= 0)
        (void)close(sup->log_fd);
    sup->log_fd = -1;
    sup->main_pid = 0;
    sup->main_alive = false;
    atomic_store(&sup->shared->phase, HN_SERVER_ENDED);
}

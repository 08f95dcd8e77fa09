/*
 * The end of a lane whose runner may be gone: killed, it could clear nothing away itself.
 *
 * The kernel tells a lane that the binary's process died, which dies with the runner. That is heard
 * only in calls that wait, so that the handler may do what handlers may not: no lock is held there.
 *
 * SPDX-License-Identifier: MIT
 */
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness/preload/preload.h"

enum { WALK_FDS = 16 };

static char test_dir[HN_WIRE_PATH_MAX];

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *walk)
{
    (void)st;
    (void)type;
    (void)walk;
    (void)remove(path);
    return 0;
}

/* Nobody would hang up without a word who is alive. */
static bool is_runner_gone(void)
{
    char byte;

    return recv(hn_preload.control_fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

/* The last lane to go takes the runner's directory along. */
static void remove_dirs(void)
{
    char *slash = strrchr(test_dir, '/');

    if (!slash)
        return;
    (void)nftw(test_dir, remove_one, WALK_FDS, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
    *slash = '\0';
    (void)rmdir(test_dir);
}

void hn_lane_end(bool is_asked_to)
{
    (void)hn_children_sweep(false);
    if (!is_asked_to && is_runner_gone())
        remove_dirs();
    _exit(0);
}

static void on_gone(int number)
{
    (void)number;
    hn_lane_end(false);
}

void hn_lane_end_allow(bool now)
{
    sigset_t gone;

    (void)sigemptyset(&gone);
    (void)sigaddset(&gone, HN_WIRE_SIGNAL_GONE);
    (void)sigprocmask(now ? SIG_UNBLOCK : SIG_BLOCK, &gone, NULL);
}

void hn_lane_end_at_once(bool now)
{
    (void)prctl(PR_SET_PDEATHSIG, now ? SIGKILL : HN_WIRE_SIGNAL_GONE);
}

void hn_lane_end_dir(const char *temp_dir)
{
    if (*temp_dir)
        (void)snprintf(test_dir, sizeof test_dir, "%s", temp_dir);
}

void hn_lane_end_prepare(pid_t binary)
{
    struct sigaction action = {.sa_handler = on_gone};

    hn_lane_end_allow(false);
    (void)sigaction(HN_WIRE_SIGNAL_GONE, &action, NULL);
    hn_lane_end_at_once(false);
    if (getppid() != binary)
        hn_lane_end(false);
}

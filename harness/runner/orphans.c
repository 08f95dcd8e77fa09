/* SPDX-License-Identifier: MIT */
#include "harness/runner/orphans.h"

#include <dirent.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness/runner/process_time.h"
#include "profiler/base/file.h"

enum { GRACE_MS = 250, STEP_MS = 2, ROUNDS_MAX = 1000, COMMAND_MAX = 256 };

static void name_process(pid_t pid, struct pf_buf *names)
{
    char path[64];
    struct pf_buf line = {0};
    struct pf_err err = {0};

    (void)snprintf(path, sizeof path, "/proc/%d/cmdline", (int)pid);
    if (pf_file_read(&line, path, 1 << 20, &err)) {
        for (size_t i = 0; i + 1 < line.size; i++)
            if (!line.at[i])
                line.at[i] = ' ';
    }
    pf_buf_printf(names, "%d %.*s\n", (int)pid, COMMAND_MAX, pf_buf_cstr(&line));
    pf_buf_fini(&line);
}

struct sweep {
    pid_t spare;
    struct pf_buf *names;
    unsigned met, killed;
};

/* A child is killed, if that is due, and buried. One that had ended counts as met, too: who forks
 * on and on, ending each time, is seen by its dead. */
static void meet(struct sweep *sweep, pid_t pid, bool kill_it)
{
    sweep->met++;
    if (waitpid(pid, NULL, WNOHANG) == pid || !kill_it)
        return;
    name_process(pid, sweep->names);
    (void)kill(pid, SIGKILL);
    (void)waitpid(pid, NULL, 0);
    sweep->killed++;
}

/* False when there was no child but the spared one. */
static bool visit(struct sweep *sweep, bool kill_them)
{
    DIR *proc = opendir("/proc");

    sweep->met = 0;
    for (struct dirent *entry; proc && (entry = readdir(proc));) {
        pid_t pid = (pid_t)atoi(entry->d_name);
        if (pid > 0 && pid != sweep->spare && hn_process_parent(pid) == getpid())
            meet(sweep, pid, kill_them);
    }
    if (proc)
        (void)closedir(proc);
    return sweep->met > 0;
}

unsigned hn_orphans_take(pid_t spare, struct pf_buf *names)
{
    struct timespec step = {0, STEP_MS * 1000000L};
    struct sweep sweep = {.spare = spare, .names = names};
    bool any = true;

    for (int waited_ms = 0; any && waited_ms < GRACE_MS; waited_ms += STEP_MS) {
        any = visit(&sweep, false);
        if (any)
            (void)nanosleep(&step, NULL);
    }
    for (int round = 0; any && round < ROUNDS_MAX; round++)
        any = visit(&sweep, true);
    return sweep.killed;
}

/*
 * What a test left behind: found as children of the lane, named, killed, buried.
 *
 * A process that is just ending gets a moment to do so: only what still lives after it counts.
 *
 * SPDX-License-Identifier: MIT
 */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness/preload/preload.h"

enum { GRACE_MS = 250, ROUNDS_MAX = 1000, STEP_MS = 2 };

/* Bury what has ended. False when no children are left at all. */
static bool bury(void)
{
    pid_t pid;

    do
        pid = waitpid(-1, NULL, WNOHANG);
    while (pid > 0);
    return pid == 0;
}

static void pause_ms(long ms)
{
    struct timespec left = {0, ms * 1000000};

    (void)nanosleep(&left, NULL);
}

static bool read_text(const char *path, char *text, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t got = read(fd, text, size - 1);
    (void)close(fd);
    text[got > 0 ? got : 0] = '\0';
    return got > 0;
}

static pid_t parent_of(pid_t pid)
{
    char path[64], text[512];

    (void)snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    if (!read_text(path, text, sizeof text))
        return 0;
    char *after = strrchr(text, ')'); /* the name may hold anything, spaces too */
    return after && strlen(after) > 4 ? (pid_t)atoi(after + 4) : 0;
}

static void report_process(pid_t pid)
{
    char path[64], text[256];

    (void)snprintf(path, sizeof path, "/proc/%d/cmdline", (int)pid);
    if (!read_text(path, text, sizeof text)) {
        (void)snprintf(path, sizeof path, "/proc/%d/comm", (int)pid);
        if (!read_text(path, text, sizeof text))
            return;
        text[strcspn(text, "\n")] = '\0';
    }
    for (size_t i = 0; i + 1 < sizeof text && (text[i] || text[i + 1]); i++)
        if (!text[i])
            text[i] = ' ';
    hn_record_printf(HN_RECORD_PROCESS, "%d %s", (int)pid, text);
}

/* Kill every child of ours once; their children become ours and are met in the next round. */
static uint32_t kill_children(bool report)
{
    uint32_t count = 0;
    pid_t self = getpid();
    DIR *proc = opendir("/proc");

    for (struct dirent *entry; proc && (entry = readdir(proc));) {
        pid_t pid = (pid_t)atoi(entry->d_name);
        if (pid <= 0 || parent_of(pid) != self)
            continue;
        if (report)
            report_process(pid);
        (void)kill(pid, SIGKILL);
        (void)waitpid(pid, NULL, 0);
        count++;
    }
    if (proc)
        (void)closedir(proc);
    return count;
}

uint32_t hn_children_sweep(bool report)
{
    uint32_t count = 0;

    for (int waited_ms = 0; waited_ms < GRACE_MS; waited_ms += STEP_MS) {
        if (!bury())
            return 0;
        pause_ms(STEP_MS);
    }
    for (int round = 0; round < ROUNDS_MAX && bury(); round++) {
        count += kill_children(report);
    }
    return count;
}

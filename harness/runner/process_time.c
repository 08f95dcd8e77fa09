/* SPDX-License-Identifier: MIT */
#include "harness/runner/process_time.h"

#include <dirent.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "profiler/base/file.h"

enum { STAT_MAX = 4096, ROUNDS_MAX = 100 };

/* proc(5): fields after the name in parentheses; 1 is the state. */
static bool read_field(pid_t pid, unsigned field, unsigned long long *value)
{
    char path[64];
    struct pf_buf text = {0};
    struct pf_err err = {0};

    (void)snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    bool ok = pf_file_read(&text, path, STAT_MAX, &err);
    const char *at = ok ? strrchr(pf_buf_cstr(&text), ')') : NULL;
    for (unsigned i = 0; at && i < field; i++)
        at = strchr(at + 1, ' ');
    if (at)
        *value = strtoull(at + 1, NULL, 10);
    pf_buf_fini(&text);
    return at != NULL;
}

/* The second number of schedstat; 0 where the kernel keeps none. */
static uint64_t read_queue_ns(pid_t pid, const char *tid)
{
    char path[64];
    struct pf_buf text = {0};
    struct pf_err err = {0};

    (void)snprintf(path, sizeof path, "/proc/%d/task/%.20s/schedstat", (int)pid, tid);
    bool ok = pf_file_read(&text, path, STAT_MAX, &err);
    const char *second = ok ? strchr(pf_buf_cstr(&text), ' ') : NULL;
    uint64_t waited = second ? strtoull(second, NULL, 10) : 0;
    pf_buf_fini(&text);
    return waited;
}

static uint64_t queued_ns(pid_t pid)
{
    char path[64];
    uint64_t sum = 0;

    (void)snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *tasks = opendir(path);
    for (struct dirent *entry; tasks && (entry = readdir(tasks));)
        if (entry->d_name[0] != '.')
            sum += read_queue_ns(pid, entry->d_name);
    if (tasks)
        (void)closedir(tasks);
    return sum;
}

uint64_t hn_process_demand_ns(pid_t pid)
{
    unsigned long long user = 0, kernel = 0;
    long hz = sysconf(_SC_CLK_TCK);

    if (!read_field(pid, 12, &user) || !read_field(pid, 13, &kernel) || hz <= 0)
        return UINT64_MAX;
    return (uint64_t)(user + kernel) * (1000000000u / (uint64_t)hz) + queued_ns(pid);
}

pid_t hn_process_parent(pid_t pid)
{
    unsigned long long parent = 0;

    return read_field(pid, 2, &parent) ? (pid_t)parent : 0;
}

static unsigned kill_children(void)
{
    unsigned count = 0;
    DIR *proc = opendir("/proc");

    for (struct dirent *entry; proc && (entry = readdir(proc));) {
        pid_t pid = (pid_t)atoi(entry->d_name);
        if (pid <= 0 || hn_process_parent(pid) != getpid())
            continue;
        (void)kill(pid, SIGKILL);
        (void)waitpid(pid, NULL, 0);
        count++;
    }
    if (proc)
        (void)closedir(proc);
    return count;
}

void hn_orphans_end(void)
{
    for (int round = 0; round < ROUNDS_MAX && waitpid(-1, NULL, WNOHANG) >= 0; round++)
        if (kill_children() == 0)
            return;
}

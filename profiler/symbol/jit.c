/* SPDX-License-Identifier: MIT */
#include "profiler/symbol/jit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "profiler/base/file.h"
#include "profiler/profile/profile.h"
#include "profiler/symbol/textmap.h"

enum { PROCESSES_MAX = 64, MAP_BYTES_MAX = 256 << 20, STATUS_BYTES_MAX = 1 << 16 };

/* What /proc says of a process; zero pid: it has ended. */
struct process {
    pid_t pid_inside; /* in its innermost pid namespace */
    uid_t uid;
};

static bool read_process(pid_t pid, struct process *out)
{
    char path[64];
    struct pf_buf status = {0};
    struct pf_err ignored;

    (void)snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    bool ok = pf_file_read(&status, path, STATUS_BYTES_MAX, &ignored);
    const char *text = ok ? pf_buf_cstr(&status) : "";
    const char *ids = strstr(text, "\nNSpid:");
    const char *uid = strstr(text, "\nUid:");
    *out = (struct process){.pid_inside = pid, .uid = uid ? (uid_t)strtoul(uid + 5, NULL, 10) : 0};
    if (ids) {
        size_t size = strcspn(ids + 1, "\n");
        const char *last = memrchr(ids + 1, '\t', size);
        if (last)
            out->pid_inside = (pid_t)strtol(last, NULL, 10);
    }
    pf_buf_fini(&status);
    return ok && uid;
}

/* Anybody can write into /tmp: only files of those who may lie about this process anyway. */
static bool match_map(const char *path, uid_t uid, struct pf_queries *queries)
{
    struct stat status;
    struct pf_buf text = {0};
    struct pf_err ignored;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

    if (fd < 0)
        return false;
    bool trusted = fstat(fd, &status) == 0 && S_ISREG(status.st_mode)
                   && (status.st_uid == 0 || status.st_uid == uid || status.st_uid == geteuid());
    bool ok = trusted && pf_file_read_fd(&text, fd, MAP_BYTES_MAX, &ignored);
    if (ok)
        pf_perfmap_match(pf_buf_view(&text), queries);
    pf_buf_fini(&text);
    (void)close(fd);
    return ok;
}

pid_t pf_jit_owner(const char *mapping)
{
    static const char prefix[] = "[jit:";
    char *end = NULL;

    if (strncmp(mapping, prefix, sizeof prefix - 1) != 0)
        return 0;
    long pid = strtol(mapping + sizeof prefix - 1, &end, 10);
    return strcmp(end, "]") == 0 && pid > 0 && pid <= INT32_MAX ? (pid_t)pid : 0;
}

void pf_jit_match_process(pid_t pid, struct pf_queries *queries)
{
    struct process process;
    char path[128];
    bool alive = read_process(pid, &process);

    if (!alive)
        process = (struct process){pid, geteuid()};
    (void)snprintf(path, sizeof path, "/proc/%d/root/tmp/perf-%d.map", (int)pid,
                   (int)process.pid_inside);
    if (alive && match_map(path, process.uid, queries))
        return;
    (void)snprintf(path, sizeof path, "/tmp/perf-%d.map", (int)pid);
    (void)match_map(path, process.uid, queries);
}

static bool is_listed(const pid_t *pids, unsigned count, pid_t pid)
{
    for (unsigned i = 0; i < count; i++)
        if (pids[i] == pid)
            return true;
    return false;
}

void pf_jit_match(const struct pf_profile *profile, pid_t pid, struct pf_queries *queries)
{
    pid_t pids[PROCESSES_MAX];
    unsigned count = 0;

    if (pid > 0)
        pids[count++] = pid;
    for (uint32_t set = 0; set < profile->label_sets.count; set++) {
        uint32_t label_count = 0;
        const struct pf_label *labels = pf_profile_labels_view(profile, set, &label_count);
        for (uint32_t i = 0; i < label_count && count < PROCESSES_MAX; i++) {
            bool is_pid = labels[i].str == 0 && labels[i].num > 0 && labels[i].num <= INT32_MAX
                          && strcmp(pf_profile_text(profile, labels[i].key), "pid") == 0;
            if (is_pid && !is_listed(pids, count, (pid_t)labels[i].num))
                pids[count++] = (pid_t)labels[i].num;
        }
    }
    /* The last match holds, and the process asked for is the likeliest. */
    while (count > 0)
        pf_jit_match_process(pids[--count], queries);
}

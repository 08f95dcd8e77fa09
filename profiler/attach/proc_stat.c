/* SPDX-License-Identifier: MIT */
#include "profiler/attach/proc_stat.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STAT_BYTES = 1024, FIELDS_AFTER_COMM = 20 };

/* Fields counted from the state (proc(5) field 3). */
enum {
    FIELD_PPID = 1,
    FIELD_UTIME = 11,
    FIELD_STIME = 12,
    FIELD_CUTIME = 13,
    FIELD_CSTIME = 14,
    FIELD_NUM_THREADS = 17,
    FIELD_STARTTIME = 19,
};

bool pf_proc_read_text(const char *path, char *out, unsigned size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;

    ssize_t got = read(fd, out, size - 1);
    (void)close(fd);
    if (got < 0)
        return false;
    while (got > 0 && out[got - 1] == '\n')
        got--;
    out[got] = '\0';
    return true;
}

static void take_comm(char *out, const char *from, const char *end)
{
    size_t size = (size_t)(end - from);

    if (size >= PF_COMM_BYTES)
        size = PF_COMM_BYTES - 1;
    memcpy(out, from, size);
    out[size] = '\0';
}

/* Numbers from at on, space separated; how many were there. */
static unsigned take_fields(const char *at, uint64_t *fields, unsigned count)
{
    unsigned got = 0;

    while (got < count) {
        char *end = NULL;
        fields[got] = strtoull(at, &end, 10);
        if (end == at)
            break;
        got++;
        at = end;
    }
    return got;
}

bool pf_proc_stat_parse(struct pf_proc_stat *out, struct pf_bytes text)
{
    char line[STAT_BYTES];
    uint64_t fields[FIELDS_AFTER_COMM] = {0};

    if (text.size == 0 || text.size >= sizeof line)
        return false;
    memcpy(line, text.at, text.size);
    line[text.size] = '\0';

    const char *open = strchr(line, '(');
    const char *shut = strrchr(line, ')');
    if (!open || !shut || shut < open || strlen(shut) < 4)
        return false;
    /* fields[0] stands for the state letter, so that indices match the names above. */
    if (take_fields(shut + 3, fields + 1, FIELDS_AFTER_COMM - 1) < FIELDS_AFTER_COMM - 1)
        return false;

    *out = (struct pf_proc_stat){
        .pid = (pid_t)strtol(line, NULL, 10),
        .parent = (pid_t)fields[FIELD_PPID],
        .state = shut[2],
        .user_ticks = fields[FIELD_UTIME],
        .system_ticks = fields[FIELD_STIME],
        .ended_user_ticks = fields[FIELD_CUTIME],
        .ended_system_ticks = fields[FIELD_CSTIME],
        .thread_count = (uint32_t)fields[FIELD_NUM_THREADS],
        .start_ticks = fields[FIELD_STARTTIME],
    };
    take_comm(out->comm, open + 1, shut);
    return true;
}

bool pf_proc_stat_read(struct pf_proc_stat *out, pid_t pid, pid_t tid)
{
    char path[64];
    char text[STAT_BYTES];

    if (tid)
        (void)snprintf(path, sizeof path, "/proc/%d/task/%d/stat", (int)pid, (int)tid);
    else
        (void)snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    return pf_proc_read_text(path, text, sizeof text)
           && pf_proc_stat_parse(out, (struct pf_bytes){text, strlen(text)});
}

bool pf_proc_is_gone(pid_t pid, pid_t tid)
{
    struct pf_proc_stat stat;

    return !pf_proc_stat_read(&stat, pid, tid) || stat.state == 'Z' || stat.state == 'X';
}

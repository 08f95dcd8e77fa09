/* SPDX-License-Identifier: MIT */
#include "profiler/session/gperftools_switch.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "profiler/attach/proc_stat.h"
#include "profiler/base/clock.h"
#include "profiler/base/file.h"

enum {
    SWITCH_MS = PF_GPERFTOOLS_SWITCH_S * 1000,
    ENVIRON_BYTES_MAX = 4 << 20,
    STATUS_BYTES = 8192,
};

void pf_gperftools_switch_parse(struct pf_gperftools_switch *out, struct pf_bytes environ_bytes)
{
    struct pf_cursor cursor = pf_cursor_view(environ_bytes);

    *out = (struct pf_gperftools_switch){0};
    while (pf_cursor_left(&cursor) && !cursor.failed) {
        const char *entry = pf_cursor_cstr(&cursor);
        if (strncmp(entry, "CPUPROFILE=", 11) == 0)
            (void)snprintf(out->path, sizeof out->path, "%s", entry + 11);
        if (strncmp(entry, "CPUPROFILESIGNAL=", 17) == 0)
            out->signal = (int)strtol(entry + 17, NULL, 10);
    }
    /* The library marks the variable in place once it has used it, for its children to see. */
    out->path[0] = (char)(out->path[0] & 0x7f);
    if (out->signal < 1 || out->signal > 64)
        out->signal = 0;
}

bool pf_gperftools_is_caught(const char *text, int signal)
{
    const char *line = strstr(text, "\nSigCgt:");

    return line && signal >= 1 && signal <= 64
           && (strtoull(line + 8, NULL, 16) >> (signal - 1) & 1) != 0;
}

bool pf_gperftools_handles(pid_t pid, int signal)
{
    char path[64];
    char text[STATUS_BYTES];

    (void)snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    return pf_proc_read_text(path, text, sizeof text) && pf_gperftools_is_caught(text, signal);
}

bool pf_gperftools_is_profiling(pid_t pid, const char *prefix, char *found, size_t size)
{
    char path[64];
    char target[PF_GPERFTOOLS_PATH];
    bool is = false;

    (void)snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    DIR *dir = opendir(path);
    struct dirent *entry = NULL;
    while (dir && !is && (entry = readdir(dir)) != NULL) {
        ssize_t got = readlinkat(dirfd(dir), entry->d_name, target, sizeof target - 1);
        if (got <= 0)
            continue;
        target[got] = '\0';
        is = strncmp(target, prefix, strlen(prefix)) == 0;
        if (is)
            (void)snprintf(found, size, "%s", target);
    }
    if (dir)
        (void)closedir(dir);
    return is;
}

bool pf_gperftools_switch_read(pid_t pid, struct pf_gperftools_switch *out)
{
    char path[64];
    struct pf_buf bytes = {0};
    struct pf_err ignored;

    (void)snprintf(path, sizeof path, "/proc/%d/environ", (int)pid);
    bool ok = pf_file_read(&bytes, path, ENVIRON_BYTES_MAX, &ignored);
    pf_gperftools_switch_parse(out, pf_buf_view(&bytes));
    pf_buf_fini(&bytes);
    return ok && out->signal && out->path[0] == '/';
}

bool pf_gperftools_flip(pid_t pid, const struct pf_gperftools_switch *how, bool on, char *file,
                        size_t size)
{
    uint64_t end_ns = pf_clock_now_ns() + SWITCH_MS * UINT64_C(1000000);

    if (kill(pid, how->signal) != 0)
        return false;
    while (pf_gperftools_is_profiling(pid, how->path, file, size) != on) {
        if (pf_clock_now_ns() >= end_ns || kill(pid, 0) != 0)
            return false;
        pf_clock_sleep_ms(1);
    }
    return true;
}

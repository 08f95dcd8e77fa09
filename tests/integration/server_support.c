/* SPDX-License-Identifier: MIT */
#include "tests/integration/server_support.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "profiler/base/clock.h"
#include "profiler/base/file.h"

static bool is_zombie(const char *pid)
{
    char path[300];
    struct pf_buf text = {0};
    struct pf_err err = {0};

    (void)snprintf(path, sizeof path, "/proc/%s/stat", pid);
    bool read = pf_file_read(&text, path, 4096, &err);
    const char *after = read ? strrchr(pf_buf_cstr(&text), ')') : NULL;
    bool zombie = !after || after[2] == 'Z' || after[2] == 'X';
    pf_buf_fini(&text);
    return zombie;
}

static bool has_argument(const char *pid, const char *marker)
{
    char path[300];
    struct pf_buf text = {0};
    struct pf_err err = {0};

    (void)snprintf(path, sizeof path, "/proc/%s/cmdline", pid);
    bool found = pf_file_read(&text, path, 1 << 20, &err) && text.size > 0
                 && memmem(text.at, text.size, marker, strlen(marker));
    pf_buf_fini(&text);
    return found;
}

size_t sv_count(const char *marker)
{
    DIR *dir = opendir("/proc");
    size_t count = 0;

    for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir))
        if (isdigit((unsigned char)entry->d_name[0]) && has_argument(entry->d_name, marker)
            && !is_zombie(entry->d_name))
            count++;
    (void)closedir(dir);
    return count;
}

bool sv_all_gone(const char *marker, unsigned timeout_ms)
{
    uint64_t deadline = pf_clock_now_ns() + (uint64_t)timeout_ms * 1000000;

    while (sv_count(marker) > 0) {
        if (pf_clock_now_ns() > deadline)
            return false;
        pf_clock_sleep_ms(5);
    }
    return true;
}

const char *sv_marker(const char *name)
{
    static char text[128];

    (void)snprintf(text, sizeof text, "marker-%s-%d", name, getpid());
    return text;
}

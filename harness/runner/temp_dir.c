/* SPDX-License-Identifier: MIT */
#include "harness/runner/temp_dir.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool try_place(struct hn_temp_dir *temp, const char *place)
{
    int size = snprintf(temp->base, sizeof temp->base, "%s/assay-XXXXXX", place);

    if (size < 0 || (size_t)size >= sizeof temp->base || !mkdtemp(temp->base)) {
        temp->base[0] = '\0';
        return false;
    }
    return true;
}

bool hn_temp_dir_open(struct hn_temp_dir *temp)
{
    static const char *const places[] = {"/tmp", "/var/tmp", "/dev/shm", "."};
    const char *wanted = getenv("TMPDIR");

    *temp = (struct hn_temp_dir){0};
    if (wanted && *wanted && try_place(temp, wanted))
        return true;
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        if (try_place(temp, places[i]))
            return true;
    return false;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *walk)
{
    (void)st;
    (void)type;
    (void)walk;
    (void)remove(path);
    return 0;
}

void hn_temp_dir_remove(const char *path)
{
    if (!*path || rmdir(path) == 0 || errno == ENOENT)
        return;
    (void)nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

void hn_temp_dir_close(struct hn_temp_dir *temp)
{
    hn_temp_dir_remove(temp->base);
    temp->base[0] = '\0';
}

void hn_temp_dir_make(struct hn_temp_dir *temp, char *path, size_t size)
{
    path[0] = '\0';
    if (!temp->base[0])
        return;
    (void)snprintf(path, size, "%s/%u", temp->base, temp->made++);
    if (mkdir(path, 0700) != 0)
        path[0] = '\0';
}

/* SPDX-License-Identifier: MIT */
#include "harness/runner/temp_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Servers that root's tests start drop to another user and must still reach what is theirs. */
static mode_t place_mode(void)
{
    return geteuid() == 0 ? 0711 : 0700;
}

static bool try_place(struct hn_temp_dir *temp, const char *place)
{
    int size = snprintf(temp->base, sizeof temp->base, "%s/assay-XXXXXX", place);

    if (size < 0 || (size_t)size >= sizeof temp->base || !mkdtemp(temp->base)) {
        temp->base[0] = '\0';
        return false;
    }
    (void)chmod(temp->base, place_mode());
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

static bool is_empty(DIR *dir)
{
    unsigned entries = 0;

    while (entries < 3 && readdir(dir))
        entries++;
    return entries == 2; /* "." and ".." */
}

/* Whoever changed its mode, owner or attributes left a time of change without one of content. */
static bool is_like_new(const struct stat *st)
{
    return (st->st_mode & 07777) == place_mode() && st->st_uid == geteuid()
           && st->st_gid == getegid() && st->st_ctim.tv_sec == st->st_mtim.tv_sec
           && st->st_ctim.tv_nsec == st->st_mtim.tv_nsec;
}

static bool is_as_made(const char *path)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    bool ok = fd >= 0 && fstat(fd, &st) == 0 && is_like_new(&st);
    DIR *dir = ok ? fdopendir(fd) : NULL;

    if (dir) {
        ok = is_empty(dir);
        (void)closedir(dir);
    } else if (fd >= 0) {
        (void)close(fd);
    }
    return dir && ok;
}

void hn_temp_dir_recycle(char *path)
{
    if (!*path || is_as_made(path))
        return;
    hn_temp_dir_remove(path);
    path[0] = '\0';
}

void hn_temp_dir_close(struct hn_temp_dir *temp)
{
    hn_temp_dir_remove(temp->base);
    temp->base[0] = '\0';
}

void hn_temp_dir_make(struct hn_temp_dir *temp, char *path, size_t size)
{
    if (path[0] || !temp->base[0])
        return;
    (void)snprintf(path, size, "%s/%u", temp->base, temp->made++);
    mode_t mask = umask(0); /* a chmod afterwards would look like the test's own */
    if (mkdir(path, place_mode()) != 0)
        path[0] = '\0';
    (void)umask(mask);
}

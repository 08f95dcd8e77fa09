/* SPDX-License-Identifier: MIT */
#include "profiler/attach/row_cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "profiler/base/arena.h"
#include "profiler/base/err.h"
#include "profiler/base/file.h"
#include "profiler/base/hash.h"
#include "profiler/unwind/rows.h"

enum {
    FILE_MAGIC = 0x63526650, /* "PfRc" */
    FILE_VERSION = 1,
    NAME_MAX_BYTES = 160,
    SCAN_MAX = 1 << 16, /* files looked at when making room */
};

static const char suffix[] = ".rows";

struct file_head {
    uint32_t magic;
    uint32_t version;
    uint64_t size_bytes; /* of the block behind the head */
    uint64_t sum;
};

/* Somebody else's directory or file, or one that others may write, is not read. */
static bool is_ours(const struct stat *st)
{
    return st->st_uid == geteuid() && (st->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

static int open_dir(const char *path)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

    if (fd >= 0 && (fstat(fd, &st) != 0 || !is_ours(&st))) {
        (void)close(fd);
        fd = -1;
    }
    return fd;
}

void pf_row_cache_open_at(struct pf_row_cache *out, const char *path)
{
    (void)mkdir(path, 0700);
    *out = (struct pf_row_cache){open_dir(path), PF_ROW_CACHE_TOTAL_MAX};
}

void pf_row_cache_open(struct pf_row_cache *out)
{
    const char *xdg = getenv("XDG_CACHE_HOME");
    const char *home = getenv("HOME");
    char parent[4096];
    char path[4096 + sizeof "/assay"];

    *out = (struct pf_row_cache){-1, PF_ROW_CACHE_TOTAL_MAX};
    int size = xdg && *xdg == '/'     ? snprintf(parent, sizeof parent, "%s", xdg)
               : home && *home == '/' ? snprintf(parent, sizeof parent, "%s/.cache", home)
                                      : -1;
    if (size < 0 || (size_t)size >= sizeof parent)
        return;
    (void)mkdir(parent, 0700);
    (void)snprintf(path, sizeof path, "%s/assay", parent);
    pf_row_cache_open_at(out, path);
}

void pf_row_cache_close(struct pf_row_cache *cache)
{
    if (cache->dir_fd >= 0)
        (void)close(cache->dir_fd);
    cache->dir_fd = -1;
}

/* A build id comes from a file anybody may have written: hex digits and nothing else. */
static bool file_name(char name[NAME_MAX_BYTES], const char *build_id)
{
    size_t size = strspn(build_id, "0123456789abcdef");

    if (size < 8 || build_id[size] != '\0' || size + sizeof suffix > NAME_MAX_BYTES)
        return false;
    (void)snprintf(name, NAME_MAX_BYTES, "%s%s", build_id, suffix);
    return true;
}

static bool read_all(int fd, void *to, size_t size)
{
    uint8_t *at = to;

    while (size > 0) {
        ssize_t got = read(fd, at, size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        at += got;
        size -= (size_t)got;
    }
    return true;
}

static bool read_block(int fd, struct pf_bytes *block)
{
    struct file_head head;
    struct stat st;

    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || !is_ours(&st)
        || !read_all(fd, &head, sizeof head) || head.magic != FILE_MAGIC
        || head.version != FILE_VERSION || head.size_bytes == 0
        || head.size_bytes > PF_ROW_CACHE_FILE_MAX
        || (uint64_t)st.st_size != sizeof head + head.size_bytes)
        return false;
    void *at = pf_mem_new(1, head.size_bytes);
    struct pf_bytes read = {at, head.size_bytes};
    if (!read_all(fd, at, head.size_bytes) || pf_hash_bytes(at, head.size_bytes) != head.sum
        || !pf_rows_check(read)) {
        free(at);
        return false;
    }
    *block = read;
    return true;
}

bool pf_row_cache_find(const struct pf_row_cache *cache, const char *build_id,
                       struct pf_bytes *block)
{
    char name[NAME_MAX_BYTES];

    if (cache->dir_fd < 0 || !file_name(name, build_id))
        return false;
    int fd = openat(cache->dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return false;
    bool ok = read_block(fd, block);
    if (ok)
        (void)futimens(fd, NULL); /* used now: making room takes the oldest */
    (void)close(fd);
    return ok;
}

struct kept {
    struct timespec used;
    uint64_t bytes;
    char name[NAME_MAX_BYTES];
};

static int by_age(const void *a, const void *b)
{
    const struct timespec *x = &((const struct kept *)a)->used;
    const struct timespec *y = &((const struct kept *)b)->used;

    if (x->tv_sec != y->tv_sec)
        return x->tv_sec < y->tv_sec ? -1 : 1;
    return x->tv_nsec < y->tv_nsec ? -1 : x->tv_nsec > y->tv_nsec;
}

/* Every regular file of ours counts, half-written ones of a writer that died too. */
static uint32_t list_files(int dir_fd, struct kept **out, uint64_t *total)
{
    struct kept *files = NULL;
    uint32_t count = 0;
    int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    struct stat st;

    if (!dir && fd >= 0)
        (void)close(fd);
    for (struct dirent *at = dir ? readdir(dir) : NULL; at && count < SCAN_MAX; at = readdir(dir)) {
        if (!strstr(at->d_name, suffix) || strlen(at->d_name) >= NAME_MAX_BYTES
            || fstatat(dir_fd, at->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st.st_mode))
            continue;
        if ((count & (count - 1)) == 0)
            files = pf_mem_resize(files, count ? 2 * (size_t)count : 1, sizeof *files);
        struct kept *file = &files[count++];
        *file = (struct kept){st.st_mtim, (uint64_t)st.st_size, ""};
        memcpy(file->name, at->d_name, strlen(at->d_name) + 1);
        *total += file->bytes;
    }
    if (dir)
        (void)closedir(dir);
    *out = files;
    return count;
}

/* Down to three quarters, so that not every new file has to make room. */
static void make_room(const struct pf_row_cache *cache)
{
    struct kept *files = NULL;
    uint64_t total = 0;
    uint32_t count = list_files(cache->dir_fd, &files, &total);

    if (total > cache->total_max_bytes) {
        qsort(files, count, sizeof *files, by_age);
        for (uint32_t i = 0; i < count && total > cache->total_max_bytes / 4 * 3; i++) {
            (void)unlinkat(cache->dir_fd, files[i].name, 0);
            total -= files[i].bytes;
        }
    }
    free(files);
}

static bool write_file(int fd, struct pf_bytes block)
{
    struct file_head head = {FILE_MAGIC, FILE_VERSION, block.size,
                             pf_hash_bytes(block.at, block.size)};
    struct pf_err ignored;

    return pf_file_write_fd(fd, (struct pf_bytes){&head, sizeof head}, "", &ignored)
           && pf_file_write_fd(fd, block, "", &ignored);
}

void pf_row_cache_keep(const struct pf_row_cache *cache, const char *build_id,
                       struct pf_bytes block)
{
    char name[NAME_MAX_BYTES];
    char temporary[NAME_MAX_BYTES + sizeof ".0123456789abcdef"];
    uint64_t random = 0;

    if (cache->dir_fd < 0 || block.size > PF_ROW_CACHE_FILE_MAX || !file_name(name, build_id)
        || getrandom(&random, sizeof random, GRND_NONBLOCK) != (ssize_t)sizeof random)
        return;
    (void)snprintf(temporary, sizeof temporary, "%s.%016lx", name, (unsigned long)random);
    int fd = openat(cache->dir_fd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return;
    bool ok = write_file(fd, block);
    ok = close(fd) == 0 && ok;
    if (!ok || renameat(cache->dir_fd, temporary, cache->dir_fd, name) != 0)
        (void)unlinkat(cache->dir_fd, temporary, 0);
    make_room(cache);
}

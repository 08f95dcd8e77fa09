/* SPDX-License-Identifier: MIT */
#include "profiler/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "profiler/base/arena.h"
#include "profiler/base/clock.h"

enum { READ_STEP_BYTES = 64 * 1024, COPY_MAX_BYTES = 64 << 20 };

/* How long a reader of a pipe may take to come. */
enum { READER_WAIT_MS = 1000, READER_LOOK_MS = 5, LINKS_MAX = 40 };

static bool map_fd(struct pf_file *out, int fd, size_t size, const char *name, struct pf_err *err)
{
    void *map = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);

    if (map == MAP_FAILED)
        return pf_err_sys(err, errno, "%s: mmap", name);
    *out = (struct pf_file){.map = map, .size = size};
    return true;
}

/* As much as there is, up to size: it may have become shorter since. */
static bool copy_fd(struct pf_file *out, int fd, size_t size, const char *name, struct pf_err *err)
{
    uint8_t *copy = pf_mem_new(1, size);
    size_t at = 0;

    while (at < size) {
        ssize_t got = pread(fd, copy + at, size - at, (off_t)at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            int why = errno;
            free(copy);
            return pf_err_sys(err, why, "%s: read", name);
        }
        if (got == 0)
            break;
        at += (size_t)got;
    }
    *out = (struct pf_file){.map = copy, .size = at, .is_copy = true};
    return true;
}

bool pf_file_open_fd(struct pf_file *out, int fd, const char *name, struct pf_err *err)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return pf_err_sys(err, errno, "%s", name);
    if (!S_ISREG(st.st_mode))
        return pf_err_set(err, PF_ERR_FORMAT, "%s: not a regular file", name);
    if (st.st_size == 0) {
        *out = (struct pf_file){0};
        return true;
    }
    return st.st_size < COPY_MAX_BYTES ? copy_fd(out, fd, (size_t)st.st_size, name, err)
                                       : map_fd(out, fd, (size_t)st.st_size, name, err);
}

bool pf_file_open(struct pf_file *out, const char *path, struct pf_err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return pf_err_sys(err, errno, "%s", path);

    bool ok = pf_file_open_fd(out, fd, path, err);
    (void)close(fd);
    return ok;
}

void pf_file_close(struct pf_file *file)
{
    if (file->is_copy)
        free(file->map);
    else if (file->map)
        (void)munmap(file->map, file->size);
    *file = (struct pf_file){0};
}

struct pf_bytes pf_file_view(const struct pf_file *file)
{
    return (struct pf_bytes){file->map, file->size};
}

bool pf_file_read_fd(struct pf_buf *out, int fd, size_t max, struct pf_err *err)
{
    uint8_t step[READ_STEP_BYTES];
    size_t total = 0;

    for (;;) {
        ssize_t got = read(fd, step, sizeof step);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return pf_err_sys(err, errno, "read");
        if (got == 0)
            return true;
        total += (size_t)got;
        if (total > max)
            return pf_err_set(err, PF_ERR_LIMIT, "more than %zu bytes", max);
        pf_buf_put(out, step, (size_t)got);
    }
}

bool pf_file_read(struct pf_buf *out, const char *path, size_t max, struct pf_err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return pf_err_sys(err, errno, "%s", path);

    bool ok = pf_file_read_fd(out, fd, max, err);
    if (!ok)
        (void)pf_err_prepend(err, "%s", path);
    (void)close(fd);
    return ok;
}

/* Anything that exists and is not a regular file is written to in place: it cannot be renamed over.
 * Nor can a descriptor's. */
static bool is_direct(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && (!S_ISREG(st.st_mode) || strncmp(path, "/proc/", 6) == 0);
}

/* A directory that is not there: the request is right, it cannot be done. */
static bool refuse_to_write(struct pf_err *err, int why, const char *path)
{
    (void)pf_err_sys(err, why, "%s: cannot be written", path);
    if (err->code == PF_ERR_NOT_FOUND)
        err->code = PF_ERR_SYSTEM;
    return false;
}

static bool open_temporary(struct pf_new_file *file, const char *path, struct pf_err *err)
{
    size_t size = strlen(path) + sizeof ".XXXXXX";

    file->temporary = pf_mem_new(1, size);
    (void)snprintf(file->temporary, size, "%s.XXXXXX", path);
    file->fd = mkostemp(file->temporary, O_CLOEXEC);
    if (file->fd < 0) {
        int why = errno;
        free(file->temporary);
        file->temporary = NULL;
        return refuse_to_write(err, why, path);
    }
    /* mkostemp makes it private; give it what open(2) would have given. */
    mode_t mask = umask(0);
    (void)umask(mask);
    (void)fchmod(file->fd, 0666 & ~mask);
    return true;
}

/* A pipe that nobody reads is opened by nobody: its reader may still be about to start. */
static int open_pipe(const char *path)
{
    uint64_t deadline_ns = pf_clock_now_ns() + READER_WAIT_MS * UINT64_C(1000000);
    int fd = -1;

    while ((fd = open(path, O_WRONLY | O_CLOEXEC | O_NONBLOCK)) < 0 && errno == ENXIO
           && pf_clock_now_ns() < deadline_ns)
        pf_clock_sleep_ms(READER_LOOK_MS);
    if (fd >= 0)
        (void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
    return fd;
}

static bool open_direct(struct pf_new_file *file, const char *path, struct pf_err *err)
{
    struct stat st;
    bool is_pipe = stat(path, &st) == 0 && S_ISFIFO(st.st_mode);

    /* A file behind a descriptor (/dev/stdout) goes on where it ends. */
    file->fd = is_pipe ? open_pipe(path) : open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY);
    if (file->fd >= 0)
        return true;
    if (is_pipe && errno == ENXIO)
        return pf_err_set(err, PF_ERR_SYSTEM, "%s: cannot be written: nobody reads this pipe",
                          path);
    return refuse_to_write(err, errno, path);
}

/* The path a link leads to, the last name of which need not exist. Links of /proc are descriptors,
 * not names: they are not followed. */
static char *follow_links(const char *path)
{
    char *at = strdup(path);
    char target[PATH_MAX];

    for (unsigned i = 0; at && i < LINKS_MAX && strncmp(at, "/proc/", 6) != 0; i++) {
        ssize_t size = readlink(at, target, sizeof target - 1);
        if (size <= 0)
            break;
        target[size] = '\0';
        const char *slash = target[0] == '/' ? NULL : strrchr(at, '/');
        int before = slash ? (int)(slash - at) + 1 : 0;
        size_t room = (size_t)before + (size_t)size + 1;
        char *next = pf_mem_new(room, 1);
        (void)snprintf(next, room, "%.*s%s", before, at, target);
        free(at);
        at = next;
    }
    return at;
}

bool pf_new_file_open(struct pf_new_file *out, const char *path, struct pf_err *err)
{
    struct pf_new_file file = {.fd = -1};

    if (!path[0])
        return pf_err_set(err, PF_ERR_USAGE, "a file to write has an empty name");
    file.path = follow_links(path);
    file.direct = is_direct(file.path);
    if (file.direct ? !open_direct(&file, file.path, err)
                    : !open_temporary(&file, file.path, err)) {
        free(file.path);
        return false;
    }
    *out = file;
    return true;
}

bool pf_new_file_commit(struct pf_new_file *file, struct pf_err *err)
{
    int fd = file->fd;

    file->fd = -1;
    if (close(fd) != 0)
        return pf_err_sys(err, errno, "%s: close", file->path);
    if (file->direct)
        return true;
    if (rename(file->temporary, file->path) != 0)
        return pf_err_sys(err, errno, "%s: rename", file->path);
    free(file->temporary);
    file->temporary = NULL;
    return true;
}

void pf_new_file_close(struct pf_new_file *file)
{
    if (!file->path)
        return;
    if (file->fd >= 0)
        (void)close(file->fd);
    if (file->temporary)
        (void)unlink(file->temporary);
    free(file->temporary);
    free(file->path);
    *file = (struct pf_new_file){.fd = -1};
}

bool pf_file_write_fd(int fd, struct pf_bytes bytes, const char *name, struct pf_err *err)
{
    const uint8_t *at = bytes.at;

    for (size_t left = bytes.size; left > 0;) {
        ssize_t put = write(fd, at, left);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return pf_err_sys(err, errno, "%s: write", name);
        at += put;
        left -= (size_t)put;
    }
    return true;
}

static bool is_directory(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

bool pf_new_file_check(const char *path, struct pf_err *err)
{
    struct pf_new_file file = {0};

    if (is_directory(path))
        return refuse_to_write(err, EISDIR, path);
    if (path[0] && is_direct(path))
        return faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) == 0
               || refuse_to_write(err, errno, path);
    bool ok = pf_new_file_open(&file, path, err);
    pf_new_file_close(&file);
    return ok;
}

bool pf_file_write(const char *path, struct pf_bytes bytes, struct pf_err *err)
{
    struct pf_new_file file = {0};

    bool ok = pf_new_file_open(&file, path, err) && pf_file_write_fd(file.fd, bytes, path, err)
              && pf_new_file_commit(&file, err);

    pf_new_file_close(&file);
    return ok;
}

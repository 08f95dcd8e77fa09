/* SPDX-License-Identifier: MIT */
#include "profiler/symbol/locate.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "profiler/symbol/debuginfod.h"
#include "profiler/symbol/symfile.h"

/* "/usr/bin/server (deleted)" is "/usr/bin/server". */
static int path_size(const char *path)
{
    static const char deleted[] = " (deleted)";
    size_t size = strlen(path);

    if (size >= sizeof deleted && strcmp(path + size - (sizeof deleted - 1), deleted) == 0)
        size -= sizeof deleted - 1;
    return size > PATH_MAX ? PATH_MAX : (int)size;
}

/* Open path if it is the object of this build id ("": any). */
static bool open_if(struct pf_symfile *out, const char *path, const char *build_id,
                    struct pf_err *err)
{
    struct pf_symfile symfile = {0};

    if (!pf_symfile_open(&symfile, path, err))
        return false;
    bool ok = build_id[0] == '\0' || strcmp(symfile.build_id, build_id) == 0;
    if (ok)
        pf_symfile_move(out, &symfile);
    else
        (void)pf_err_set(err, PF_ERR_NOT_FOUND,
                         "%s: another build than the one that ran (build id differs)", path);
    pf_symfile_close(&symfile);
    return ok;
}

static bool is_executable_of(pid_t pid, const char *path)
{
    char link[64];
    char target[PATH_MAX];

    (void)snprintf(link, sizeof link, "/proc/%d/exe", (int)pid);
    ssize_t size = readlink(link, target, sizeof target - 1);
    if (size < 0)
        return false;
    target[size] = '\0';
    return path_size(target) == path_size(path)
           && strncmp(target, path, (size_t)path_size(path)) == 0;
}

/* Through the process: its mount namespace, its mapping, its executable. */
static bool open_by_process(struct pf_symfile *out, const struct pf_place *place,
                            struct pf_err *err)
{
    char path[PATH_MAX + 64];
    int pid = (int)place->pid;

    (void)snprintf(path, sizeof path, "/proc/%d/root%.*s", pid, path_size(place->path),
                   place->path);
    if (place->path[0] == '/' && open_if(out, path, place->build_id, err))
        return true;
    (void)snprintf(path, sizeof path, "/proc/%d/map_files/%" PRIx64 "-%" PRIx64, pid, place->start,
                   place->limit);
    if (place->limit && open_if(out, path, place->build_id, err))
        return true;
    (void)snprintf(path, sizeof path, "/proc/%d/exe", pid);
    return is_executable_of(place->pid, place->path) && open_if(out, path, place->build_id, err);
}

/* DEBUG_DIR/.build-id/ab/cdef + suffix, in the process's root or in ours. */
static bool open_by_build_id(struct pf_symfile *out, const struct pf_place *place,
                             const char *build_id, const char *suffix, struct pf_err *err)
{
    char path[PATH_MAX + 64];

    if (strlen(build_id) < 3)
        return pf_err_set(err, PF_ERR_NOT_FOUND, "%s: no build id", place->path);
    if (place->pid) {
        (void)snprintf(path, sizeof path, "/proc/%d/root%s/.build-id/%.2s/%s%s", (int)place->pid,
                       place->debug_dir, build_id, build_id + 2, suffix);
        if (open_if(out, path, build_id, err))
            return true;
    }
    (void)snprintf(path, sizeof path, "%s/.build-id/%.2s/%s%s", place->debug_dir, build_id,
                   build_id + 2, suffix);
    return open_if(out, path, build_id, err);
}

bool pf_locate_object(struct pf_symfile *out, const struct pf_place *place, struct pf_err *err)
{
    char path[PATH_MAX + 1];
    struct pf_err first = {.code = PF_ERR_NONE};

    if (place->pid && open_by_process(out, place, &first))
        return true;
    (void)snprintf(path, sizeof path, "%.*s", path_size(place->path), place->path);
    if (open_if(out, path, place->build_id, err)
        || open_by_build_id(out, place, place->build_id, "", &first))
        return true;
    return false;
}

/* A file .gnu_debuglink may mean: right if it has the object's build id, or the CRC named. */
static bool open_linked(struct pf_symfile *out, const char *path, const struct pf_symfile *object,
                        uint32_t crc, struct pf_err *err)
{
    uint32_t found = 0;

    if (object->build_id[0] && open_if(out, path, object->build_id, err))
        return true;
    if (access(path, R_OK) != 0 || !pf_symfile_crc(path, &found))
        return pf_err_set(err, PF_ERR_NOT_FOUND, "%s: no such file", path);
    if (found != crc)
        return pf_err_set(err, PF_ERR_FORMAT, "%s: not the debug file of this build (CRC differs)",
                          path);
    return open_if(out, path, "", err);
}

static bool open_by_link(struct pf_symfile *out, const struct pf_symfile *object,
                         const struct pf_place *place, struct pf_err *err)
{
    const char *name = NULL;
    uint32_t crc = 0;
    char root[32] = "";
    char path[2 * PATH_MAX + 64];

    if (!pf_symfile_debuglink(object, &name, &crc))
        return pf_err_set(err, PF_ERR_NOT_FOUND, "%s: no .gnu_debuglink", place->path);

    const char *slash = strrchr(place->path, '/');
    int dir = slash ? (int)(slash - place->path) : 0;
    for (unsigned pass = place->pid ? 0 : 1; pass < 2; pass++) {
        if (pass == 0)
            (void)snprintf(root, sizeof root, "/proc/%d/root", (int)place->pid);
        else
            root[0] = '\0';
        (void)snprintf(path, sizeof path, "%s%.*s/%s", root, dir, place->path, name);
        if (open_linked(out, path, object, crc, err))
            return true;
        (void)snprintf(path, sizeof path, "%s%.*s/.debug/%s", root, dir, place->path, name);
        if (open_linked(out, path, object, crc, err))
            return true;
        (void)snprintf(path, sizeof path, "%s%s%.*s/%s", root, place->debug_dir, dir, place->path,
                       name);
        if (open_linked(out, path, object, crc, err))
            return true;
    }
    return false;
}

bool pf_locate_debug(struct pf_symfile *out, const struct pf_symfile *object,
                     const struct pf_place *place, struct pf_err *err)
{
    const char *build_id = object && object->build_id[0] ? object->build_id : place->build_id;
    char path[PATH_MAX];

    if (open_by_build_id(out, place, build_id, ".debug", err)
        || (object && open_by_link(out, object, place, err)))
        return true;
    if (!place->ask_debuginfod || !*place->ask_debuginfod)
        return false;
    if (pf_debuginfod_find(path, sizeof path, build_id, err))
        return open_if(out, path, build_id, err);
    /* "Not there" is an answer. A server that gives none is not waited for again. */
    *place->ask_debuginfod = err->code == PF_ERR_NOT_FOUND;
    return false;
}

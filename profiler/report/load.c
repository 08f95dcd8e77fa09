/*
 * Any profile Assay reads, recognised by what it holds.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "profiler/base/file.h"
#include "profiler/base/gzip.h"
#include "profiler/profile/profile.h"
#include "profiler/report/readers_priv.h"
#include "profiler/report/report.h"

static const size_t load_max_bytes = (size_t)4 << 30;

/* Deflate can make a thousand bytes of one, profiles do not: beyond a hundred and twenty-eight it
 * is no profile, and not worth the memory. Small files may be as repetitive as they like. */
enum { LOAD_RATIO_MAX = 128, LOAD_ALWAYS_BYTES = 64 << 20 };

struct reader {
    const char *name;
    bool (*looks_like)(struct pf_bytes bytes);
    bool (*read)(struct pf_profile *out, struct pf_bytes bytes, struct pf_err *err);
};

/* In this order: the surest signs first, folded last (nearly any text with numbers could be it). */
static const struct reader readers[] = {
    {"gperftools", pf_gperf_looks_like, pf_gperf_read},
    {"pprof", pf_pprof_looks_like, pf_pprof_read},
    {"callgrind", pf_callgrind_looks_like, pf_callgrind_read},
    {"perf script", pf_perf_script_looks_like, pf_perf_script_read},
    {"folded stacks", pf_folded_looks_like, pf_folded_read},
};

/* Files people hand us that are not profiles, and what to do with them. */
struct stranger {
    const char *magic;
    const char *what;
};

static const struct stranger strangers[] = {
    {"PERFILE2", "a perf.data file: give the output of 'perf script -i FILE'"},
    {"\x7f"
     "ELF",
     "an ELF binary, not a profile: give the profile alone"},
    {"<?xml", "XML: give the profile it was made from"},
    {"<svg", "an SVG picture: give the profile it was made from"},
    {"<!DOCTYPE", "an HTML page: give the profile it was made from"},
    {"{", "JSON, which is not a profile Assay reads"},
    {"PK\x03\x04", "a zip archive: unpack it first"},
    {"\x28\xb5\x2f\xfd", "packed by zstd: unpack it first"},
    {"BZh", "packed by bzip2: unpack it first"},
    {"\xfd"
     "7zXZ",
     "packed by xz: unpack it first"},
};

static const char *stranger_name(struct pf_bytes bytes)
{
    for (size_t i = 0; i < sizeof strangers / sizeof strangers[0]; i++) {
        size_t size = strlen(strangers[i].magic);
        if (bytes.size >= size && memcmp(bytes.at, strangers[i].magic, size) == 0)
            return strangers[i].what;
    }
    return "not a profile Assay reads (pprof, gperftools, folded stacks, perf script, callgrind)";
}

static bool read_plain(struct pf_profile *out, struct pf_bytes bytes, struct pf_err *err)
{
    struct pf_profile profile = {0};

    for (size_t i = 0; i < sizeof readers / sizeof readers[0]; i++) {
        if (!readers[i].looks_like(bytes))
            continue;
        pf_profile_init(&profile);
        bool ok = readers[i].read(&profile, bytes, err);
        if (ok)
            pf_profile_move(out, &profile);
        pf_profile_fini(&profile);
        return ok;
    }
    if (bytes.size == 0)
        return pf_err_set(err, PF_ERR_FORMAT, "empty: there is no profile in it");
    return pf_err_set(err, PF_ERR_FORMAT, "%s", stranger_name(bytes));
}

static size_t most_unpacked(size_t packed)
{
    size_t most = LOAD_ALWAYS_BYTES + packed * LOAD_RATIO_MAX;

    return packed < load_max_bytes / LOAD_RATIO_MAX && most < load_max_bytes ? most
                                                                             : load_max_bytes;
}

static bool read_packed(struct pf_profile *out, struct pf_bytes bytes, struct pf_err *err)
{
    struct pf_buf plain = {0};

    bool ok = pf_gunzip(&plain, bytes, most_unpacked(bytes.size), err)
              && read_plain(out, pf_buf_view(&plain), err);

    pf_buf_fini(&plain);
    return ok;
}

bool pf_load_bytes(struct pf_profile *out, struct pf_bytes bytes, const char *name,
                   struct pf_err *err)
{
    bool ok = pf_gzip_is(bytes) ? read_packed(out, bytes, err) : read_plain(out, bytes, err);

    return ok || pf_err_prepend(err, "%s", name);
}

/* A pipe has no size: it is read to its end. */
static bool load_pipe(struct pf_profile *out, int fd, const char *name, struct pf_err *err)
{
    struct pf_buf bytes = {0};

    bool ok = pf_file_read_fd(&bytes, fd, load_max_bytes, err);
    if (!ok)
        (void)pf_err_prepend(err, "%s", name);
    ok = ok && pf_load_bytes(out, pf_buf_view(&bytes), name, err);

    pf_buf_fini(&bytes);
    return ok;
}

/* As in <(perf script) of a shell. */
static bool is_pipe(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISFIFO(st.st_mode);
}

static bool load_named_pipe(struct pf_profile *out, const char *path, struct pf_err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return pf_err_sys(err, errno, "%s", path);

    bool ok = load_pipe(out, fd, path, err);
    (void)close(fd);
    return ok;
}

bool pf_report_load(struct pf_profile *out, const char *path, struct pf_err *err)
{
    struct pf_file file = {0};

    if (strcmp(path, "-") == 0)
        return load_pipe(out, STDIN_FILENO, "standard input", err);
    if (is_pipe(path))
        return load_named_pipe(out, path, err);
    bool ok = pf_file_open(&file, path, err) && pf_load_bytes(out, pf_file_view(&file), path, err);

    pf_file_close(&file);
    return ok;
}

/* SPDX-License-Identifier: MIT */
#include "tests/support/command.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "profiler/base/clock.h"
#include "profiler/base/file.h"

enum { COMMAND_SECONDS = 120, COMMAND_OUTPUT_MAX = 256 << 20 };

static void die(const char *what)
{
    (void)fprintf(stderr, "test support: %s\n", what);
    abort();
}

static struct pf_child start(const char *line, int out, int errors)
{
    char path[4096];
    char *argv[] = {"sh", "-c", (char *)(uintptr_t)line, NULL};
    struct pf_child child = {0};
    struct pf_err err = {0};

    (void)snprintf(path, sizeof path, "PATH=" ASSAY_BINARY_DIR "/bin:%s:/usr/sbin:/sbin",
                   getenv("PATH") ? getenv("PATH") : "/usr/bin:/bin");
    struct pf_spawn spec = {
        .argv = argv,
        .stdout_fd = out,
        .stderr_fd = errors,
        .env = {path, "ASSAY_BIN=" ASSAY_BINARY_DIR "/bin/assay",
                "FIXTURES=" ASSAY_BINARY_DIR "/fixtures", "SRC=" ASSAY_SOURCE_DIR, "LC_ALL=C.UTF-8",
                "BXFI_MAP"},
    };
    if (!pf_child_start(&child, &spec, &err))
        die(err.text);
    return child;
}

static void collect(struct pf_buf *buf, int fd)
{
    struct pf_err err = {0};

    (void)lseek(fd, 0, SEEK_SET);
    if (!pf_file_read_fd(buf, fd, COMMAND_OUTPUT_MAX, &err))
        die(err.text);
    (void)close(fd);
}

struct ts_result ts_run(const char *fmt, ...)
{
    struct ts_result result = {0};
    char *line = NULL;
    va_list args;

    va_start(args, fmt);
    if (vasprintf(&line, fmt, args) < 0)
        die("vasprintf");
    va_end(args);

    /* Files, not pipes: output of any size never blocks the command. */
    int out = memfd_create("stdout", MFD_CLOEXEC);
    int errors = memfd_create("stderr", MFD_CLOEXEC);
    struct pf_child child = start(line, out, errors);
    bool ended = pf_child_wait(&child, pf_clock_now_ns() + COMMAND_SECONDS * 1000000000ull);
    result.status = ended ? pf_child_exit_status(&child) : -1;
    pf_child_stop(&child, 0);
    collect(&result.out, out);
    collect(&result.err, errors);
    free(line);
    return result;
}

void ts_result_fini(struct ts_result *result)
{
    pf_buf_fini(&result->out);
    pf_buf_fini(&result->err);
}

const char *ts_out(struct ts_result *result)
{
    return pf_buf_cstr(&result->out);
}

const char *ts_err(struct ts_result *result)
{
    return pf_buf_cstr(&result->err);
}

struct pf_child ts_start(const char *fmt, ...)
{
    char *line = NULL;
    va_list args;

    va_start(args, fmt);
    if (vasprintf(&line, fmt, args) < 0)
        die("vasprintf");
    va_end(args);

    int log = open("/dev/null", O_WRONLY | O_CLOEXEC);
    struct pf_child child = start(line, log, log);
    (void)close(log);
    free(line);
    return child;
}

void ts_stop(struct pf_child *child)
{
    pf_child_stop(child, 5000);
}

/* Whether everybody may go through each directory of path; a clone in root's home is shut away. */
static bool is_open_to_all(const char *path)
{
    char part[4096];
    struct stat info;

    for (size_t end = 1; path[end - 1]; end++) {
        if (path[end] != '/' && path[end])
            continue;
        (void)snprintf(part, sizeof part, "%.*s", (int)end, path);
        if (stat(part, &info) != 0 || !(info.st_mode & S_IXOTH))
            return false;
    }
    return true;
}

/*
 * Where the tree lies behind a shut directory, nobody is given the one capability to pass through
 * it; over processes, files to write and perf events it has no say. The signal that ends a child
 * with its test is kept: a change of user takes it away.
 */
const char *ts_as_user(void)
{
    static char prefix[256];

    if (geteuid() != 0)
        return "";
    (void)snprintf(prefix, sizeof prefix,
                   "setpriv --pdeathsig keep --reuid=65534 --regid=65534 --clear-groups %s "
                   "env HOME=/nonexistent",
                   is_open_to_all(ASSAY_BINARY_DIR) && is_open_to_all(ASSAY_SOURCE_DIR)
                       ? ""
                       : "--inh-caps=-all,+dac_read_search --ambient-caps=-all,+dac_read_search");
    return prefix;
}

static char temp_dir[64];
static pid_t temp_owner;

static void remove_temp_dir(void)
{
    char command[96];

    if (getpid() != temp_owner)
        return;
    (void)snprintf(command, sizeof command, "rm -rf %s", temp_dir);
    (void)!system(command);
}

const char *ts_temp_dir(void)
{
    if (temp_owner == getpid())
        return temp_dir;
    (void)snprintf(temp_dir, sizeof temp_dir, "/tmp/assay-test-XXXXXX");
    if (!mkdtemp(temp_dir))
        die("mkdtemp");
    (void)chmod(temp_dir, 0777);
    temp_owner = getpid();
    (void)atexit(remove_temp_dir);
    return temp_dir;
}

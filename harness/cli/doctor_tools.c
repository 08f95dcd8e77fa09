/*
 * What others provide: names for addresses, Criterion, Valgrind, gperftools, a browser.
 *
 * SPDX-License-Identifier: MIT
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <gnu/lib-names.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/cli/doctor.h"
#include "profiler/base/clock.h"
#include "profiler/base/file.h"
#include "profiler/base/spawn.h"
#include "profiler/elf/elf_file.h"
#include "profiler/elf/elf_identity.h"
#include "profiler/symbol/debuginfod.h"

enum { TOOL_SECONDS = 20, ANSWER_MAX = 4096 };

/* The first line that "program --version" prints. */
static bool ask_version(const char *program, char *line, size_t size)
{
    char *argv[] = {(char *)(uintptr_t)program, (char *)(uintptr_t) "--version", NULL};
    struct pf_child child = {0};
    struct pf_buf answer = {0};
    struct pf_err err = {0};
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0)
        return false;
    struct pf_spawn spec = {.argv = argv, .stdout_fd = ends[1], .stderr_fd = ends[1]};
    bool ok = pf_child_start(&child, &spec, &err);
    (void)close(ends[1]);
    if (ok) {
        ok = pf_child_wait(&child, pf_clock_now_ns() + TOOL_SECONDS * 1000000000ull)
             && pf_child_exit_status(&child) == 0
             && pf_file_read_fd(&answer, ends[0], ANSWER_MAX, &err);
        pf_child_stop(&child, 0);
    }
    (void)close(ends[0]);
    const char *text = pf_buf_cstr(&answer);
    (void)snprintf(line, size, "%.*s", (int)strcspn(text, "\n"), text);
    pf_buf_fini(&answer);
    return ok && line[0];
}

/* Load it where it can do no harm: constructors of such libraries start timers and open files. */
static bool can_load(const char *library)
{
    pid_t child = fork();
    int status = -1;

    if (child == 0) {
        (void)alarm(TOOL_SECONDS);
        (void)unsetenv("CPUPROFILE");
        _exit(dlopen(library, RTLD_NOW) ? 0 : 1);
    }
    return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

static int find_libc(struct dl_phdr_info *info, size_t size, void *path)
{
    (void)size;
    if (!strstr(info->dlpi_name, "/" LIBC_SO))
        return 0;
    (void)snprintf(path, 256, "%s", info->dlpi_name);
    return 1;
}

static bool has_debug_file(const struct pf_elf *elf)
{
    char id[PF_BUILD_ID_TEXT];
    char path[256];

    pf_build_id_text(pf_elf_build_id(elf), id);
    if (id[0] == '\0')
        return false;
    (void)snprintf(path, sizeof path, "/usr/lib/debug/.build-id/%.2s/%.200s.debug", id, id + 2);
    return access(path, R_OK) == 0;
}

void hn_check_symbols(struct hn_finding *out)
{
    struct pf_elf_section section;
    struct pf_elf elf = {0};
    struct pf_err err = {0};
    char path[256] = "";

    (void)dl_iterate_phdr(find_libc, path);
    if (!pf_elf_open(&elf, path[0] ? path : LIBC_SO, &err)) {
        hn_finding_limited(out, "", "the system's libc cannot be read: %.250s", err.text);
        return;
    }
    if (pf_elf_section_find(&elf, ".debug_info", &section) || has_debug_file(&elf))
        hn_finding_works(out, "debug files of the system's libraries are installed (seen: libc)");
    else if (pf_debuginfod_is_set())
        hn_finding_works(out, "libc has no debug file here; debuginfod is asked for it");
    else
        hn_finding_limited(out, "apt-get install libc6-dbg, or set DEBUGINFOD_URLS",
                           "libc has no debug file: its functions have names, no lines or inlines");
    pf_elf_close(&elf);
}

void hn_check_debuginfod(struct hn_finding *out)
{
    bool is_set = pf_debuginfod_is_set();
    bool is_there = can_load("libdebuginfod.so.1");

    if (is_set && is_there)
        hn_finding_works(out, "servers: %.250s", getenv("DEBUGINFOD_URLS"));
    else if (is_set)
        hn_finding_limited(out, "apt-get install libdebuginfod1",
                           "DEBUGINFOD_URLS is set, its library is not installed");
    else
        hn_finding_limited(
            out, "export DEBUGINFOD_URLS=https://debuginfod.debian.net to have lines in libraries",
            "DEBUGINFOD_URLS is not set: only debug files on this machine are used");
}

void hn_check_criterion(struct hn_finding *out)
{
    if (can_load("libcriterion.so.3"))
        hn_finding_works(out, "libcriterion.so.3");
    else
        hn_finding_missing(out, "apt-get install libcriterion-dev",
                           "libcriterion.so.3 cannot be loaded");
}

void hn_check_valgrind(struct hn_finding *out)
{
    char path[512];
    char version[128];

    if (!hn_doctor_find_program("valgrind", path, sizeof path))
        hn_finding_limited(out, "apt-get install valgrind", "valgrind is not in PATH");
    else if (!ask_version(path, version, sizeof version))
        hn_finding_limited(out, "apt-get install --reinstall valgrind", "%.200s does not run",
                           path);
    else
        hn_finding_works(out, "%.100s (%.150s)", version, path);
}

void hn_check_gperftools(struct hn_finding *out)
{
    if (can_load("libprofiler.so.0"))
        hn_finding_works(out, "libprofiler.so.0");
    else
        hn_finding_limited(out, "apt-get install libgoogle-perftools4",
                           "libprofiler.so.0 cannot be loaded; only --engine gperftools needs it");
}

void hn_check_browser(struct hn_finding *out)
{
    char path[512];

    if (hn_doctor_find_program("chromium", path, sizeof path))
        hn_finding_works(out, "%.300s", path);
    else
        hn_finding_limited(out, "apt-get install chromium",
                           "chromium is not in PATH; only Assay's own browser tests need it");
}

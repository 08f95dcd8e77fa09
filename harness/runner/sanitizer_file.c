/* SPDX-License-Identifier: MIT */
#include "harness/runner/sanitizer_file.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/buf.h"
#include "profiler/base/err.h"
#include "profiler/base/file.h"

enum { REPORT_MAX = 256 * 1024 };

/* The options are parted by colons or blanks; a value may stand in quotes. */
static bool find_prefix(char out[PATH_MAX], const char *options)
{
    static const char key[] = "log_path=";
    const char *at = options ? strstr(options, key) : NULL;

    if (!at)
        return false;
    at += sizeof key - 1;
    bool is_quoted = *at == '"' || *at == '\'';
    char quote[2] = {is_quoted ? *at : '\0', '\0'};
    at += is_quoted;
    size_t size = strcspn(at, is_quoted ? quote : ": \t\n,");
    if (size == 0 || size >= PATH_MAX)
        return false;
    memcpy(out, at, size);
    out[size] = '\0';
    return true;
}

static const char *read_report(const char *path, struct pf_arena *arena)
{
    struct pf_buf text = {0};
    struct pf_err err = {0};
    const char *report = NULL;

    if (pf_file_read(&text, path, REPORT_MAX, &err) && text.size)
        report = pf_arena_text(arena, pf_buf_cstr(&text), text.size);
    pf_buf_fini(&text);
    return report;
}

const char *hn_sanitizer_file(pid_t pid, const char *dir, struct pf_arena *arena)
{
    static const char *const names[] = {"ASAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS",
                                        "LSAN_OPTIONS", "MSAN_OPTIONS"};
    char prefix[PATH_MAX], path[2 * PATH_MAX + 32];
    const char *report = NULL;

    for (size_t i = 0; !report && i < sizeof names / sizeof names[0]; i++) {
        if (!find_prefix(prefix, getenv(names[i])))
            continue;
        bool is_absolute = prefix[0] == '/' || !dir;
        (void)snprintf(path, sizeof path, "%s%s%s.%d", is_absolute ? "" : dir,
                       is_absolute ? "" : "/", prefix, (int)pid);
        report = read_report(path, arena);
    }
    return report;
}

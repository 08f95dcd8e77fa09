/* SPDX-License-Identifier: MIT */
#include "harness/runner/tool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/preload/wire.h"
#include "harness/runner/plan.h"
#include "profiler/base/file.h"

enum { REPORT_MAX = 256 * 1024 };

const char *const hn_tool_names[] = {"memcheck",  "helgrind",    "drd",
                                     "callgrind", "asan-build",  "tsan-build",
                                     "leaks",     "cpu-profile", NULL};

static bool is_in_path(const char *program)
{
    char path[4096];
    const char *places = getenv("PATH");

    places = places ? places : "/usr/bin:/bin";
    while (*places) {
        size_t size = strcspn(places, ":");
        (void)snprintf(path, sizeof path, "%.*s/%s", (int)size, places, program);
        if (access(path, X_OK) == 0)
            return true;
        places += size + (places[size] == ':');
    }
    return false;
}

static bool is_memcheck(const struct hn_tool *tool)
{
    return strcmp(tool->name, "memcheck") == 0;
}

/* What libcriterion itself allocates and forgets (array comparisons of its new interface do) is no
 * leak of the test. What a test asks of cr_malloc() comes from our library, and still counts. */
static const char criterions_own[] = "{\n   criterion\n   Memcheck:Leak\n   match-leak-kinds: all\n"
                                     "   fun:*alloc\n   obj:*/libcriterion.so*\n}\n"
                                     "{\n   criterion-text\n   Memcheck:Leak\n"
                                     "   match-leak-kinds: all\n   fun:malloc\n   fun:str*dup\n"
                                     "   obj:*/libcriterion.so*\n}\n";

static bool write_suppressions(const struct hn_tool *tool, struct pf_err *err)
{
    char path[320];
    struct pf_bytes text = {(const uint8_t *)criterions_own, sizeof criterions_own - 1};

    (void)snprintf(path, sizeof path, "%s/criterion.supp", tool->log_dir);
    return pf_file_write(path, text, err);
}

/* Forked processes write a log each: %p is expanded again in the child. */
static void fill_valgrind(struct hn_tool *tool, struct pf_arena *arena)
{
    const char *words[] = {
        "valgrind",
        hn_text(arena, "--tool=%s", tool->name),
        hn_text(arena, "--log-file=%s/log.%%p", tool->log_dir),
        "--child-silent-after-fork=no",
        "--error-exitcode=0",
        "--num-callers=30",
        tool->counts_instructions
            ? hn_text(arena, "--callgrind-out-file=%s/callgrind.%%p", tool->log_dir)
            : "--error-limit=no",
        is_memcheck(tool) ? "--leak-check=full" : NULL, /* the rest is for memcheck alone */
        "--show-leak-kinds=definite,indirect",
        hn_text(arena, "--suppressions=%s/criterion.supp", tool->log_dir),
    };

    memcpy(tool->words, words, sizeof words);
    tool->is_valgrind = true;
}

bool hn_tool_open(struct hn_tool *out, const char *name, const char *log_dir,
                  struct pf_arena *arena, struct pf_err *err)
{
    struct hn_tool tool = {.name = name, .time_factor = 1};

    (void)snprintf(tool.log_dir, sizeof tool.log_dir, "%s", log_dir);
    tool.wants_asan = strcmp(name, "asan-build") == 0;
    tool.wants_tsan = strcmp(name, "tsan-build") == 0;
    tool.counts_instructions = strcmp(name, "callgrind") == 0;
    if (tool.wants_asan || tool.wants_tsan) {
        tool.time_factor = tool.wants_tsan ? 10 : 3;
    } else {
        if (!is_in_path("valgrind"))
            return pf_err_set(err, PF_ERR_UNSUPPORTED,
                              "valgrind is not installed: apt install valgrind");
        if (is_memcheck(&tool) && !write_suppressions(&tool, err))
            return false;
        tool.time_factor = 30;
        fill_valgrind(&tool, arena);
    }
    *out = tool;
    return true;
}

/* What is in every log and about no finding. */
static bool is_banner(const char *text, size_t size)
{
    static const char *const banners[] = {
        "Memcheck, ",           "Helgrind, ",      "drd, ",
        "Copyright (C)",        "Using Valgrind",  "Command: ",
        "Parent PID",           "ERROR SUMMARY",   "WARNING: exiting",
        "WARNING: possibly as", "WARNING: of the", "For lists of",
        "For counts of",
    };

    for (size_t i = 0; i < sizeof banners / sizeof banners[0]; i++)
        if (size >= strlen(banners[i]) && memcmp(text, banners[i], strlen(banners[i])) == 0)
            return true;
    return size == 0;
}

/* What was printed since the test began; all, if it says nothing of that. */
static const char *begin_of_test(struct pf_bytes log)
{
    const char *mark =
        memmem(log.at, log.size, HN_WIRE_VALGRIND_MARK, strlen(HN_WIRE_VALGRIND_MARK));

    return mark ? mark + strlen(HN_WIRE_VALGRIND_MARK) : log.at;
}

/* A frame of the runner's, below which all others are, too. */
static bool is_our_frame(const char *text, size_t size)
{
    static const char *const ours[] = {": hn_", ": criterion_internal_test_main"};

    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
        if (memmem(text, size, ours[i], strlen(ours[i])))
            return true;
    return false;
}

static bool is_inner_frame(const char *text, size_t size)
{
    return size > 6 && memcmp(text, "   by ", 6) == 0;
}

/* "==123== text": without the prefix and banners, up to what is printed again at exit. */
static const char *clean_log(struct pf_bytes log, struct pf_arena *arena)
{
    struct pf_buf out = {.max = REPORT_MAX};
    const char *end = (const char *)log.at + log.size, *at = begin_of_test(log);
    bool is_below = false;

    while (at < end) {
        const char *line_end = memchr(at, '\n', (size_t)(end - at));
        size_t size = (size_t)((line_end ? line_end : end) - at);
        const char *text = memmem(at, size, "== ", 3);
        size_t text_size = text ? size - (size_t)(text + 3 - at) : 0;
        if (text && text_size >= 12
            && (memcmp(text + 3, "HEAP SUMMARY", 12) == 0
                || memcmp(text + 3, "LEAK SUMMARY", 12) == 0))
            break;
        is_below = text && is_inner_frame(text + 3, text_size)
                   && (is_below || is_our_frame(text + 3, text_size));
        if (text && !is_below && !is_banner(text + 3, text_size))
            pf_buf_printf(&out, "%.*s\n", (int)text_size, text + 3);
        at += size + 1;
    }
    const char *copy = out.size ? pf_arena_text(arena, (const char *)out.at, out.size) : NULL;
    pf_buf_fini(&out);
    return copy;
}

const char *hn_tool_report(const struct hn_tool *tool, pid_t pid, struct pf_arena *arena)
{
    char path[320];
    struct pf_buf log = {0};
    struct pf_err err = {0};
    const char *text = NULL;

    if (!tool->is_valgrind || tool->counts_instructions)
        return NULL;
    (void)snprintf(path, sizeof path, "%s/log.%d", tool->log_dir, (int)pid);
    if (pf_file_read(&log, path, REPORT_MAX, &err))
        text = clean_log(pf_buf_view(&log), arena);
    (void)unlink(path);
    pf_buf_fini(&log);
    return text;
}

uint64_t hn_tool_instructions(const struct hn_tool *tool, pid_t pid, unsigned dump)
{
    char path[320];
    struct pf_buf file = {0};
    struct pf_err err = {0};
    uint64_t total = 0;

    if (dump)
        (void)snprintf(path, sizeof path, "%s/callgrind.%d.%u", tool->log_dir, (int)pid, dump);
    else
        (void)snprintf(path, sizeof path, "%s/callgrind.%d", tool->log_dir, (int)pid);
    if (pf_file_read(&file, path, 64u << 20, &err)) {
        const char *line = strstr(pf_buf_cstr(&file), "\nsummary: ");
        line = line ? line : strstr(pf_buf_cstr(&file), "\ntotals: ");
        total = line ? strtoull(strchr(line, ' '), NULL, 10) : 0;
    }
    (void)unlink(path);
    pf_buf_fini(&file);
    return total;
}

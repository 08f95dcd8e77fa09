/* SPDX-License-Identifier: MIT */
#include "harness/runner/history.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "profiler/base/file.h"
#include "profiler/base/hash.h"

#define HEADER "assay-history 1\n"

enum { FILE_MAX = 64 << 20, LINE_SIZE = 8192 };

struct index {
    struct hn_plan *plan;
    struct pf_hash tests;
};

static bool same_id(const void *owner, uint32_t id, const void *sought)
{
    return strcmp(((const struct hn_plan *)owner)->tests[id].id, sought) == 0;
}

static uint64_t hash_text(const char *text)
{
    return pf_hash_bytes(text, strlen(text));
}

static bool apply_test(struct index *index, char *line)
{
    char *end = NULL;
    char *status = line + 2;
    char *seconds_text = strchr(status, ' ');
    if (!seconds_text)
        return false;
    *seconds_text++ = '\0';
    double seconds = strtod(seconds_text, &end);
    if (end == seconds_text || *end != ' ' || !isfinite(seconds) || seconds < 0)
        return false;
    uint32_t found = pf_hash_find(&index->tests, hash_text(end + 1), same_id, index->plan, end + 1);
    if (found == PF_HASH_NONE)
        return true;
    index->plan->tests[found].last_duration_s = seconds;
    for (unsigned i = 0; i < HN_STATUS_COUNT; i++)
        if (strcmp(status, hn_status_name((enum hn_status)i)) == 0)
            index->plan->tests[found].last_failed = hn_status_is_red((enum hn_status)i);
    return true;
}

static bool apply_binary(struct index *index, const char *line)
{
    char *end = NULL;
    uint64_t stamp = strtoull(line + 2, &end, 16);

    if (end == line + 2 || *end != ' ')
        return false;
    for (uint32_t i = 0; i < index->plan->binary_count; i++)
        if (strcmp(index->plan->binaries[i].path, end + 1) == 0)
            index->plan->binaries[i].changed = index->plan->binaries[i].stamp != stamp;
    return true;
}

static bool apply_line(struct index *index, char *line)
{
    if (strncmp(line, "t ", 2) == 0)
        return apply_test(index, line);
    if (strncmp(line, "b ", 2) == 0)
        return apply_binary(index, line);
    return false;
}

/* The next line of text, copied; false at the end. A line too long is an unreadable one. */
static bool next_line(struct pf_bytes *text, char line[LINE_SIZE])
{
    const char *at = text->at;

    if (text->size == 0)
        return false;
    const char *end = memchr(at, '\n', text->size);
    size_t size = end ? (size_t)(end - at) : text->size;
    size_t kept = size < LINE_SIZE ? size : 0;
    memcpy(line, at, kept);
    line[kept] = '\0';
    size += end ? 1 : 0;
    text->at = at + size;
    text->size -= size;
    return true;
}

unsigned hn_history_apply(struct hn_plan *plan, struct pf_bytes text)
{
    struct index index = {.plan = plan};
    char line[LINE_SIZE];
    unsigned bad = 0;

    for (uint32_t i = 0; i < plan->binary_count; i++)
        plan->binaries[i].changed = true;
    if (text.size < strlen(HEADER) || memcmp(text.at, HEADER, strlen(HEADER)) != 0)
        return text.size ? 1 : 0;
    text.at = (const char *)text.at + strlen(HEADER);
    text.size -= strlen(HEADER);
    for (uint32_t i = 0; i < plan->test_count; i++)
        pf_hash_add(&index.tests, hash_text(plan->tests[i].id), i);
    while (next_line(&text, line))
        bad += !apply_line(&index, line);
    pf_hash_fini(&index.tests);
    return bad;
}

unsigned hn_history_load(struct hn_plan *plan, const char *path)
{
    struct pf_file file = {0};
    struct pf_err err = {0};

    if (!pf_file_open(&file, path, &err))
        return hn_history_apply(plan, (struct pf_bytes){0});
    unsigned bad = file.size <= FILE_MAX ? hn_history_apply(plan, pf_file_view(&file)) : 1;
    pf_file_close(&file);
    return bad;
}

static void put_test(struct pf_buf *out, const struct hn_test *test)
{
    const struct hn_attempt *last = hn_test_last(test);

    if (strchr(test->id, '\n'))
        return;
    if (last && test->status != HN_NOT_RUN)
        pf_buf_printf(out, "t %s %.6f %s\n", hn_status_name(test->status), last->duration_s,
                      test->id);
    else if (test->last_duration_s >= 0)
        pf_buf_printf(out, "t %s %.6f %s\n", test->last_failed ? "fail" : "pass",
                      test->last_duration_s, test->id);
}

/* Entries of binaries that are not part of this plan stay as they were. */
static void keep_strangers(struct pf_buf *out, const struct hn_plan *plan, struct pf_bytes old)
{
    char line[LINE_SIZE];

    if (old.size < strlen(HEADER) || memcmp(old.at, HEADER, strlen(HEADER)) != 0)
        return;
    while (next_line(&old, line)) {
        const char *at = strchr(line, ' ');
        at = at ? strchr(at + 1, ' ') : NULL;
        at = at && line[0] == 't' ? strchr(at + 1, ' ') : at;
        bool ours = !at || (line[0] != 't' && line[0] != 'b');
        for (uint32_t i = 0; !ours && i < plan->binary_count; i++) {
            const struct hn_binary *binary = &plan->binaries[i];
            size_t size = strlen(binary->name);
            ours = line[0] == 'b' ? strcmp(at + 1, binary->path) == 0
                                  : strncmp(at + 1, binary->name, size) == 0 && at[1 + size] == '/';
        }
        if (!ours)
            pf_buf_printf(out, "%s\n", line);
    }
}

static void make_directory(const char *path)
{
    char directory[4096];
    const char *slash = strrchr(path, '/');

    if (!slash || slash == path || (size_t)(slash - path) >= sizeof directory)
        return;
    memcpy(directory, path, (size_t)(slash - path));
    directory[slash - path] = '\0';
    (void)mkdir(directory, 0777);
}

bool hn_history_save(const struct hn_plan *plan, const char *path, struct pf_err *err)
{
    struct pf_buf out = {.max = FILE_MAX};
    struct pf_file old = {0};
    struct pf_err ignored = {0};

    pf_buf_put_str(&out, HEADER);
    for (uint32_t i = 0; i < plan->binary_count; i++)
        pf_buf_printf(&out, "b %llx %s\n", (unsigned long long)plan->binaries[i].stamp,
                      plan->binaries[i].path);
    for (uint32_t i = 0; i < plan->test_count; i++)
        put_test(&out, &plan->tests[i]);
    if (pf_file_open(&old, path, &ignored))
        keep_strangers(&out, plan, pf_file_view(&old));
    pf_file_close(&old);
    make_directory(path);
    bool ok = pf_file_write(path, pf_buf_view(&out), err);
    pf_buf_fini(&out);
    return ok;
}

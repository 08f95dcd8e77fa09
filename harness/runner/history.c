/* SPDX-License-Identifier: MIT */
#include "harness/runner/history.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "profiler/base/file.h"
#include "profiler/base/hash.h"

#define HEADER "assay-history 2\n"

enum { FILE_MAX = 64 << 20, LINE_SIZE = 8192 };

struct index {
    struct hn_plan *plan;
    struct pf_hash tests;
    bool is_balance; /* wanted are the durations shards are balanced by */
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
    char *stamp_text = end + 1;
    uint64_t stamp = strtoull(stamp_text, &end, 16);
    if (end == stamp_text || *end != ' ')
        return false;
    uint32_t found = pf_hash_find(&index->tests, hash_text(end + 1), same_id, index->plan, end + 1);
    if (found == PF_HASH_NONE)
        return true;
    struct hn_test *test = &index->plan->tests[found];
    if (index->is_balance) {
        test->balance_s = seconds;
        return true;
    }
    test->last_duration_s = seconds;
    test->last_stamp = stamp;
    for (unsigned i = 0; i < HN_STATUS_COUNT; i++)
        if (strcmp(status, hn_status_name((enum hn_status)i)) == 0)
            test->last_failed = hn_status_is_red((enum hn_status)i);
    return true;
}

static bool apply_line(struct index *index, char *line)
{
    if (strncmp(line, "t ", 2) == 0)
        return apply_test(index, line);
    return strncmp(line, HEADER, strlen(HEADER) - 1) == 0; /* of a file put behind another */
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

static bool is_history(struct pf_bytes text)
{
    return text.size >= strlen(HEADER) && memcmp(text.at, HEADER, strlen(HEADER)) == 0;
}

static unsigned apply(struct hn_plan *plan, struct pf_bytes text, bool is_balance)
{
    struct index index = {.plan = plan, .is_balance = is_balance};
    char line[LINE_SIZE];
    unsigned bad = 0;

    if (!is_history(text))
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

unsigned hn_history_apply(struct hn_plan *plan, struct pf_bytes text)
{
    return apply(plan, text, false);
}

bool hn_history_balance(struct hn_plan *plan, const char *path, struct pf_err *err)
{
    struct pf_file file = {0};

    for (uint32_t i = 0; i < plan->test_count; i++)
        plan->tests[i].balance_s = -1;
    if (!pf_file_open(&file, path, err))
        return pf_err_prepend(err, "--balance");
    bool ok = file.size <= FILE_MAX && is_history(pf_file_view(&file));
    unsigned bad = ok ? apply(plan, pf_file_view(&file), true) : 0;
    pf_file_close(&file);
    if (!ok)
        return pf_err_set(err, PF_ERR_FORMAT, "--balance %s: no history: --history writes one",
                          path);
    return !bad || pf_err_set(err, PF_ERR_FORMAT, "--balance %s: %u unreadable lines", path, bad);
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

/* A test that did not run keeps what was known, its old binary too: it still has to run in the new
 * one. */
static void put_test(struct pf_buf *out, const struct hn_plan *plan, const struct hn_test *test)
{
    const struct hn_attempt *last = hn_test_last(test);

    if (strchr(test->id, '\n'))
        return;
    if (last && test->status != HN_NOT_RUN)
        pf_buf_printf(out, "t %s %.6f %llx %s\n", hn_status_name(test->status), last->duration_s,
                      (unsigned long long)plan->binaries[test->binary].stamp, test->id);
    else if (test->last_duration_s >= 0)
        pf_buf_printf(out, "t %s %.6f %llx %s\n", test->last_failed ? "fail" : "pass",
                      test->last_duration_s, (unsigned long long)test->last_stamp, test->id);
}

/* The ID of a line of the file; NULL where it is none. */
static const char *id_of(const char *line)
{
    const char *at = strncmp(line, "t ", 2) == 0 ? line + 1 : NULL;

    for (int i = 0; i < 3 && at; i++)
        at = strchr(at + 1, ' ');
    return at ? at + 1 : NULL;
}

/* Entries of binaries that are not part of this plan stay as they were. */
static void keep_strangers(struct pf_buf *out, const struct hn_plan *plan, struct pf_bytes old)
{
    char line[LINE_SIZE];

    if (!is_history(old))
        return;
    while (next_line(&old, line)) {
        const char *id = id_of(line);
        bool ours = !id;
        for (uint32_t i = 0; !ours && i < plan->binary_count; i++) {
            size_t size = strlen(plan->binaries[i].name);
            ours = strncmp(id, plan->binaries[i].name, size) == 0 && id[size] == '/';
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
    for (uint32_t i = 0; i < plan->test_count; i++)
        put_test(&out, plan, &plan->tests[i]);
    if (pf_file_open(&old, path, &ignored))
        keep_strangers(&out, plan, pf_file_view(&old));
    pf_file_close(&old);
    make_directory(path);
    bool ok = pf_file_write(path, pf_buf_view(&out), err);
    pf_buf_fini(&out);
    return ok;
}

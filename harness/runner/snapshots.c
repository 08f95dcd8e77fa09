/* SPDX-License-Identifier: MIT */
#include "harness/runner/snapshots.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/preload/wire.h"
#include "harness/runner/snapshots_obsolete.h"
#include "harness/runner/wire_read.h"
#include "profiler/base/file.h"

enum { PATH_SIZE = 4096, REDACTIONS_MAX = 64, FILE_MAX = 4 << 20 };

struct judge {
    struct hn_attempt *attempt;
    struct pf_arena *arena;
    const struct hn_test *test;
    const struct hn_snapshots *options;
    const char *file;
    uint32_t line;
    unsigned number;
};

static void fail(struct judge *judge, const char *text)
{
    hn_attempt_say(judge->attempt, judge->arena, HN_MESSAGE_FAILURE, judge->file, judge->line,
                   text);
    if (judge->attempt->status < HN_FAIL) {
        judge->attempt->status = HN_FAIL;
        judge->attempt->reason = "a snapshot differs";
    }
}

void hn_snapshot_name(char *out, size_t size, const struct hn_test *test)
{
    (void)snprintf(out, size, "%s.%s", test->suite, test->name);
    for (char *at = out; *at; at++)
        if (!isalnum((unsigned char)*at) && !strchr("._-[]", *at))
            *at = '_';
}

/* In a directory beside the test's source. */
static void make_path(struct judge *judge, char directory[PATH_SIZE], char path[PATH_SIZE])
{
    char name[512];
    const char *slash = strrchr(judge->file, '/');
    int size = slash ? (int)(slash - judge->file) : 0;

    (void)snprintf(directory, PATH_SIZE, "%.*s%ssnapshots", size, judge->file, slash ? "/" : "");
    hn_snapshot_name(name, sizeof name, judge->test);
    (void)snprintf(path, PATH_SIZE, "%.3000s/%s.%u.snap", directory, name, judge->number);
}

static void write_snapshot(struct judge *judge, const char *directory, const char *path,
                           struct pf_buf *content, const char *why)
{
    struct pf_err err = {0};

    (void)mkdir(directory, 0777);
    if (!pf_file_write(path, pf_buf_view(content), &err)) {
        fail(judge, hn_text(judge->arena, "the snapshot cannot be written: %s", err.text));
        return;
    }
    const char *text = hn_text(judge->arena, "snapshot %s: %s", why, path);
    hn_attempt_say(judge->attempt, judge->arena, HN_MESSAGE_NOTE, judge->file, judge->line, text);
    if (judge->options->book)
        hn_snapshot_book_written(judge->options->book, text);
}

static void compare(struct judge *judge, const char *path, struct pf_buf *before,
                    struct pf_buf *after)
{
    struct pf_buf text = {0};

    pf_buf_printf(&text, "differs from %s (--update-snapshots takes it over)\n", path);
    hn_snapshot_diff(&text, pf_buf_cstr(before), pf_buf_cstr(after));
    fail(judge, pf_buf_cstr(&text));
    pf_buf_fini(&text);
}

static void judge_content(struct judge *judge, struct pf_buf *content)
{
    char directory[PATH_SIZE], path[PATH_SIZE];
    struct pf_buf before = {0};
    struct pf_err err = {0};

    make_path(judge, directory, path);
    bool exists = access(path, F_OK) == 0;
    if (exists && !pf_file_read(&before, path, FILE_MAX, &err)) {
        fail(judge, hn_text(judge->arena, "the snapshot cannot be read: %s", err.text));
    } else if (!exists && judge->options->refuse_missing && !judge->options->update) {
        fail(judge, hn_text(judge->arena,
                            "no snapshot %s, and none is taken in CI: run with --update-snapshots "
                            "and commit it",
                            path));
    } else if (!exists) {
        write_snapshot(judge, directory, path, content, "taken");
    } else if (before.size != content->size || memcmp(before.at, content->at, before.size) != 0) {
        if (judge->options->update)
            write_snapshot(judge, directory, path, content, "updated");
        else
            compare(judge, path, &before, content);
    }
    if (judge->options->book)
        hn_snapshot_book_note(judge->options->book, judge->arena, judge->file, path);
    pf_buf_fini(&before);
}

/* One that hides nothing is misspelled, or out of date: what it was to hide is in the snapshot. */
static void warn_of_idle(struct judge *judge, const char *raw, const char *const *redactions)
{
    const char *none[] = {NULL}, *problem = NULL;
    struct pf_buf plain = {0};

    if (!*redactions || !hn_snapshot_canonical(&plain, raw, none, &problem))
        return;
    for (const char *const *at = redactions; *at; at++) {
        const char *one[] = {*at, NULL};
        struct pf_buf redacted = {0};
        if (hn_snapshot_canonical(&redacted, raw, one, &problem) && redacted.size == plain.size
            && memcmp(redacted.at, plain.at, plain.size) == 0)
            hn_attempt_say(judge->attempt, judge->arena, HN_MESSAGE_WARNING, judge->file,
                           judge->line,
                           hn_text(judge->arena, "the redaction %s matches nothing", *at));
        pf_buf_fini(&redacted);
    }
    pf_buf_fini(&plain);
}

/* "FILE\0CONTENT\0REDACTION\0..." */
static void judge_record(struct judge *judge, const struct hn_record_view *record)
{
    const char *redactions[REDACTIONS_MAX + 1] = {0};
    const char *at = record->text, *end = record->text + record->size;
    const char *problem = NULL;
    struct pf_buf content = {0};
    unsigned count = 0;

    judge->file = at;
    judge->line = record->line;
    judge->number++;
    at += strlen(at) + 1;
    const char *raw = at < end ? at : "";
    at += strlen(raw) + 1;
    for (; at < end && count < REDACTIONS_MAX; at += strlen(at) + 1)
        redactions[count++] = at;
    if (hn_snapshot_canonical(&content, raw, redactions, &problem)) {
        warn_of_idle(judge, raw, redactions);
        judge_content(judge, &content);
    } else {
        fail(judge, hn_text(judge->arena, "not a regular expression: %s", problem));
    }
    pf_buf_fini(&content);
}

void hn_snapshots_judge(struct hn_attempt *attempt, struct pf_arena *arena,
                        const struct hn_test *test, const struct hn_shared *shared,
                        const struct hn_snapshots *options)
{
    struct judge judge = {attempt, arena, test, options, NULL, 0, 0};
    struct hn_record_view record;

    for (uint32_t at = 0; hn_wire_next_record(shared, &at, &record);)
        if (record.kind == HN_RECORD_SNAPSHOT)
            judge_record(&judge, &record);
}

/* A snapshot's content and redactions, the difference of two, and the record that brings one.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "harness/preload/wire.h"
#include "harness/runner/snapshots.h"

/* "FILE\0CONTENT\0REDACTION\0...": whatever strings come after the first, in CI, where none is
 * written. Expressions are the system's to compile: only pointers come along. */
static void judge(const char *text, size_t size)
{
    static struct hn_shared *shared;
    struct hn_test test = {.suite = "s", .name = "t"};
    struct hn_snapshots options = {.refuse_missing = true};
    struct hn_attempt attempt = {.status = HN_PASS};
    struct pf_arena arena = {0};

    for (const char *at = text + strlen(text) + 1; at < text + size; at += strlen(at) + 1)
        if (*at != '/' && *at)
            return;
    if (!shared)
        shared = calloc(1, HN_WIRE_SHARED_BYTES);
    struct hn_record *record = (void *)(shared + 1);
    const char *file = "no-such-directory/x.c";
    size_t file_size = strlen(file) + 1, whole = sizeof *record + file_size + size + 1;
    *record =
        (struct hn_record){.kind = HN_RECORD_SNAPSHOT, .size = (uint32_t)((whole + 7) & ~7ul)};
    memcpy(record->text, file, file_size);
    memcpy(record->text + file_size, text, size);
    hn_snapshots_judge(&attempt, &arena, &test, shared, &options);
    if (attempt.status != HN_FAIL)
        abort(); /* there is no such snapshot */
    memset(record, 0, record->size);
    pf_arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 4096)
        return 0;
    char *text = malloc(size + 2);
    memcpy(text, data, size);
    text[size] = text[size + 1] = '\0';
    const char *second = text + strlen(text) + 1;
    if (second > text + size)
        second = "";

    /* Expressions are the system's to compile; only pointers are ours to get wrong. */
    const char *redactions[2] = {*second == '/' ? second : NULL, NULL};
    const char *problem = NULL;
    struct pf_buf out = {0}, diff = {0};
    (void)hn_snapshot_canonical(&out, text, redactions, &problem);
    hn_snapshot_diff(&diff, text, second);
    pf_buf_fini(&out);
    pf_buf_fini(&diff);
    judge(text, size);
    free(text);
    return 0;
}

/*
 * assay_snapshot: the content and its redactions go to the runner, which compares.
 *
 * SPDX-License-Identifier: MIT
 */
#include <assay/runner.h>
#include <stdlib.h>
#include <string.h>

#include "harness/preload/preload.h"

HN_INTERPOSE void assay_runner_snapshot(const char *file, unsigned line, const char *const *texts)
{
    size_t size = strlen(file) + 1, at = 0;

    if (hn_worker_refuses(file, line, "a snapshot is compared") || !hn_preload.shared)
        return;
    for (unsigned i = 0; texts[i]; i++)
        size += strlen(texts[i]) + 1;
    if (size > HN_WIRE_SNAPSHOT_MAX || !texts[0]) {
        hn_record_failure(file, line,
                          texts[0] ? "the snapshot is larger than 1 MiB" : "no content: NULL");
        return;
    }
    char *packed = malloc(size);
    if (!packed)
        return;
    memcpy(packed, file, strlen(file) + 1);
    at = strlen(file) + 1;
    for (unsigned i = 0; texts[i]; i++) {
        memcpy(packed + at, texts[i], strlen(texts[i]) + 1);
        at += strlen(texts[i]) + 1;
    }
    __atomic_fetch_add(&hn_preload.shared->asserts, 1, __ATOMIC_RELAXED);
    hn_record(HN_RECORD_SNAPSHOT, line, packed, at);
    free(packed);
}

/*
 * Append to the lane's shared mapping: one atomic add reserves the place, the kind is written last.
 *
 * Any thread, any process that descends from the test, signal handlers too.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "harness/preload/preload.h"

enum { RECORDS_MAX = HN_WIRE_SHARED_BYTES - sizeof(struct hn_shared) };

static struct hn_record *reserve(struct hn_shared *shared, size_t text_size)
{
    uint32_t size = (uint32_t)((sizeof(struct hn_record) + text_size + 1 + 7) & ~(size_t)7);
    uint32_t at = __atomic_fetch_add(&shared->used, size, __ATOMIC_RELAXED);

    if (at > RECORDS_MAX || size > RECORDS_MAX - at) {
        __atomic_fetch_add(&shared->dropped, 1, __ATOMIC_RELAXED);
        return NULL;
    }
    struct hn_record *record = (struct hn_record *)((char *)(shared + 1) + at);
    record->size = size;
    return record;
}

void hn_record(enum hn_record_kind kind, uint32_t line, const char *text, size_t size)
{
    struct hn_shared *shared = hn_preload.shared;

    if (!shared)
        return;
    size_t max = kind == HN_RECORD_SNAPSHOT ? HN_WIRE_SNAPSHOT_MAX : HN_WIRE_TEXT_MAX;
    if (size > max)
        size = max;
    if (kind == HN_RECORD_FAILURE)
        __atomic_fetch_add(&shared->failures, 1, __ATOMIC_RELAXED);
    struct hn_record *record = reserve(shared, size);
    if (!record)
        return;
    record->line = line;
    record->pid = getpid();
    memcpy(record->text, text, size);
    record->text[size] = '\0';
    __atomic_store_n(&record->kind, (uint32_t)kind, __ATOMIC_RELEASE);
}

void hn_record_text(enum hn_record_kind kind, const char *text)
{
    hn_record(kind, 0, text, strlen(text));
}

void hn_record_printf(enum hn_record_kind kind, const char *fmt, ...)
{
    char text[2048];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    hn_record_text(kind, text);
}

/* Long messages keep their beginning; the file name is a prefix, ended by NUL. */
void hn_record_failure(const char *file, uint32_t line, const char *message)
{
    static const char mark[] = "\n[assay: the message is cut here]";
    char text[HN_WIRE_TEXT_MAX / 2];
    size_t file_size = strnlen(file, 1024);
    size_t message_size = strlen(message);

    memcpy(text, file, file_size);
    text[file_size++] = '\0';
    bool is_cut = message_size > sizeof text - file_size;
    if (is_cut)
        message_size = sizeof text - file_size;
    memcpy(text + file_size, message, message_size);
    if (is_cut)
        memcpy(text + sizeof text - (sizeof mark - 1), mark, sizeof mark - 1);
    hn_record(HN_RECORD_FAILURE, line, text, file_size + message_size);
}

void hn_phase_set(enum hn_wire_phase phase)
{
    if (hn_preload.shared)
        __atomic_store_n(&hn_preload.shared->phase, (uint32_t)phase, __ATOMIC_RELEASE);
}

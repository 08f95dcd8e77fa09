/*
 * The summary as comments of a profile, one "assay.KEY=VALUE" a line.
 *
 * Plain fields are rows of one table; the two lists repeat their key:
 *   assay.process=PID SAMPLES COMMAND
 *   assay.unrooted=SAMPLES<tab>REASON<tab>OBJECT
 *
 * SPDX-License-Identifier: MIT
 */
#include "profiler/profile/summary.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/profile/profile.h"

enum { SUMMARY_LINE_BYTES = 512 };
#define SUMMARY_PREFIX "assay."

enum field_kind { FIELD_TEXT, FIELD_PID, FIELD_U32, FIELD_U64, FIELD_PERCENT };

struct field {
    const char *key;
    enum field_kind kind;
    size_t at;
    size_t size;
};

#define FIELD(key, kind, member)                                                                   \
    {                                                                                              \
        key, kind, offsetof(struct pf_summary, member), sizeof((struct pf_summary *)0)->member     \
    }

static const struct field fields[] = {
    FIELD("engine", FIELD_TEXT, engine),
    FIELD("mode", FIELD_TEXT, mode),
    FIELD("command", FIELD_TEXT, command),
    FIELD("note", FIELD_TEXT, note),
    FIELD("pid", FIELD_PID, pid),
    FIELD("frequency_hz", FIELD_U32, frequency_hz),
    FIELD("samples", FIELD_U64, samples),
    FIELD("independent", FIELD_U64, independent),
    FIELD("lost", FIELD_U64, lost),
    FIELD("throttled", FIELD_U64, throttled),
    FIELD("truncated", FIELD_U64, truncated),
    FIELD("rooted", FIELD_U64, rooted),
    FIELD("guessed", FIELD_U64, guessed),
    FIELD("guessed_in", FIELD_TEXT, guessed_in),
    FIELD("target_cpu_ns", FIELD_U64, target_cpu_ns),
    FIELD("profiler_cpu_ns", FIELD_U64, profiler_cpu_ns),
    FIELD("cost_percent", FIELD_PERCENT, cost_percent),
};

enum { FIELD_COUNT = sizeof fields / sizeof fields[0] };

/* Line breaks would make two comments of one: other tools print comments a line each. */
static void put_comment(struct pf_profile *profile, char *line)
{
    for (char *at = line; *at; at++)
        if (*at == '\n' || *at == '\r')
            *at = ' ';
    pf_profile_comment(profile, pf_profile_string(profile, line));
}

static void format_value(const struct field *field, const void *from, char *out, size_t size)
{
    switch (field->kind) {
    case FIELD_TEXT:
        (void)snprintf(out, size, "%s", (const char *)from);
        return;
    case FIELD_PID:
        (void)snprintf(out, size, "%d", *(const pid_t *)from);
        return;
    case FIELD_U32:
        (void)snprintf(out, size, "%" PRIu32, *(const uint32_t *)from);
        return;
    case FIELD_U64:
        (void)snprintf(out, size, "%" PRIu64, *(const uint64_t *)from);
        return;
    case FIELD_PERCENT:
        (void)snprintf(out, size, "%.6g", *(const double *)from);
        return;
    }
}

static void store_field(const struct field *field, const struct pf_summary *summary,
                        struct pf_profile *profile)
{
    char value[SUMMARY_LINE_BYTES - 64];
    char line[SUMMARY_LINE_BYTES];

    format_value(field, (const char *)summary + field->at, value, sizeof value);
    if (value[0] == '\0')
        return;
    (void)snprintf(line, sizeof line, SUMMARY_PREFIX "%s=%s", field->key, value);
    put_comment(profile, line);
}

static bool is_ours(const struct pf_profile *profile, uint32_t string)
{
    return strncmp(pf_profile_text(profile, string), SUMMARY_PREFIX, strlen(SUMMARY_PREFIX)) == 0;
}

static void drop_ours(struct pf_profile *profile)
{
    uint32_t *comments = profile->comments.items;
    uint32_t kept = 0;

    for (uint32_t i = 0; i < profile->comments.count; i++)
        if (!is_ours(profile, comments[i]))
            comments[kept++] = comments[i];
    profile->comments.count = kept;
}

void pf_summary_store(const struct pf_summary *summary, struct pf_profile *profile)
{
    char line[SUMMARY_LINE_BYTES];

    drop_ours(profile);
    for (unsigned i = 0; i < FIELD_COUNT; i++)
        store_field(&fields[i], summary, profile);
    for (uint32_t i = 0; i < summary->process_count && i < PF_SUMMARY_ROWS_MAX; i++) {
        const struct pf_summary_process *row = &summary->processes[i];
        (void)snprintf(line, sizeof line, SUMMARY_PREFIX "process=%d %" PRIu64 " %s", row->pid,
                       row->samples, row->command);
        put_comment(profile, line);
    }
    for (uint32_t i = 0; i < summary->unrooted_count && i < PF_SUMMARY_ROWS_MAX; i++) {
        const struct pf_summary_unrooted *row = &summary->unrooted[i];
        (void)snprintf(line, sizeof line, SUMMARY_PREFIX "unrooted=%" PRIu64 "\t%s\t%s",
                       row->samples, row->reason, row->object);
        put_comment(profile, line);
    }
}

static void read_value(const struct field *field, const char *text, void *to)
{
    switch (field->kind) {
    case FIELD_TEXT:
        (void)snprintf(to, field->size, "%s", text);
        return;
    case FIELD_PID:
        *(pid_t *)to = (pid_t)strtol(text, NULL, 10);
        return;
    case FIELD_U32:
        *(uint32_t *)to = (uint32_t)strtoul(text, NULL, 10);
        return;
    case FIELD_U64:
        *(uint64_t *)to = strtoull(text, NULL, 10);
        return;
    case FIELD_PERCENT:
        *(double *)to = strtod(text, NULL);
        return;
    }
}

static void read_process(struct pf_summary *out, const char *text)
{
    char *end = NULL;
    struct pf_summary_process row = {0};

    if (out->process_count == PF_SUMMARY_ROWS_MAX)
        return;
    row.pid = (pid_t)strtol(text, &end, 10);
    row.samples = strtoull(end, &end, 10);
    (void)snprintf(row.command, sizeof row.command, "%s", *end == ' ' ? end + 1 : end);
    out->processes[out->process_count++] = row;
}

static void read_unrooted(struct pf_summary *out, const char *text)
{
    char *end = NULL;
    struct pf_summary_unrooted row = {0};

    if (out->unrooted_count == PF_SUMMARY_ROWS_MAX)
        return;
    row.samples = strtoull(text, &end, 10);
    const char *reason = *end == '\t' ? end + 1 : end;
    size_t reason_size = strcspn(reason, "\t");
    const char *object = reason[reason_size] ? reason + reason_size + 1 : "";

    (void)snprintf(row.reason, sizeof row.reason, "%.*s", (int)reason_size, reason);
    (void)snprintf(row.object, sizeof row.object, "%s", object);
    out->unrooted[out->unrooted_count++] = row;
}

/* text is what follows "assay." */
static void read_comment(struct pf_summary *out, const char *text)
{
    size_t key_size = strcspn(text, "=");
    const char *value = text[key_size] ? text + key_size + 1 : "";

    for (unsigned i = 0; i < FIELD_COUNT; i++)
        if (strlen(fields[i].key) == key_size && strncmp(fields[i].key, text, key_size) == 0) {
            read_value(&fields[i], value, (char *)out + fields[i].at);
            return;
        }
    if (strncmp(text, "process=", strlen("process=")) == 0)
        read_process(out, value);
    else if (strncmp(text, "unrooted=", strlen("unrooted=")) == 0)
        read_unrooted(out, value);
}

bool pf_summary_load(struct pf_summary *out, const struct pf_profile *profile)
{
    const uint32_t *comments = profile->comments.items;
    bool found = false;

    memset(out, 0, sizeof *out); /* large: no copy of it on the stack */
    out->cost_percent = -1;
    for (uint32_t i = 0; i < profile->comments.count; i++) {
        if (!is_ours(profile, comments[i]))
            continue;
        found = true;
        read_comment(out, pf_profile_text(profile, comments[i]) + strlen(SUMMARY_PREFIX));
    }
    return found;
}

uint64_t pf_summary_independent(const struct pf_summary *summary)
{
    bool is_said = summary->independent && summary->independent < summary->samples;

    return is_said ? summary->independent : summary->samples;
}

/* SPDX-License-Identifier: MIT */
#include "profiler/leak/leaks.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FINGERPRINT_FRAMES = 16, RECORDS_MAX = 1 << 24 };

void pf_leaks_init(struct pf_leaks *leaks)
{
    *leaks = (struct pf_leaks){0};
    pf_profile_init(&leaks->profile);
}

void pf_leaks_fini(struct pf_leaks *leaks)
{
    free(leaks->records);
    pf_profile_fini(&leaks->profile);
    *leaks = (struct pf_leaks){0};
}

void pf_leaks_move(struct pf_leaks *to, struct pf_leaks *from)
{
    pf_leaks_fini(to);
    *to = *from;
    to->profile = (struct pf_profile){0};
    pf_profile_move(&to->profile, &from->profile);
    from->records = NULL;
    pf_leaks_fini(from);
}

void pf_leaks_say(struct pf_leaks *leaks, const char *fmt, ...)
{
    size_t at = strlen(leaks->note);
    va_list args;

    if (at > 0 && at + 1 < sizeof leaks->note)
        leaks->note[at++] = ' ';
    va_start(args, fmt);
    (void)vsnprintf(leaks->note + at, sizeof leaks->note - at, fmt, args);
    va_end(args);
}

static void grow(struct pf_leaks *leaks)
{
    if (leaks->record_count < leaks->record_capacity)
        return;
    leaks->record_capacity = leaks->record_capacity ? leaks->record_capacity * 2 : 64;
    leaks->records = pf_mem_resize(leaks->records, leaks->record_capacity, sizeof *leaks->records);
}

void pf_leaks_add(struct pf_leaks *leaks, const struct pf_leak_record *part)
{
    if (leaks->record_count == RECORDS_MAX)
        return;
    grow(leaks);
    leaks->records[leaks->record_count++] = *part;
}

static int by_identity(const void *a, const void *b)
{
    const struct pf_leak_record *left = a;
    const struct pf_leak_record *right = b;

    if (left->kind != right->kind)
        return left->kind < right->kind ? -1 : 1;
    if (left->is_suppressed != right->is_suppressed)
        return left->is_suppressed ? 1 : -1;
    if (left->stack != right->stack)
        return left->stack < right->stack ? -1 : 1;
    return 0;
}

static int by_weight(const void *a, const void *b)
{
    const struct pf_leak_record *left = a;
    const struct pf_leak_record *right = b;
    uint64_t left_bytes = left->bytes + left->indirect_bytes;
    uint64_t right_bytes = right->bytes + right->indirect_bytes;

    if (left->kind != right->kind)
        return left->kind < right->kind ? -1 : 1;
    if (left_bytes != right_bytes)
        return left_bytes > right_bytes ? -1 : 1;
    return by_identity(a, b);
}

static void merge_into(struct pf_leak_record *record, const struct pf_leak_record *part)
{
    record->bytes += part->bytes;
    record->blocks += part->blocks;
    record->indirect_bytes += part->indirect_bytes;
    record->indirect_blocks += part->indirect_blocks;
    record->age_ms = part->age_ms > record->age_ms ? part->age_ms : record->age_ms;
    record->is_truncated |= part->is_truncated;
}

static void merge_equal(struct pf_leaks *leaks)
{
    uint32_t kept = 0;

    if (leaks->record_count == 0)
        return;
    qsort(leaks->records, leaks->record_count, sizeof *leaks->records, by_identity);
    for (uint32_t i = 1; i < leaks->record_count; i++) {
        if (by_identity(&leaks->records[kept], &leaks->records[i]) == 0)
            merge_into(&leaks->records[kept], &leaks->records[i]);
        else
            leaks->records[++kept] = leaks->records[i];
    }
    leaks->record_count = kept + 1;
    qsort(leaks->records, leaks->record_count, sizeof *leaks->records, by_weight);
}

void pf_leaks_finish(struct pf_leaks *leaks)
{
    merge_equal(leaks);
    memset(leaks->totals, 0, sizeof leaks->totals);
    leaks->suppressed = (struct pf_leak_total){0};
    for (uint32_t i = 0; i < leaks->record_count; i++) {
        struct pf_leak_record *record = &leaks->records[i];
        struct pf_leak_total *total =
            record->is_suppressed ? &leaks->suppressed : &leaks->totals[record->kind];
        total->bytes += record->bytes;
        total->blocks += record->blocks;
        record->fingerprint = pf_leak_fingerprint(&leaks->profile, record->kind, record->stack);
    }
}

bool pf_leaks_has(const struct pf_leaks *leaks, unsigned kinds)
{
    for (unsigned kind = 0; kind < PF_LEAK_KINDS; kind++)
        if ((kinds & pf_leak_bit((enum pf_leak_kind)kind)) && leaks->totals[kind].blocks)
            return true;
    return false;
}

static uint64_t mix_text(uint64_t hash, const char *text)
{
    return pf_hash_u64(hash ^ pf_hash_bytes(text, strlen(text)));
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static uint64_t mix_location(const struct pf_profile *profile, uint64_t hash, uint32_t index)
{
    const struct pf_location *location = pf_profile_location_at(profile, index);
    const struct pf_line *lines = pf_profile_lines_view(profile, location);

    for (uint32_t i = 0; i < location->line_count; i++) {
        const struct pf_function *function = pf_profile_function_at(profile, lines[i].function);
        hash = mix_text(hash, pf_profile_text(profile, function->name));
        hash = mix_text(hash, base_name(pf_profile_text(profile, function->file)));
    }
    return hash;
}

uint64_t pf_leak_fingerprint(const struct pf_profile *profile, enum pf_leak_kind kind,
                             uint32_t stack)
{
    uint64_t hash = mix_text(0, pf_leak_kind_name(kind));
    uint32_t count = 0;

    if (stack == PF_NONE)
        return hash;
    const uint32_t *locations = pf_profile_stack_view(profile, stack, &count);
    for (uint32_t i = 0; i < count && i < FINGERPRINT_FRAMES; i++)
        hash = mix_location(profile, hash, locations[i]);
    return hash;
}

/* SPDX-License-Identifier: MIT */
#include "profiler/report/maps_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/sink.h"
#include "profiler/profile/profile.h"

enum { MAPS_LINE_BYTES = 4352 };

static const char deleted[] = " (deleted)";

static void add_range(struct pf_maps_text *maps, const struct pf_maps_range *range)
{
    if (maps->count == maps->capacity) {
        maps->capacity = maps->capacity ? maps->capacity * 2 : 32;
        maps->at = pf_mem_resize(maps->at, maps->capacity, sizeof *maps->at);
    }
    maps->at[maps->count++] = *range;
}

/* "start-limit perms offset dev inode   path" */
static void read_line(struct pf_maps_text *maps, struct pf_profile *profile, const char *line)
{
    struct pf_mapping mapping = {0};
    char perms[8];
    int path_at = 0;

    if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %7s %" SCNx64 " %*s %*s %n", &mapping.start,
               &mapping.limit, perms, &mapping.file_offset, &path_at)
            < 4
        || path_at == 0 || !strchr(perms, 'x') || mapping.start >= mapping.limit)
        return;
    size_t size = strlen(line + path_at);
    if (size > strlen(deleted) && strcmp(line + path_at + size - strlen(deleted), deleted) == 0)
        size -= strlen(deleted);
    mapping.file = pf_profile_string_n(profile, line + path_at, size);
    struct pf_maps_range range = {mapping.start, mapping.limit,
                                  pf_profile_mapping(profile, &mapping)};
    if (range.mapping != PF_NONE)
        add_range(maps, &range);
}

static int compare_ranges(const void *a, const void *b)
{
    const struct pf_maps_range *x = a, *y = b;

    return (x->start > y->start) - (x->start < y->start);
}

void pf_maps_text_read(struct pf_maps_text *maps, struct pf_profile *profile,
                       struct pf_cursor lines)
{
    char text[MAPS_LINE_BYTES];
    struct pf_bytes line;

    while (pf_cursor_line(&lines, &line)) {
        if (line.size >= sizeof text)
            continue;
        memcpy(text, line.at, line.size);
        text[line.size] = '\0';
        read_line(maps, profile, text);
    }
    if (maps->count)
        qsort(maps->at, maps->count, sizeof *maps->at, compare_ranges);
}

void pf_maps_text_fini(struct pf_maps_text *maps)
{
    free(maps->at);
    *maps = (struct pf_maps_text){0};
}

uint32_t pf_maps_text_find(const struct pf_maps_text *maps, uint64_t address)
{
    uint32_t low = 0, high = maps->count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (maps->at[middle].start <= address)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0 || address >= maps->at[low - 1].limit)
        return PF_NONE;
    return maps->at[low - 1].mapping;
}

void pf_maps_text_write(const struct pf_profile *profile, struct pf_sink *sink)
{
    for (uint32_t i = 0; i < profile->mappings.count; i++) {
        const struct pf_mapping *mapping = pf_profile_mapping_at(profile, i);
        if (mapping->start >= mapping->limit)
            continue;
        pf_sink_printf(sink, "%08" PRIx64 "-%08" PRIx64 " r-xp %08" PRIx64 " 00:00 0    ",
                       mapping->start, mapping->limit, mapping->file_offset);
        pf_sink_put_str(sink, pf_profile_text(profile, mapping->file));
        pf_sink_put(sink, "\n", 1);
    }
}

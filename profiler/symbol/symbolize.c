/* SPDX-License-Identifier: MIT */
#include "profiler/symbol/symbolize.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/clock.h"
#include "profiler/base/file.h"
#include "profiler/profile/profile.h"
#include "profiler/symbol/debuginfod.h"
#include "profiler/symbol/jit.h"
#include "profiler/symbol/object_names.h"
#include "profiler/symbol/symbolize_priv.h"
#include "profiler/symbol/textmap.h"

enum {
    OBJECT_SECONDS_MAX = 10,
    TEXTMAP_BYTES_MAX = 256 << 20,
};

/* A location to be named, sorted so that those of one object stand together. */
struct item {
    uint32_t file, build_id; /* strings of its mapping, PF_NONE without one */
    uint32_t location, mapping;
};

struct job {
    struct pf_profile *profile;
    const struct pf_symbolize *options;
    struct pf_symbolize_stats *stats;
    const char *debug_dir;
    bool ask_debuginfod;
};

static int by_object(const void *a, const void *b)
{
    const struct item *x = a;
    const struct item *y = b;

    if (x->file != y->file)
        return x->file < y->file ? -1 : 1;
    if (x->build_id != y->build_id)
        return x->build_id < y->build_id ? -1 : 1;
    return (x->location > y->location) - (x->location < y->location);
}

static struct item *collect(const struct pf_profile *profile, uint32_t *count)
{
    struct item *items = pf_mem_new(profile->locations.count + 1, sizeof *items);

    *count = 0;
    for (uint32_t i = 0; i < profile->locations.count; i++) {
        const struct pf_location *location = pf_profile_location_at(profile, i);
        if (location->line_count)
            continue;
        struct item item = {PF_NONE, PF_NONE, i, location->mapping};
        if (item.mapping != PF_NONE) {
            const struct pf_mapping *mapping = pf_profile_mapping_at(profile, item.mapping);
            item.file = mapping->file;
            item.build_id = mapping->build_id;
        }
        items[(*count)++] = item;
    }
    if (*count > 1)
        qsort(items, *count, sizeof *items, by_object);
    return items;
}

/* What kind of thing a mapping's file name stands for. */
enum kind { KIND_FILE, KIND_VDSO, KIND_KERNEL, KIND_ANONYMOUS };

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static enum kind kind_of(const char *file)
{
    if (strcmp(file, "[vdso]") == 0)
        return KIND_VDSO;
    if (begins(file, "[kernel"))
        return KIND_KERNEL;
    if (file[0] != '/' || begins(file, "//anon") || begins(file, "/SYSV")
        || begins(file, "/dev/zero"))
        return file[0] && file[0] != '[' && file[0] != '/' && !begins(file, "anon")
                   ? KIND_FILE /* a relative path: another tool's profile */
                   : KIND_ANONYMOUS;
    return KIND_FILE;
}

static void flag_mappings(struct job *job, const struct item *items, uint32_t count,
                          const struct pf_entered *entered)
{
    struct pf_mapping *mappings = job->profile->mappings.items;

    for (uint32_t i = 0; i < count; i++) {
        if (items[i].mapping == PF_NONE)
            continue;
        struct pf_mapping *mapping = &mappings[items[i].mapping];
        mapping->has_functions = entered->named > 0;
        mapping->has_files = mapping->has_lines = entered->with_lines > 0;
        mapping->has_inlines = entered->with_lines > 0 && !job->options->skip_inlines;
    }
}

static void enter(struct job *job, struct pf_queries *queries, const struct pf_code_ranges *code,
                  const char *object, const struct item *items)
{
    struct pf_entered entered = {0};

    pf_symbolize_enter(job->profile, queries, code, object, &entered);
    flag_mappings(job, items, (uint32_t)queries->count, &entered);
    job->stats->named += entered.named;
    job->stats->with_lines += entered.with_lines;
    job->stats->objects++;
    job->stats->objects_without_symbols += entered.named == 0;
}

/* Queries by absolute address: JIT code and the kernel. */
static void absolute_queries(const struct job *job, struct pf_queries *queries,
                             const struct item *items)
{
    for (size_t i = 0; i < queries->count; i++) {
        const struct pf_location *location =
            pf_profile_location_at(job->profile, items[i].location);
        queries->at[i] =
            (struct pf_query){.file_addr = location->address, .location = items[i].location};
    }
    pf_queries_sort(queries);
}

static void match_file(const char *path, struct pf_queries *queries,
                       void (*match)(struct pf_bytes, struct pf_queries *))
{
    struct pf_buf text = {0};
    struct pf_err ignored;

    if (pf_file_read(&text, path, TEXTMAP_BYTES_MAX, &ignored))
        match(pf_buf_view(&text), queries);
    pf_buf_fini(&text);
}

static void name_kernel(struct job *job, struct pf_queries *queries, const struct item *items)
{
    absolute_queries(job, queries, items);
    match_file("/proc/kallsyms", queries, pf_kallsyms_match);
    enter(job, queries, NULL, "[kernel]", items);
}

static void name_anonymous(struct job *job, struct pf_queries *queries, const struct item *items)
{
    const char *file = items->mapping == PF_NONE ? "" : pf_profile_text(job->profile, items->file);
    pid_t owner = pf_jit_owner(file);

    absolute_queries(job, queries, items);
    if (owner)
        pf_jit_match_process(owner, queries);
    else
        pf_jit_match(job->profile, job->options->pid, queries);
    enter(job, queries, NULL, items->mapping == PF_NONE ? "[unmapped]" : "[anonymous]", items);
}

static struct pf_place place_of(struct job *job, const struct item *item)
{
    const struct pf_mapping *mapping = pf_profile_mapping_at(job->profile, item->mapping);

    return (struct pf_place){
        .pid = job->options->pid,
        .path = pf_profile_text(job->profile, mapping->file),
        .start = mapping->start,
        .limit = mapping->limit,
        .build_id = pf_profile_text(job->profile, mapping->build_id),
        .debug_dir = job->debug_dir,
        .ask_debuginfod = &job->ask_debuginfod,
    };
}

static void object_queries(const struct job *job, const struct pf_object_names *names,
                           struct pf_queries *queries, const struct item *items)
{
    for (size_t i = 0; i < queries->count; i++) {
        const struct pf_location *location =
            pf_profile_location_at(job->profile, items[i].location);
        const struct pf_mapping *mapping = pf_profile_mapping_at(job->profile, items[i].mapping);
        queries->at[i] = (struct pf_query){
            .file_addr = pf_object_file_addr(names, location->address - mapping->start,
                                             mapping->file_offset),
            .location = items[i].location,
        };
    }
    pf_queries_sort(queries);
}

static void name_object(struct job *job, struct pf_queries *queries, const struct item *items,
                        bool is_vdso)
{
    struct pf_object_names names = {0};
    struct pf_place place = place_of(job, items);
    struct pf_dwarf_limits limits = {
        .skip_inlines = job->options->skip_inlines,
        .deadline_ns = pf_clock_now_ns() + OBJECT_SECONDS_MAX * 1000000000ULL,
    };
    struct pf_err why;

    bool found = is_vdso ? pf_object_open_vdso(&names, place.build_id, &why)
                         : pf_object_open(&names, &place, &why);
    if (!found && begins(place.path, "/memfd:")) {
        name_anonymous(job, queries, items); /* JIT code, mapped twice */
        return;
    }
    object_queries(job, &names, queries, items);
    if (found)
        pf_object_name(&names, queries, &limits);
    enter(job, queries, found ? pf_object_code(&names) : NULL, place.path, items);
    pf_object_close(&names);
}

static void name_group(struct job *job, const struct item *items, uint32_t count)
{
    struct pf_arena arena = {0};
    struct pf_queries queries = {
        .at = pf_mem_new(count, sizeof *queries.at), .count = count, .arena = &arena};
    const char *file = items->mapping == PF_NONE ? "" : pf_profile_text(job->profile, items->file);

    switch (kind_of(file)) {
    case KIND_KERNEL:
        name_kernel(job, &queries, items);
        break;
    case KIND_ANONYMOUS:
        name_anonymous(job, &queries, items);
        break;
    case KIND_VDSO:
    case KIND_FILE:
        name_object(job, &queries, items, file[0] == '[');
        break;
    }
    free(queries.at);
    pf_arena_fini(&arena);
}

bool pf_symbolize(struct pf_profile *profile, const struct pf_symbolize *options,
                  struct pf_symbolize_stats *stats, struct pf_err *err)
{
    struct pf_symbolize_stats own = {0};
    struct job job = {
        .profile = profile,
        .options = options,
        .stats = &own,
        .debug_dir = options->debug_dir ? options->debug_dir : "/usr/lib/debug",
        .ask_debuginfod = !options->skip_debuginfod && pf_debuginfod_is_set(),
    };
    uint64_t start_ns = pf_clock_self_cpu_ns();
    uint32_t count = 0;
    struct item *items = collect(profile, &count);

    own.locations = count;
    for (uint32_t first = 0, end = 0; first < count && !profile->is_full; first = end) {
        while (end < count && items[end].file == items[first].file
               && items[end].build_id == items[first].build_id)
            end++;
        name_group(&job, items + first, end - first);
    }
    free(items);

    own.cpu_ns = pf_clock_self_cpu_ns() - start_ns;
    if (stats)
        *stats = own;
    if (profile->is_full)
        return pf_err_set(err, PF_ERR_LIMIT, "the profile cannot take more names (%d items)",
                          PF_PROFILE_ITEMS_MAX);
    return true;
}

/* SPDX-License-Identifier: MIT */
#include "profiler/agent/code_objects.h"

#include <stdatomic.h>
#include <string.h>

#include "profiler/agent/agent.h"
#include "profiler/agent/code_memory.h"
#include "profiler/agent/code_objects_priv.h"

enum { OBJECTS_MAX = 2048, MAPS = 32 };

/* In the agent's own memory (code_memory.h). */
struct tables {
    uint32_t known_count;
    uint32_t next_map;
    struct ag_object known[OBJECTS_MAX];
    struct pf_region_module records[OBJECTS_MAX];
    struct pf_code_map maps[MAPS];
    struct pf_code codes[MAPS][OBJECTS_MAX];
};

static struct tables *tables;
static atomic_bool updating;
static atomic_bool again;

void ag_objects_fork_child(void)
{
    atomic_store(&updating, false);
    atomic_store(&again, false);
}

bool ag_objects_are_at_rest(void)
{
    return !atomic_load(&updating);
}

void ag_objects_carry_over(struct pf_region *region)
{
    ag_code_memory_tell(region);
    for (uint32_t i = 0; tables && i < tables->known_count; i++)
        (void)pf_module_add(region, &tables->records[i]);
}

static void take_tables(struct pf_region *region)
{
    size_t room;
    void *memory = ag_code_memory_free(&room);

    if (room < sizeof(struct tables))
        return;
    ag_code_memory_use(sizeof(struct tables));
    ag_code_memory_tell(region);
    tables = memory;
}

static const struct pf_rows *rows_known(uint64_t content)
{
    for (uint32_t i = 0; i < tables->known_count; i++)
        if (tables->known[i].content == content && tables->known[i].rows)
            return tables->known[i].rows;
    return NULL;
}

/* The object's number: the same as before if it is still, or again, mapped where it was. */
static uint32_t number_of(struct pf_region *region, struct ag_object *object,
                          const struct dl_phdr_info *info)
{
    for (uint32_t i = tables->known_count; i-- > 0;)
        if (tables->known[i].start == object->start && tables->known[i].content == object->content)
            return i;
    if (tables->known_count == OBJECTS_MAX)
        return UINT32_MAX;

    object->rows = rows_known(object->content);
    if (!object->rows)
        object->rows = ag_object_rows(region, object, info);
    ag_object_describe(&tables->records[tables->known_count], object, info);
    (void)pf_module_add(region, &tables->records[tables->known_count]);
    tables->known[tables->known_count] = *object;
    return tables->known_count++;
}

struct listing {
    struct pf_region *region;
    struct pf_code *codes;
    size_t count;
};

static int list_object(struct dl_phdr_info *info, size_t size, void *to)
{
    struct listing *list = to;
    struct ag_object object;

    (void)size;
    if (list->count == OBJECTS_MAX || !ag_object_read(&object, info))
        return 0;
    uint32_t number = number_of(list->region, &object, info);
    if (number == UINT32_MAX)
        return 0;
    list->codes[list->count++] = (struct pf_code){
        .start = object.code_start,
        .end = object.code_end,
        .bias = object.bias,
        .rows = tables->known[number].rows,
        .object = number,
    };
    return 0;
}

static void sort_by_start(struct pf_code *codes, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        struct pf_code code = codes[i];
        size_t at = i;
        for (; at > 0 && codes[at - 1].start > code.start; at--)
            codes[at] = codes[at - 1];
        codes[at] = code;
    }
}

static void build_and_publish(struct pf_region *region)
{
    uint32_t number = tables->next_map++ % MAPS;
    struct listing list = {.region = region, .codes = tables->codes[number]};

    (void)dl_iterate_phdr(list_object, &list);
    sort_by_start(list.codes, list.count);
    tables->maps[number] = (struct pf_code_map){.at = list.codes, .count = list.count};
    atomic_store_explicit(&ag_agent.code_map, &tables->maps[number], memory_order_release);
    atomic_fetch_add(&ag_agent.code_generation, 1);
}

void ag_objects_update(void)
{
    atomic_store(&again, true);
    while (atomic_load(&again) && !atomic_exchange(&updating, true)) {
        struct pf_region *region = atomic_load(&ag_agent.linked);
        atomic_store(&again, false);
        if (region && !tables)
            take_tables(region);
        if (region && tables)
            build_and_publish(region);
        atomic_store(&updating, false);
    }
}

/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "profiler/profile/table_priv.h"

enum { TABLE_FIRST_CAPACITY = 16 };

static void grow(struct pf_table *table, size_t item_size, uint32_t at_least, uint32_t max)
{
    uint64_t capacity = table->capacity ? table->capacity : TABLE_FIRST_CAPACITY;

    while (capacity < at_least)
        capacity *= 2;
    if (capacity > max)
        capacity = max;
    table->items = pf_mem_resize(table->items, capacity, item_size);
    table->capacity = (uint32_t)capacity;
}

uint32_t pf_table_push(struct pf_table *table, size_t item_size, const void *items, uint32_t count,
                       uint32_t max)
{
    uint32_t at = table->count;

    if (count > max - at)
        return PF_NONE;
    if (count == 0)
        return at;
    if (at + count > table->capacity)
        grow(table, item_size, at + count, max);

    unsigned char *to = (unsigned char *)table->items + (size_t)at * item_size;
    if (items)
        memcpy(to, items, (size_t)count * item_size);
    else
        memset(to, 0, (size_t)count * item_size);
    table->count = at + count;
    return at;
}

void pf_table_fini(struct pf_table *table)
{
    free(table->items);
    pf_hash_fini(&table->index);
    *table = (struct pf_table){0};
}

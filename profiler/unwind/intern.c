/* SPDX-License-Identifier: MIT */
#include "profiler/unwind/intern.h"

#include <stddef.h>
#include <string.h>

static uint32_t record_max(uint32_t slots)
{
    return slots / 2 < UINT16_MAX ? slots / 2 : UINT16_MAX - 1;
}

uint64_t pf_intern_bytes(uint32_t record_bytes, uint32_t slots)
{
    uint64_t records = (uint64_t)record_bytes * record_max(slots);

    return ((records + 7) & ~(uint64_t)7) + slots * sizeof(uint16_t);
}

void pf_intern_init(struct pf_intern *table, void *memory, uint32_t record_bytes, uint32_t slots)
{
    uint64_t records = ((uint64_t)record_bytes * record_max(slots) + 7) & ~(uint64_t)7;

    *table = (struct pf_intern){.records = memory,
                                .slots = (uint16_t *)(void *)((uint8_t *)memory + records),
                                .record_bytes = record_bytes,
                                .slot_mask = slots - 1,
                                .max = record_max(slots)};
    memset(table->slots, 0, slots * sizeof(uint16_t));
}

/* Records are a few words of four bytes. */
static uint32_t hash_record(const uint8_t *record, uint32_t bytes)
{
    uint64_t hash = bytes;

    for (uint32_t i = 0; i < bytes; i += 4) {
        uint32_t part = 0;
        memcpy(&part, record + i, sizeof part);
        hash = (hash ^ part) * 0x9e3779b97f4a7c15U;
        hash ^= hash >> 29;
    }
    return (uint32_t)(hash >> 32);
}

/* memcmp is not among the functions this folder may call. */
static bool is_same(const uint8_t *a, const uint8_t *b, uint32_t bytes)
{
    uint32_t difference = 0;

    for (uint32_t i = 0; i < bytes; i += 4) {
        uint32_t x = 0;
        uint32_t y = 0;
        memcpy(&x, a + i, sizeof x);
        memcpy(&y, b + i, sizeof y);
        difference |= x ^ y;
    }
    return difference == 0;
}

bool pf_intern_add(struct pf_intern *table, const void *record, uint16_t *number)
{
    uint32_t bytes = table->record_bytes;
    uint32_t at = hash_record(record, bytes) & table->slot_mask;

    for (; table->slots[at] != 0; at = (at + 1) & table->slot_mask) {
        uint32_t found = table->slots[at] - 1U;
        if (is_same(table->records + (size_t)found * bytes, record, bytes)) {
            *number = (uint16_t)found;
            return true;
        }
    }
    if (table->count == table->max)
        return false;
    memcpy(table->records + (size_t)table->count * bytes, record, bytes);
    *number = (uint16_t)table->count++;
    table->slots[at] = (uint16_t)(*number + 1U);
    return true;
}

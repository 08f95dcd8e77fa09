/* SPDX-License-Identifier: MIT */
#include "profiler/unwind/rule.h"

#include <string.h>

/* What the pool remembers of an expression in order to find it again. */
struct expr_key {
    uint64_t hash;
    uint32_t size;
    uint32_t unused;
};

/* Slots of each table: two for each row there can be, within bounds. A small object is compiled in
 * little memory. */
struct slots {
    uint32_t rules, saves, generals, exprs;
};

static uint32_t slots_for(uint64_t row_max, uint32_t most)
{
    uint32_t slots = 256;

    while (slots < most && slots < 2 * row_max)
        slots *= 2;
    return slots;
}

static struct slots count_slots(uint64_t row_max)
{
    return (struct slots){slots_for(row_max, 1 << 17), slots_for(row_max, 1 << 14),
                          slots_for(row_max, 1 << 12), slots_for(row_max, 1 << 12)};
}

static uint64_t offsets_bytes(struct slots slots)
{
    return slots.exprs / 2 * sizeof(uint32_t);
}

uint64_t pf_rule_book_bytes(uint64_t row_max)
{
    struct slots slots = count_slots(row_max);

    return pf_intern_bytes(sizeof(struct pf_rule), slots.rules)
           + pf_intern_bytes(sizeof(struct pf_saves), slots.saves)
           + pf_intern_bytes(sizeof(struct pf_general), slots.generals)
           + pf_intern_bytes(sizeof(struct expr_key), slots.exprs) + offsets_bytes(slots)
           + PF_EXPR_POOL_BYTES;
}

static uint8_t *init_table(struct pf_intern *table, uint8_t *memory, uint32_t record_bytes,
                           uint32_t slots)
{
    pf_intern_init(table, memory, record_bytes, slots);
    return memory + pf_intern_bytes(record_bytes, slots);
}

void pf_rule_book_init(struct pf_rule_book *book, void *memory, uint64_t row_max)
{
    const struct pf_rule none = {.kind = PF_RULE_NONE};
    struct slots slots = count_slots(row_max);
    struct pf_saves no_saves = {.unused = 0};
    uint16_t zero = 0;
    uint8_t *at = memory;

    at = init_table(&book->rules, at, sizeof(struct pf_rule), slots.rules);
    at = init_table(&book->saves, at, sizeof(struct pf_saves), slots.saves);
    at = init_table(&book->generals, at, sizeof(struct pf_general), slots.generals);
    at = init_table(&book->exprs.keys, at, sizeof(struct expr_key), slots.exprs);
    book->exprs.offsets = (uint32_t *)(void *)at;
    book->exprs.at = at + offsets_bytes(slots);
    book->exprs.used = 0;

    /* Number 0 of both means "nothing". */
    (void)pf_intern_add(&book->rules, &none, &zero);
    for (int i = 0; i < PF_SAVES_COUNT; i++)
        no_saves.at[i] = PF_SAVED_NOT;
    (void)pf_intern_add(&book->saves, &no_saves, &zero);
}

/* Two independent 32-bit halves: a collision would need both and the same size. */
static struct expr_key key_of(struct pf_bytes expr)
{
    const uint8_t *at = expr.at;
    uint64_t a = 0xcbf29ce484222325U;
    uint64_t b = 0x9e3779b97f4a7c15U;

    for (size_t i = 0; i < expr.size; i++) {
        a = (a ^ at[i]) * 0x100000001b3U;
        b = (b + at[i]) * 0xff51afd7ed558ccdU;
    }
    return (struct expr_key){.hash = a << 32 ^ b >> 16, .size = (uint32_t)expr.size};
}

bool pf_expr_pool_add(struct pf_expr_pool *pool, struct pf_bytes expr, int32_t *offset)
{
    struct expr_key key = key_of(expr);
    uint32_t before = pool->keys.count;
    uint16_t number = 0;
    uint16_t size = (uint16_t)expr.size;
    uint32_t end = pool->used + (uint32_t)sizeof size + size;

    if (expr.size == 0 || expr.size > PF_EXPR_MAX || end > PF_EXPR_POOL_BYTES
        || !pf_intern_add(&pool->keys, &key, &number))
        return false;
    if (number == before) {
        pool->offsets[number] = pool->used;
        memcpy(pool->at + pool->used, &size, sizeof size);
        memcpy(pool->at + pool->used + sizeof size, expr.at, size);
        pool->used = end;
    }
    *offset = (int32_t)pool->offsets[number];
    return true;
}

/* SPDX-License-Identifier: MIT */
#include "mocks/generator/gen_symbols.h"

#include <stdlib.h>
#include <string.h>

void mk_gen_symbols_fini(struct mk_gen_symbols *symbols)
{
    free(symbols->items);
    pf_hash_fini(&symbols->by_name);
    pf_arena_fini(&symbols->arena);
    *symbols = (struct mk_gen_symbols){0};
}

static bool is_same(const void *owner, uint32_t id, const void *sought)
{
    const struct mk_gen_symbols *symbols = owner;
    return strcmp(symbols->items[id].name, sought) == 0;
}

static uint32_t find_id(const struct mk_gen_symbols *symbols, const char *name)
{
    return pf_hash_find(&symbols->by_name, pf_hash_bytes(name, strlen(name)), is_same, symbols,
                        name);
}

const struct mk_gen_symbol *mk_gen_symbols_find(const struct mk_gen_symbols *symbols,
                                                const char *name)
{
    uint32_t id = find_id(symbols, name);
    return id == PF_HASH_NONE ? NULL : &symbols->items[id];
}

struct mk_gen_symbol *mk_gen_symbols_enter(struct mk_gen_symbols *symbols, const char *name)
{
    uint32_t id = find_id(symbols, name);

    if (id != PF_HASH_NONE)
        return &symbols->items[id];
    if ((symbols->count & (symbols->count - 1)) == 0) {
        uint32_t capacity = symbols->count ? symbols->count * 2 : 1;
        symbols->items = pf_mem_resize(symbols->items, capacity, sizeof *symbols->items);
    }
    pf_hash_add(&symbols->by_name, pf_hash_bytes(name, strlen(name)), symbols->count);
    struct mk_gen_symbol *symbol = &symbols->items[symbols->count++];
    *symbol = (struct mk_gen_symbol){.name = pf_arena_text(&symbols->arena, name, strlen(name))};
    return symbol;
}

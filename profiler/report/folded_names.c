/* SPDX-License-Identifier: MIT */
#include "profiler/report/folded_names_priv.h"

#include <stdlib.h>
#include <string.h>

#include "profiler/base/arena.h"
#include "profiler/base/hash.h"
#include "profiler/profile/profile.h"

enum { NAMES_FIRST_SLOTS = 1024, NAME_INLINE_BYTES = 16 };

void pf_folded_names_init(struct pf_folded_names *names)
{
    *names = (struct pf_folded_names){.mask = NAMES_FIRST_SLOTS - 1};
    names->slots = pf_mem_new(NAMES_FIRST_SLOTS, sizeof *names->slots);
}

void pf_folded_names_fini(struct pf_folded_names *names)
{
    free(names->slots);
    *names = (struct pf_folded_names){0};
}

static uint64_t load_word(const char *text)
{
    uint64_t word = 0;

    memcpy(&word, text, sizeof word);
    return word;
}

static struct pf_folded_name make_key(const char *text, size_t size)
{
    struct pf_folded_name key = {.size = (uint32_t)size};

    if (size > NAME_INLINE_BYTES) {
        key.low = pf_hash_bytes(text, size);
        key.high = (uint64_t)(uintptr_t)text;
    } else if (size >= sizeof key.low) {
        key.low = load_word(text);
        key.high = load_word(text + size - sizeof key.high);
    } else {
        memcpy(&key.low, text, size);
    }
    return key;
}

static uint32_t hash_key(const struct pf_folded_name *key)
{
    uint64_t high = key->size > NAME_INLINE_BYTES ? 0 : key->high * 0x9e3779b97f4a7c15ULL;

    return (uint32_t)pf_hash_u64((key->low ^ high) + key->size);
}

struct pf_folded_name pf_folded_names_announce(const struct pf_folded_names *names,
                                               const char *text, size_t size)
{
    struct pf_folded_name key = make_key(text, size);

    key.extra = hash_key(&key);
    __builtin_prefetch(&names->slots[key.extra & names->mask]);
    return key;
}

static bool is_same_name(const struct pf_folded_name *a, const struct pf_folded_name *b)
{
    if (a->low != b->low || a->size != b->size)
        return false;
    return a->high == b->high
           || (a->size > NAME_INLINE_BYTES
               /* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): long names have both */
               && memcmp((const void *)(uintptr_t)a->high, (const void *)(uintptr_t)b->high,
                         a->size)
                      == 0);
}

uint32_t pf_folded_names_find(const struct pf_folded_names *names,
                              const struct pf_folded_name *name)
{
    uint32_t at = name->extra & names->mask;

    for (; names->slots[at].size; at = (at + 1) & names->mask)
        if (is_same_name(&names->slots[at], name))
            return names->slots[at].extra;
    return PF_NONE;
}

static void place(struct pf_folded_names *names, const struct pf_folded_name *slot)
{
    uint32_t at = hash_key(slot) & names->mask;

    while (names->slots[at].size)
        at = (at + 1) & names->mask;
    names->slots[at] = *slot;
}

static void grow(struct pf_folded_names *names)
{
    struct pf_folded_names old = *names;

    names->mask = old.mask * 2 + 1;
    names->slots = pf_mem_new((size_t)names->mask + 1, sizeof *names->slots);
    for (uint32_t i = 0; i <= old.mask; i++)
        if (old.slots[i].size)
            place(names, &old.slots[i]);
    free(old.slots);
}

void pf_folded_names_enter(struct pf_folded_names *names, const struct pf_folded_name *name,
                           uint32_t location)
{
    struct pf_folded_name slot = *name;

    slot.extra = location;
    if (++names->count > names->mask / 2)
        grow(names);
    place(names, &slot);
}

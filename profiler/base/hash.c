/* SPDX-License-Identifier: MIT */
#include "profiler/base/hash.h"

#include <stdlib.h>
#include <string.h>

#include "profiler/base/arena.h"

enum { HASH_FIRST_SLOTS = 64 };

void pf_hash_fini(struct pf_hash *hash)
{
    free(hash->slots);
    *hash = (struct pf_hash){0};
}

/* The half of the hash that a slot keeps; it decides the position too, so that growing needs no
 * more. */
static uint32_t kept_half(uint64_t key_hash)
{
    return (uint32_t)(key_hash >> 32);
}

uint32_t pf_hash_find(const struct pf_hash *hash, uint64_t key_hash, pf_hash_same same,
                      const void *owner, const void *sought)
{
    if (!hash->slots)
        return PF_HASH_NONE;

    uint32_t kept = kept_half(key_hash);
    for (uint32_t at = kept & hash->mask;; at = (at + 1) & hash->mask) {
        const struct pf_hash_slot *slot = &hash->slots[at];
        if (slot->id_plus_1 == 0)
            return PF_HASH_NONE;
        if (slot->hash == kept && same(owner, slot->id_plus_1 - 1, sought))
            return slot->id_plus_1 - 1;
    }
}

void pf_hash_announce(const struct pf_hash *hash, uint64_t key_hash)
{
    if (hash->slots)
        __builtin_prefetch(&hash->slots[kept_half(key_hash) & hash->mask]);
}

static void place(struct pf_hash *hash, struct pf_hash_slot slot)
{
    uint32_t at = slot.hash & hash->mask;

    while (hash->slots[at].id_plus_1 != 0)
        at = (at + 1) & hash->mask;
    hash->slots[at] = slot;
}

static void grow(struct pf_hash *hash)
{
    struct pf_hash old = *hash;
    uint32_t count = old.slots ? (old.mask + 1) * 2 : HASH_FIRST_SLOTS;

    hash->slots = pf_mem_new(count, sizeof *hash->slots);
    hash->mask = count - 1;
    for (uint32_t i = 0; old.slots && i <= old.mask; i++)
        if (old.slots[i].id_plus_1 != 0)
            place(hash, old.slots[i]);
    free(old.slots);
}

void pf_hash_add(struct pf_hash *hash, uint64_t key_hash, uint32_t id)
{
    /* At most three quarters full: probes stay short. */
    if (!hash->slots || hash->count >= (hash->mask / 4 + 1) * 3 - 1)
        grow(hash);
    place(hash, (struct pf_hash_slot){kept_half(key_hash), id + 1});
    hash->count++;
}

/* The finaliser of MurmurHash3 (public domain): every input bit flips half of the output's. */
uint64_t pf_hash_u64(uint64_t value)
{
    value ^= value >> 33;
    value *= 0xff51afd7ed558ccdULL;
    value ^= value >> 33;
    value *= 0xc4ceb9fe1a85ec53ULL;
    value ^= value >> 33;
    return value;
}

uint64_t pf_hash_bytes(const void *bytes, size_t size)
{
    const uint8_t *at = bytes;
    uint64_t hash = 0x9e3779b97f4a7c15ULL ^ size;
    uint64_t word = 0;

    for (; size >= sizeof word; at += sizeof word, size -= sizeof word) {
        memcpy(&word, at, sizeof word);
        hash = (hash ^ word) * 0xff51afd7ed558ccdULL;
        hash ^= hash >> 32;
    }
    word = 0;
    if (size)
        memcpy(&word, at, size);
    return pf_hash_u64(hash ^ word);
}

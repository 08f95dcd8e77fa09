/*
 * A hash table of 32-bit ids: the owner keeps the items, the table finds them.
 *
 * Strings, stacks, locations and functions are all "an array of items without duplicates"; this is
 * the index over such an array. It stores (hash, id) only and asks the owner whether an id equals
 * the item sought.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_BASE_HASH_H
#define PROFILER_BASE_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PF_HASH_NONE UINT32_MAX /* wider than an enumerator of ISO C may be */

struct pf_hash_slot {
    uint32_t hash;
    uint32_t id_plus_1; /* 0: empty */
};

struct pf_hash {
    struct pf_hash_slot *slots;
    uint32_t mask;
    uint32_t count;
};

/* Does the item with this id equal the one that sought describes? */
typedef bool (*pf_hash_same)(const void *owner, uint32_t id, const void *sought);

void pf_hash_fini(struct pf_hash *hash);

/* The id of the equal item, or PF_HASH_NONE. */
uint32_t pf_hash_find(const struct pf_hash *hash, uint64_t key_hash, pf_hash_same same,
                      const void *owner, const void *sought);

/* The key will be sought soon: its slot is fetched from memory meanwhile. */
void pf_hash_announce(const struct pf_hash *hash, uint64_t key_hash);

/* Enter an id that pf_hash_find did not find. Grows by itself; amortised O(1). */
void pf_hash_add(struct pf_hash *hash, uint64_t key_hash, uint32_t id);

/* 64-bit hash of bytes, and of one word; good in all bits, not secret, not for untrusted key
 * floods. */
uint64_t pf_hash_bytes(const void *bytes, size_t size);
uint64_t pf_hash_u64(uint64_t value);

#endif

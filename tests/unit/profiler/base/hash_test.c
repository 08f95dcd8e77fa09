/* SPDX-License-Identifier: MIT */
#include "profiler/base/hash.h"

#include <criterion/criterion.h>

static bool same(const void *owner, uint32_t id, const void *sought)
{
    const uint64_t *items = owner;
    const uint64_t *value = sought;
    return items[id] == *value;
}

Test(hash, empty_table_finds_nothing)
{
    struct pf_hash hash = {0};
    uint64_t sought = 1;

    cr_assert_eq(pf_hash_find(&hash, pf_hash_u64(sought), same, NULL, &sought), PF_HASH_NONE);
    pf_hash_fini(&hash);
}

Test(hash, every_item_is_found_after_growing)
{
    enum { COUNT = 100000 };
    static uint64_t items[COUNT];
    struct pf_hash hash = {0};

    for (uint32_t i = 0; i < COUNT; i++) {
        items[i] = (uint64_t)i * 4096;
        pf_hash_add(&hash, pf_hash_u64(items[i]), i);
    }

    for (uint32_t i = 0; i < COUNT; i++)
        cr_assert_eq(pf_hash_find(&hash, pf_hash_u64(items[i]), same, items, &items[i]), i);
    uint64_t absent = 1;
    cr_assert_eq(pf_hash_find(&hash, pf_hash_u64(absent), same, items, &absent), PF_HASH_NONE);
    pf_hash_fini(&hash);
}

Test(hash, announcing_changes_nothing_even_in_an_empty_table)
{
    uint64_t item = 7;
    struct pf_hash hash = {0};

    pf_hash_announce(&hash, pf_hash_u64(item));
    pf_hash_add(&hash, pf_hash_u64(item), 0);
    pf_hash_announce(&hash, pf_hash_u64(item));
    pf_hash_announce(&hash, pf_hash_u64(8));

    cr_assert_eq(pf_hash_find(&hash, pf_hash_u64(item), same, &item, &item), 0);
    cr_assert_eq(hash.count, 1);
    pf_hash_fini(&hash);
}

Test(hash, equal_hashes_are_told_apart_by_the_owner)
{
    uint64_t items[] = {7, 8};
    struct pf_hash hash = {0};

    pf_hash_add(&hash, 42, 0);
    pf_hash_add(&hash, 42, 1);
    cr_assert_eq(pf_hash_find(&hash, 42, same, items, &items[1]), 1);
    pf_hash_fini(&hash);
}

Test(hash, bytes_differ_by_size_and_tail)
{
    cr_assert_neq(pf_hash_bytes("a", 1), pf_hash_bytes("a\0", 2));
    cr_assert_neq(pf_hash_bytes("12345678a", 9), pf_hash_bytes("12345678b", 9));
    cr_assert_eq(pf_hash_bytes("", 0), pf_hash_bytes("x", 0));
}

/* SPDX-License-Identifier: MIT */
#include "profiler/trace/region_stacks.h"

#include <string.h>

/* Odd random multipliers (splitmix64), one a frame: the sum of products depends on every pc and its
 * place, and unlike a chain of multiplications no frame waits for the one before. */
static const uint64_t multipliers[PF_STACK_PIECE] = {
    0x6e789e6aa1b965f5ull, 0x06c45d188009454full, 0xf88bb8a8724c81edull, 0x1b39896a51a8749bull,
    0x53cb9f0c747ea2ebull, 0x2c829abe1f4532e1ull, 0xc584133ac916ab3dull, 0x3ee5789041c98ac3ull,
    0xf3b8488c368cb0a7ull, 0x657eecdd3cb13d09ull, 0xc2d326e0055bdef7ull, 0x8621a03fe0bbdb7bull,
    0x8e1f7555983aa92full, 0xb54e0f1600cc4d19ull, 0x84bb3f97971d80abull, 0x7d29825c75521255ull,
    0xc3cf17102b7f7f87ull, 0x3466e9a083914f65ull, 0xd81a8d2b5a4485adull, 0xdb01602b100b9ed7ull,
    0xa9038a921825f10dull, 0xedf5f1d90dca2f6bull, 0x54496ad67bd2634dull, 0xdd7c01d4f5407269ull,
    0x935e82f1db4c4f7bull, 0x69b82ebc92233301ull, 0x40d29eb57de1d511ull, 0xa2f09dabb45c6317ull,
    0xee521d7a0f4d3873ull, 0xf16952ee72f3454full, 0x377d35dea8e40225ull, 0x0c7de8064963bab1ull,
    0x05582d37111ac529ull, 0xd254741f599dc6f7ull, 0x69630f7593d108c3ull, 0x417ef96181daa383ull,
    0x3c3c41a3b43343a1ull, 0x6e19905dcbe531dfull, 0x4fa9fa7324851729ull, 0x84eb4454a792922bull,
    0x134f7096918175cfull, 0x07dc930b302278a9ull, 0x12c015a97019e937ull, 0xcc06c31652ebf439ull,
    0xecee65630a691e37ull, 0x3e84ecb1763e79adull, 0x690ed476743aae49ull, 0x774615d7b1a1f2e1ull,
    0x22b353f04f4f52dbull, 0xe3ddd86ba71a5eb1ull, 0xdf268adeb6513357ull, 0x2098eb73d4367d77ull,
    0x03d6845323ce3c71ull, 0xc952c5620043c715ull, 0x9b196bca844f1705ull, 0x30260345dd9e0ec1ull,
    0xcf448a5882bb9699ull, 0xf4a578dccbc87657ull, 0xbfdeaed9a17b3c8full, 0xed79402d1d5c5d7bull,
    0x55f070ab1cbbf171ull, 0x3e00a34929a88f1dull, 0xe255b237b8bb18fbull, 0x2a7b67af6c6ad50full,
};

/* One entry's part of a stack; outer: the number of the piece its outermost frame returns into. */
struct piece {
    const uint64_t *pcs;
    uint32_t count, outer, flags;
};

/* Never 0. */
static uint64_t hash_piece(const struct piece *piece)
{
    uint64_t sum = piece->count + piece->outer * 0x9e3779b97f4a7c15ull;

    for (uint32_t i = 0; i < piece->count; i++)
        sum += piece->pcs[i] * multipliers[i];
    sum = (sum ^ sum >> 32) * 0xd6e8feb86659fd93ull;
    sum ^= sum >> 32;
    return sum ? sum : 1;
}

static struct pf_stack_entry *entries(const struct pf_region *region)
{
    return (struct pf_stack_entry *)pf_region_part(region, region->stacks_at);
}

static uint64_t *words_at(const struct pf_region *region, uint32_t at)
{
    return (uint64_t *)pf_region_part(region, region->pcs_at) + at;
}

/* The words of a new piece; 0 when full, else their place plus one. */
static uint32_t store_words(struct pf_region *region, const struct piece *piece)
{
    uint32_t count = piece->count + (piece->outer != 0);

    if (atomic_load_explicit(&region->pc_next, memory_order_relaxed) + count
        > region->sizes.pc_count)
        return 0;

    uint32_t at = atomic_fetch_add(&region->pc_next, count);
    if ((uint64_t)at + count > region->sizes.pc_count)
        return 0;
    uint64_t *to = words_at(region, at);
    for (uint32_t i = 0; i < piece->count; i++)
        to[i] = piece->pcs[i];
    if (piece->outer)
        to[piece->count] = piece->outer;
    return at + 1;
}

static void fill(struct pf_region *region, struct pf_stack_entry *entry, const struct piece *piece)
{
    uint32_t at = store_words(region, piece);
    uint32_t flags = piece->flags | (piece->outer ? PF_STACK_HAS_OUTER : 0);

    if (at == 0)
        atomic_fetch_add(&region->stacks_dropped, 1);
    atomic_store_explicit(&entry->pc_count, (uint16_t)piece->count, memory_order_relaxed);
    atomic_store_explicit(&entry->flags, (uint16_t)flags, memory_order_relaxed);
    atomic_store_explicit(&entry->pc_at, at, memory_order_release);
}

static uint32_t intern_piece(struct pf_region *region, const struct piece *piece)
{
    uint64_t hash = hash_piece(piece);
    struct pf_stack_entry *level = entries(region);
    uint32_t first = 0;

    for (uint32_t n = 0; n < PF_STACK_LEVELS; n++) {
        uint32_t size = 1u << (PF_STACK_FIRST_SHIFT + 2 * n);
        for (uint32_t probe = 0; probe < PF_STACK_PROBES; probe++) {
            uint32_t at = ((uint32_t)(hash >> 20) + probe) & (size - 1);
            struct pf_stack_entry *entry = &level[at];
            uint64_t found = atomic_load_explicit(&entry->hash, memory_order_relaxed);
            if (found == 0 && atomic_compare_exchange_strong(&entry->hash, &found, hash)) {
                fill(region, entry, piece);
                return PF_STACK_FIRST + first + at;
            }
            if (found == hash)
                return PF_STACK_FIRST + first + at;
        }
        level += size;
        first += size;
    }
    atomic_fetch_add(&region->stacks_dropped, 1);
    return PF_STACK_UNKNOWN;
}

/* Outer pieces are whole, so that two stacks with the same outer frames have the same pieces. */
uint32_t pf_stack_intern(struct pf_region *region, const uint64_t *pcs, uint32_t count,
                         uint32_t flags)
{
    struct piece piece = {.pcs = pcs, .count = count, .flags = flags};

    while (count > PF_STACK_PIECE) {
        count -= PF_STACK_PIECE;
        piece.pcs = pcs + count;
        piece.count = PF_STACK_PIECE;
        piece.outer = intern_piece(region, &piece);
        if (piece.outer == PF_STACK_UNKNOWN)
            return PF_STACK_UNKNOWN;
    }
    piece.pcs = pcs;
    piece.count = count;
    return intern_piece(region, &piece);
}

/* A number's piece; its pcs lie in the region. False: none, not finished, or damaged. */
static bool find_piece(const struct pf_region *region, uint32_t number, struct piece *piece)
{
    if (number < PF_STACK_FIRST || number - PF_STACK_FIRST >= PF_STACKS_ENTRIES)
        return false;

    const struct pf_stack_entry *entry = &entries(region)[number - PF_STACK_FIRST];
    uint32_t at = atomic_load_explicit(&entry->pc_at, memory_order_acquire);
    uint32_t count = atomic_load_explicit(&entry->pc_count, memory_order_relaxed);
    uint32_t flags = atomic_load_explicit(&entry->flags, memory_order_relaxed);
    uint32_t words = count + !!(flags & PF_STACK_HAS_OUTER);
    if (at == 0 || count == 0 || count > PF_STACK_PIECE
        || (uint64_t)at - 1 + words > region->sizes.pc_count)
        return false;
    *piece = (struct piece){.pcs = words_at(region, at - 1), .count = count, .flags = flags};
    if (flags & PF_STACK_HAS_OUTER)
        piece->outer = (uint32_t)piece->pcs[count];
    return true;
}

/* What leads in a circle ends where the array does. */
uint32_t pf_stack_read(const struct pf_region *region, uint32_t stack, uint64_t *pcs,
                       uint32_t *flags)
{
    struct piece piece = {0};
    uint32_t count = 0;

    *flags = 0;
    if (!find_piece(region, stack, &piece))
        return 0;
    *flags = piece.flags & ~(uint32_t)PF_STACK_HAS_OUTER;
    for (;;) {
        memcpy(pcs + count, piece.pcs, piece.count * sizeof *pcs);
        count += piece.count;
        if (!(piece.flags & PF_STACK_HAS_OUTER))
            return count;
        if (!find_piece(region, piece.outer, &piece) || count + piece.count > PF_STACK_DEPTH_MAX)
            break;
    }
    *flags |= PF_STACK_TRUNCATED;
    return count;
}

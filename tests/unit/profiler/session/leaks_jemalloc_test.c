/* SPDX-License-Identifier: MIT */
#include "profiler/session/leaks_jemalloc.h"

#include <criterion/criterion.h>
#include <string.h>

enum { SIZE = 2 << 20, BINS = 20, BIN_WORDS = 3, STACK_BYTES = 64 };

#define BASE UINT64_C(0x7f0000200000)

struct base_case {
    uint64_t address, words[PF_JEMALLOC_BASE_WORDS];
    bool is_one;
};

Test(leaks_jemalloc, metadata_is_known_by_the_sum_of_what_is_used_and_what_is_not)
{
    static const struct base_case cases[] = {
        {BASE, {SIZE, 0, 7, BASE + 0x1000, SIZE - 0x1000}, true},
        {BASE, {SIZE, BASE - SIZE, 7, BASE + 0x1000, SIZE - 0x1000}, true},
        {BASE, {SIZE, 0, 7, BASE + SIZE, 0}, true},
        {BASE + 4096, {SIZE, 0, 7, BASE + 0x2000, SIZE - 0x1000}, false},
        {BASE, {0, 0, 0, 0, 0}, false},
        {BASE, {SIZE, 4096, 7, BASE + 0x1000, SIZE - 0x1000}, false},
        {BASE, {SIZE + 4096, 0, 7, BASE + 0x1000, SIZE}, false},
        {BASE, {SIZE, 0, 7, BASE + 0x1000, SIZE}, false},
        {BASE, {SIZE, 0, 7, BASE - 0x1000, SIZE + 0x1000}, false},
    };

    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t size = 0;
        cr_expect_eq(pf_jemalloc_is_base(cases[i].address, cases[i].words, &size), cases[i].is_one,
                     "case %u", i);
        cr_expect_eq(size, cases[i].is_one ? (uint64_t)SIZE : 0, "case %u", i);
    }
}

/* A thread's cache: bins whose stacks follow each other from first on, each half used. */
static void make_bins(uint64_t *words, unsigned count, uint64_t first)
{
    for (unsigned i = 0; i < count; i++) {
        uint64_t full = first + (uint64_t)i * STACK_BYTES;
        uint64_t empty = full + STACK_BYTES;
        words[(size_t)i * BIN_WORDS] = full + STACK_BYTES / 2;
        words[(size_t)i * BIN_WORDS + 1] = i;
        words[(size_t)i * BIN_WORDS + 2] =
            (empty & 0xffff) | (full & 0xffff) << 16 | (empty & 0xffff) << 32;
    }
}

static struct pf_leaks_spans caches_in(const uint64_t *words, size_t bytes)
{
    struct pf_leak_range range = {0x7f1000000008, (const uint8_t *)words, bytes};
    struct pf_leaks_spans found = {0};

    pf_jemalloc_caches(&range, &found);
    return found;
}

/* The low bits of the ends come round within the row. */
Test(leaks_jemalloc, a_row_of_bins_names_the_array_their_stacks_lie_in)
{
    static const uint64_t first = 0x7f000001fe00;
    uint64_t words[BINS * BIN_WORDS + 10] = {0};
    make_bins(words + 5, BINS, first);

    struct pf_leaks_spans found = caches_in(words, sizeof words);

    cr_assert_eq(found.count, 1);
    cr_expect_eq(found.at[0].start, first);
    cr_expect_eq(found.at[0].end, first + (uint64_t)BINS * STACK_BYTES);
    pf_leaks_spans_fini(&found);
}

Test(leaks_jemalloc, a_short_or_broken_row_is_no_cache)
{
    uint64_t words[BINS * BIN_WORDS];
    make_bins(words, BINS, 0x7f0000010000);

    cr_expect_eq(caches_in(words, (size_t)15 * BIN_WORDS * sizeof *words).count, 0);
    words[(size_t)10 * BIN_WORDS] += 0x10000;
    cr_expect_eq(caches_in(words, sizeof words).count, 0);
    memset(words, 0, sizeof words);
    cr_expect_eq(caches_in(words, sizeof words).count, 0);
    memset(words, 0xff, sizeof words);
    cr_expect_eq(caches_in(words, sizeof words).count, 0);
    cr_expect_eq(caches_in(words, 7).count, 0);
}

/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "profiler/leak/leak_graph.h"
#include "profiler/leak/leak_index.h"

/* The answer by looking at all of them. */
static uint32_t slow_find(const struct pf_leak_block *blocks, uint32_t count, uint64_t address)
{
    for (uint32_t i = count; i-- > 0;) {
        uint64_t size = blocks[i].size_bytes ? blocks[i].size_bytes : 1;
        if (blocks[i].start <= address)
            return address - blocks[i].start < size ? i : PF_LEAK_NO_BLOCK;
    }
    return PF_LEAK_NO_BLOCK;
}

Test(leak_index, finds_what_a_search_through_all_finds)
{
    enum { COUNT = 3000 };
    static struct pf_leak_block blocks[COUNT];
    struct pf_leak_index index;
    uint64_t address = 0x1000;

    srandom(1);
    for (unsigned i = 0; i < COUNT; i++) {
        uint64_t size = (uint64_t)random() % (i % 100 == 0 ? 100000 : 300);
        uint64_t gap = i % 500 == 0 ? 1ull << 40 : (uint64_t)random() % 64 / 16 * 16;
        address += gap;
        blocks[i] = (struct pf_leak_block){.start = address, .size_bytes = size};
        address += size + 16;
    }
    pf_leak_index_init(&index, blocks, COUNT);

    for (unsigned i = 0; i < COUNT; i++) {
        const uint64_t probes[] = {blocks[i].start - 1,
                                   blocks[i].start,
                                   blocks[i].start + 1,
                                   blocks[i].start + blocks[i].size_bytes / 2,
                                   blocks[i].start + blocks[i].size_bytes - 1,
                                   blocks[i].start + blocks[i].size_bytes};
        for (unsigned n = 0; n < sizeof probes / sizeof *probes; n++)
            cr_assert_eq(pf_leak_index_find(&index, probes[n]), slow_find(blocks, COUNT, probes[n]),
                         "block %u, probe %u", i, n);
    }
    pf_leak_index_fini(&index);
}

Test(leak_index, an_empty_one_finds_nothing)
{
    struct pf_leak_index index;

    pf_leak_index_init(&index, NULL, 0);

    cr_assert_eq(pf_leak_index_find(&index, 0), PF_LEAK_NO_BLOCK);
    cr_assert_eq(pf_leak_index_find(&index, UINT64_MAX), PF_LEAK_NO_BLOCK);
    pf_leak_index_fini(&index);
}

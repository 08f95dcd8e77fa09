/* SPDX-License-Identifier: MIT */
#include "profiler/trace/region_stacks.h"

#include <criterion/criterion.h>
#include <sys/mman.h>

static struct pf_region *region;
static uint64_t region_bytes;
static uint64_t found[PF_STACK_DEPTH_MAX];
static uint32_t flags;

static void make(uint32_t pc_count)
{
    struct pf_region_sizes sizes = {.leaf_count = 1,
                                    .pc_count = pc_count,
                                    .module_count = 1,
                                    .thread_count = 1,
                                    .work_bytes = PF_REGION_PAGE};

    region_bytes = pf_region_bytes(&sizes);
    region = mmap(NULL, region_bytes, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    cr_assert_neq(region, MAP_FAILED);
    pf_region_init(region, &sizes);
}

static void make_roomy(void)
{
    make(1 << 16);
}

static void unmap(void)
{
    (void)munmap(region, region_bytes);
}

TestSuite(region_stacks, .init = make_roomy, .fini = unmap);

/* As many frames as depth, the innermost differs by leaf. */
static uint32_t intern_deep(uint32_t depth, uint64_t leaf)
{
    static uint64_t pcs[PF_STACK_DEPTH_MAX];

    for (uint32_t i = 0; i < depth; i++)
        pcs[i] = 0x1000 + depth - i;
    pcs[0] = leaf;
    return pf_stack_intern(region, pcs, depth, 0);
}

static struct pf_stack_entry *entry_of(uint32_t stack)
{
    struct pf_stack_entry *entries = pf_region_part(region, region->stacks_at);

    return &entries[stack - PF_STACK_FIRST];
}

Test(region_stacks, interns_equal_stacks_once)
{
    const uint64_t a[] = {1, 2, 3};
    const uint64_t b[] = {1, 3, 2};

    uint32_t first = pf_stack_intern(region, a, 3, 0);
    uint32_t other = pf_stack_intern(region, b, 3, 0);
    uint32_t shorter = pf_stack_intern(region, a, 2, 0);

    cr_assert_geq(first, PF_STACK_FIRST);
    cr_assert_eq(pf_stack_intern(region, a, 3, 0), first);
    cr_assert_neq(first, other);
    cr_assert_neq(first, shorter);
}

Test(region_stacks, hands_a_stack_back)
{
    const uint64_t pcs[] = {0x401000, 0x402000};
    uint32_t said = PF_STACK_TRUNCATED | 5 << PF_STACK_REASON_SHIFT;

    uint32_t stack = pf_stack_intern(region, pcs, 2, said);

    cr_assert_eq(pf_stack_read(region, stack, found, &flags), 2);
    cr_assert_eq(found[0], 0x401000);
    cr_assert_eq(found[1], 0x402000);
    cr_assert_eq(flags, said);
}

Test(region_stacks, hands_back_every_depth_up_to_the_most)
{
    static const uint32_t depths[] = {1, 63, 64, 65, 127, 128, 129, 500, 1023, 1024};

    for (unsigned i = 0; i < sizeof depths / sizeof depths[0]; i++) {
        uint32_t stack = intern_deep(depths[i], 7);
        cr_assert_eq(pf_stack_read(region, stack, found, &flags), depths[i]);
        cr_assert_eq(flags, 0);
        cr_assert_eq(found[0], 7);
        for (uint32_t frame = 1; frame < depths[i]; frame++)
            cr_assert_eq(found[frame], 0x1000 + depths[i] - frame, "frame %u of %u", frame,
                         depths[i]);
        cr_assert_eq(intern_deep(depths[i], 7), stack);
    }
}

Test(region_stacks, a_recursion_keeps_its_outer_frames_once)
{
    (void)intern_deep(PF_STACK_DEPTH_MAX, 7);
    uint32_t before = atomic_load(&region->pc_next);

    uint32_t other = intern_deep(PF_STACK_DEPTH_MAX, 8);

    cr_assert_eq(pf_stack_read(region, other, found, &flags), PF_STACK_DEPTH_MAX);
    cr_assert_eq(found[0], 8);
    cr_assert_leq(atomic_load(&region->pc_next) - before, PF_STACK_PIECE + 1);
}

Test(region_stacks, numbers_that_are_no_stack_read_as_none)
{
    cr_assert_eq(pf_stack_read(region, PF_STACK_UNKNOWN, found, &flags), 0);
    cr_assert_eq(pf_stack_read(region, UINT32_MAX, found, &flags), 0);
    cr_assert_eq(pf_stack_read(region, PF_STACK_FIRST + PF_STACKS_ENTRIES, found, &flags), 0);
    cr_assert_eq(pf_stack_read(region, PF_STACK_FIRST, found, &flags), 0, "nobody entered it");
}

Test(region_stacks, counts_stacks_that_find_no_room_for_their_words)
{
    unmap();
    make(PF_STACK_PIECE);
    (void)intern_deep(PF_STACK_PIECE, 7);

    uint32_t second = intern_deep(PF_STACK_PIECE, 8);

    cr_assert_eq(atomic_load(&region->stacks_dropped), 1);
    cr_assert_eq(pf_stack_read(region, second, found, &flags), 0);
}

Test(region_stacks, a_stack_whose_outer_frames_are_missing_is_cut_off)
{
    uint32_t stack = intern_deep(PF_STACK_PIECE + 10, 7);
    const uint64_t *words = pf_region_part(region, region->pcs_at);
    uint32_t outer = (uint32_t)words[atomic_load(&region->pc_next) - 1];

    atomic_store(&entry_of(outer)->pc_at, 0);

    cr_assert_eq(pf_stack_read(region, stack, found, &flags), 10);
    cr_assert_eq(flags, PF_STACK_TRUNCATED);
}

Test(region_stacks, a_chain_that_leads_in_a_circle_ends)
{
    uint32_t stack = intern_deep(PF_STACK_PIECE + 10, 7);
    uint64_t *words = pf_region_part(region, region->pcs_at);

    words[atomic_load(&region->pc_next) - 1] = stack;

    cr_assert_leq(pf_stack_read(region, stack, found, &flags), PF_STACK_DEPTH_MAX);
    cr_assert_eq(flags, PF_STACK_TRUNCATED);
}

Test(region_stacks, a_corrupt_entry_reads_nothing_outside)
{
    uint32_t stack = intern_deep(1, 7);

    atomic_store(&entry_of(stack)->pc_at, UINT32_MAX);
    cr_assert_eq(pf_stack_read(region, stack, found, &flags), 0);
    atomic_store(&entry_of(stack)->pc_at, 1);
    atomic_store(&entry_of(stack)->pc_count, PF_STACK_PIECE + 1);
    cr_assert_eq(pf_stack_read(region, stack, found, &flags), 0);
}

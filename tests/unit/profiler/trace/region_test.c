/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>

#include "profiler/trace/region.h"
#include "profiler/trace/region_live.h"
#include "profiler/trace/region_modules.h"
#include "profiler/trace/region_stacks.h"
#include "profiler/trace/region_threads.h"

static const struct pf_region_sizes SMALL = {
    .leaf_count = 3, .pc_count = 64, .module_count = 2, .thread_count = 4, .work_bytes = 4096};

static struct pf_region *region;
static uint64_t region_bytes;

static void make(const struct pf_region_sizes *sizes)
{
    region_bytes = pf_region_bytes(sizes);
    region = mmap(NULL, region_bytes, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    cr_assert_neq(region, MAP_FAILED);
    pf_region_init(region, sizes);
}

static void make_small(void)
{
    make(&SMALL);
}

static void unmap(void)
{
    (void)munmap(region, region_bytes);
}

TestSuite(region, .init = make_small, .fini = unmap);

static bool put(uint64_t start, uint64_t size, uint32_t stack)
{
    struct pf_live_block block = {
        .start = start, .size_bytes = size, .stack = stack, .tid = 7, .born_ms = 9};
    return pf_live_put(region, &block);
}

static bool take(uint64_t start)
{
    uint64_t what;
    uint64_t whence;
    return pf_live_take(region, start, &what, &whence);
}

static uint32_t blocks_in(struct pf_live_block *out, uint32_t capacity)
{
    uint32_t count = 0;

    for (uint32_t leaf = 1; leaf < pf_live_leaf_end(region); leaf++) {
        uint64_t base;
        if (!pf_live_leaf_base(region, leaf, &base))
            continue;
        for (uint32_t i = 0; i < PF_LIVE_LEAF_SLOTS && count < capacity; i++)
            count += pf_live_slot_read(&out[count], &pf_live_leaf_slots(region, leaf)[i], base, i);
    }
    return count;
}

Test(region, is_recognised_and_a_foreign_one_is_not)
{
    cr_assert(pf_region_check(region, region_bytes));
    cr_assert_not(pf_region_check(region, region_bytes - 1));
    cr_assert_not(pf_region_check(region, 8));

    region->pcs_at += 64;

    cr_assert_not(pf_region_check(region, region_bytes), "a part moved");
    region->pcs_at -= 64;
    region->version++;
    cr_assert_not(pf_region_check(region, region_bytes), "another version");
}

Test(region, refuses_sizes_that_do_not_fit)
{
    region->sizes.leaf_count = UINT32_MAX;
    cr_assert_not(pf_region_check(region, region_bytes));
}

Test(region, keeps_a_block_exactly)
{
    struct pf_live_block found;

    cr_assert(put(0x555555559010, 24, 77));

    cr_assert_eq(blocks_in(&found, 1), 1);
    cr_assert_eq(found.start, 0x555555559010);
    cr_assert_eq(found.size_bytes, 24);
    cr_assert_eq(found.stack, 77);
    cr_assert_eq(found.tid, 7);
    cr_assert_eq(found.born_ms, 9);
}

Test(region, tells_neighbours_32_bytes_apart)
{
    struct pf_live_block found[3];

    for (uint64_t i = 0; i < 3; i++)
        cr_assert(put(0x7f0000001010 + 32 * i, 24, 20));
    cr_assert(take(0x7f0000001030));

    cr_assert_eq(blocks_in(found, 3), 2);
    cr_assert_eq(found[0].start, 0x7f0000001010);
    cr_assert_eq(found[1].start, 0x7f0000001050);
}

Test(region, takes_a_block_once)
{
    cr_assert(put(0x1000, 1, 20));

    cr_assert(take(0x1000));
    cr_assert_not(take(0x1000));
    cr_assert_not(take(0x7fffffff0000), "never seen");
}

Test(region, puts_back_what_was_taken)
{
    struct pf_live_block found;
    uint64_t what;
    uint64_t whence;

    cr_assert(put(0x2000, 5, 21));
    cr_assert(pf_live_take(region, 0x2000, &what, &whence));
    pf_live_put_back(region, 0x2000, what, whence);

    cr_assert_eq(blocks_in(&found, 1), 1);
    cr_assert_eq(found.size_bytes, 5);
    cr_assert_eq(found.stack, 21);
}

Test(region, remembers_that_a_block_began_where_none_is_any_more)
{
    cr_assert(put(0x2000, 5, 21));
    cr_assert(take(0x2000));

    cr_expect(pf_live_slot_was_used(pf_live_slot_find(region, 0x2000)));
    cr_expect_not(pf_live_slot_was_used(pf_live_slot_find(region, 0x2020)));
}

Test(region, refuses_blocks_when_leaves_have_run_out)
{
    cr_assert(put(0x10000000, 1, 20));
    cr_assert(put(0x20000000, 1, 20));

    cr_assert_not(put(0x30000000, 1, 20), "2 usable leaves");
    cr_assert(put(0x10000040, 1, 20), "near a known one");
}

Test(region, refuses_addresses_no_user_can_have)
{
    cr_assert_not(put(1ull << 47, 1, 20));
    cr_assert_not(put(UINT64_MAX - 15, 1, 20));
}

Test(region, bounds_a_size_that_is_too_large_to_keep)
{
    struct pf_live_block found;

    cr_assert(put(0x3000, UINT64_MAX, 20));

    cr_assert_eq(blocks_in(&found, 1), 1);
    cr_assert_eq(found.size_bytes, (1ull << PF_LIVE_SIZE_BITS) - 1);
    cr_assert_eq(found.stack, 20);
}

Test(region, a_corrupt_directory_leads_nowhere)
{
    cr_assert(put(0x10000000, 1, 20));
    uint32_t *directory = pf_region_part(region, region->directory_at);
    directory[0x10000000 >> PF_LIVE_LEAF_SHIFT] = 4000000;

    cr_assert_null(pf_live_slot_find(region, 0x10000000));
}

Test(region, keeps_modules_in_order_and_counts_those_too_many)
{
    struct pf_region_module module = {.start = 1, .end = 2, .path = "/a"};

    cr_assert(pf_module_add(region, &module));
    (void)strcpy(module.path, "/b");
    cr_assert(pf_module_add(region, &module));
    cr_assert_not(pf_module_add(region, &module));

    cr_assert_str_eq(pf_module_view(region, 1)->path, "/b");
    cr_assert_null(pf_module_view(region, 2));
    cr_assert_eq(atomic_load(&region->modules_dropped), 1);
}

Test(region, hides_a_module_whose_words_are_damaged)
{
    struct pf_region_module module = {.start = 1, .end = 2, .path = "/a"};
    cr_assert(pf_module_add(region, &module));
    struct pf_region_module *stored = pf_region_part(region, region->modules_at);

    memset(stored->path, 'x', sizeof stored->path);
    cr_assert_null(pf_module_view(region, 0), "a path without an end");
    stored->path[0] = 0;
    stored->build_id_size = 1000;
    cr_assert_null(pf_module_view(region, 0), "a build id beyond its field");
}

Test(region, gives_each_thread_a_slot_and_the_rest_a_common_one)
{
    struct pf_region_thread *shared = pf_region_part(region, region->threads_at);

    struct pf_region_thread *a = pf_thread_claim(region, 100);
    struct pf_region_thread *b = pf_thread_claim(region, 101);
    struct pf_region_thread *c = pf_thread_claim(region, 102);
    struct pf_region_thread *late = pf_thread_claim(region, 103);

    cr_assert(a != b && b != c && a != c && a != shared);
    cr_assert_eq(late, shared);
    cr_assert_eq(atomic_load(&region->threads_shared), 1);
}

static bool is_odd(const void *unused, uint32_t tid)
{
    (void)unused;
    return tid % 2 == 1;
}

Test(region, gives_a_slot_again_when_its_thread_ended)
{
    for (uint32_t tid = 100; tid < 103; tid++)
        (void)pf_thread_claim(region, tid);

    pf_thread_release_gone(region, is_odd, NULL);
    struct pf_region_thread *again = pf_thread_claim(region, 104);

    cr_assert_neq(again, pf_region_part(region, region->threads_at));
    cr_assert_eq(atomic_load(&again->tid), 104);
}

Test(region, sums_counters_over_slots_also_of_ended_threads)
{
    pf_thread_count(pf_thread_claim(region, 1), PF_COUNT_ALLOCS, 2);
    pf_thread_release_gone(region, is_odd, NULL);
    pf_thread_count(pf_thread_claim(region, 2), PF_COUNT_ALLOCS, 3);

    cr_assert_eq(pf_thread_sum(region, PF_COUNT_ALLOCS), 5);
}

enum { RACERS = 4, RACE_STACKS = 2000 };

static void *intern_many(void *numbers)
{
    uint32_t *out = numbers;

    for (uint64_t i = 0; i < RACE_STACKS; i++)
        out[i] = pf_stack_intern(region, &i, 1, 0);
    return NULL;
}

Test(region_race, threads_agree_on_the_numbers_of_stacks)
{
    static uint32_t numbers[RACERS][RACE_STACKS];
    struct pf_region_sizes sizes = SMALL;
    pthread_t threads[RACERS];

    sizes.pc_count = 100000;
    make(&sizes);
    for (unsigned i = 0; i < RACERS; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, intern_many, numbers[i]), 0);
    for (unsigned i = 0; i < RACERS; i++)
        (void)pthread_join(threads[i], NULL);

    for (unsigned i = 1; i < RACERS; i++)
        cr_assert_arr_eq(numbers[i], numbers[0], sizeof numbers[0]);
    unmap();
}

static void *put_many(void *from)
{
    for (uint64_t i = 0; i < 1000; i++)
        (void)put((uint64_t)(uintptr_t)from + i * 64, 8, 20);
    return NULL;
}

Test(region_race, threads_that_meet_in_a_new_leaf_lose_no_block)
{
    static struct pf_live_block found[RACERS * 1000 + 1];
    struct pf_region_sizes sizes = SMALL;
    pthread_t threads[RACERS];

    sizes.leaf_count = 16;
    make(&sizes);
    for (uint64_t i = 0; i < RACERS; i++)
        cr_assert_eq(
            pthread_create(&threads[i], NULL, put_many, (void *)(0x40000000 + i * 0x40000)), 0);
    for (unsigned i = 0; i < RACERS; i++)
        (void)pthread_join(threads[i], NULL);

    cr_assert_eq(blocks_in(found, RACERS * 1000 + 1), RACERS * 1000);
    unmap();
}

/* One that looks for old slots sees the new one before it that took its number has written to it.
 */
Test(region, takes_another_new_slot_when_one_was_taken_from_under_it)
{
    struct pf_region_thread *slots = pf_region_part(region, region->threads_at);
    uint32_t next = atomic_load(&region->thread_next);

    atomic_store(&slots[next].tid, 7);
    struct pf_region_thread *mine = pf_thread_claim(region, 100);

    cr_expect_eq(mine, &slots[next + 1]);
    cr_expect_eq(atomic_load(&region->threads_shared), 0);
}

Test(region, gives_back_the_slots_of_those_said_to_be_gone)
{
    struct pf_region_thread *a = pf_thread_claim(region, 100);
    struct pf_region_thread *b = pf_thread_claim(region, 101);

    pf_thread_release_gone(region, is_odd, NULL);
    cr_expect_eq(atomic_load(&a->tid), 100);
    cr_expect_eq(atomic_load(&b->tid), 0);
}

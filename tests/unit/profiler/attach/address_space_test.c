/* SPDX-License-Identifier: MIT */
#include "profiler/attach/address_space.h"

#include <criterion/criterion.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "profiler/attach/mapped_objects.h"
#include "profiler/unwind/unwind_cache.h"

static struct pf_mapped_objects objects;

static void map(struct pf_space *space, uint64_t start, uint64_t end, const char *path)
{
    struct pf_event_mmap mmap = {.start = start,
                                 .size = end - start,
                                 .file_offset = start,
                                 .inode = path[0] == '/' && path[1] != '/' ? 7 : 0,
                                 .prot = PROT_READ | PROT_EXEC,
                                 .path = path};

    pf_space_mmap(space, &mmap, &objects);
}

static const char *path_at(const struct pf_space *space, uint64_t pc)
{
    const struct pf_space_map *found = pf_space_find(space, pc);

    return found ? objects.at[found->object].path : "-";
}

static void check_order(const struct pf_space *space)
{
    for (uint32_t i = 0; i < space->count; i++) {
        cr_assert_lt(space->maps[i].start, space->maps[i].end);
        cr_assert(i == 0 || space->maps[i - 1].end <= space->maps[i].start);
    }
}

Test(address_space, what_is_laid_over_takes_its_place_and_no_more)
{
    struct pf_space space = {.pid = 1}, over = {.pid = 1};

    map(&space, 100, 400, "/told");
    map(&over, 200, 300, "/true");
    map(&over, 500, 600, "");
    pf_space_lay_over(&space, &over);

    check_order(&space);
    cr_expect_str_eq(path_at(&space, 150), "/told");
    cr_expect_str_eq(path_at(&space, 250), "/true");
    cr_expect_str_eq(path_at(&space, 350), "/told");
    cr_expect_str_eq(path_at(&space, 550), "[jit:1]");
    pf_space_fini(&space);
    pf_space_fini(&over);
    pf_mapped_objects_fini(&objects);
}

Test(address_space, a_new_mapping_replaces_what_it_overlaps)
{
    struct pf_space space = {.pid = 1};

    map(&space, 100, 200, "/a");
    map(&space, 300, 400, "/b");
    map(&space, 150, 350, "/c");

    check_order(&space);
    cr_expect_str_eq(path_at(&space, 99), "-");
    cr_expect_str_eq(path_at(&space, 100), "/a");
    cr_expect_str_eq(path_at(&space, 149), "/a");
    cr_expect_str_eq(path_at(&space, 150), "/c");
    cr_expect_str_eq(path_at(&space, 349), "/c");
    cr_expect_str_eq(path_at(&space, 350), "/b");
    cr_expect_str_eq(path_at(&space, 400), "-");
    /* What is left of b shows the file from further on. */
    cr_expect_eq(pf_space_find(&space, 360)->file_offset, 350u);
    pf_space_fini(&space);
    pf_mapped_objects_fini(&objects);
}

Test(address_space, a_mapping_inside_another_leaves_both_ends)
{
    struct pf_space space = {.pid = 1};

    map(&space, 100, 400, "/a");
    map(&space, 200, 300, "/b");

    check_order(&space);
    cr_expect_eq(space.count, 3u);
    cr_expect_str_eq(path_at(&space, 199), "/a");
    cr_expect_str_eq(path_at(&space, 200), "/b");
    cr_expect_str_eq(path_at(&space, 300), "/a");
    cr_expect_eq(pf_space_find(&space, 300)->file_offset, 300u);
    pf_space_fini(&space);
    pf_mapped_objects_fini(&objects);
}

/* Against an array of one cell an address. */
Test(address_space, agrees_with_a_plain_array_of_addresses)
{
    enum { ADDRESSES = 200, ROUNDS = 400 };
    static const char *const paths[] = {"/a", "/b", "/c", "/d"};
    const char *truth[ADDRESSES];
    struct pf_space space = {.pid = 1};
    uint32_t random = 12345;

    for (unsigned i = 0; i < ADDRESSES; i++)
        truth[i] = "-";
    for (unsigned round = 0; round < ROUNDS; round++) {
        random = random * 1103515245 + 12345;
        uint32_t start = random >> 8 & 127;
        uint32_t end = start + 1 + (random >> 16 & 63);
        map(&space, start, end, paths[round % 4]);
        for (uint32_t at = start; at < end; at++)
            truth[at] = paths[round % 4];
        check_order(&space);
        for (uint32_t at = 0; at < ADDRESSES; at++)
            cr_assert_str_eq(path_at(&space, at), truth[at], "round %u, %u", round, at);
    }
    pf_space_fini(&space);
    pf_mapped_objects_fini(&objects);
}

Test(address_space, data_and_empty_ranges_are_not_kept)
{
    struct pf_space space = {.pid = 1};
    struct pf_event_mmap data = {.start = 1, .size = 9, .prot = PROT_READ, .path = "/a"};
    struct pf_event_mmap wrapped = {
        .start = UINT64_MAX - 5, .size = 10, .prot = PROT_EXEC, .path = "/a"};
    struct pf_event_mmap empty = {.start = 5, .size = 0, .prot = PROT_EXEC, .path = "/a"};

    pf_space_mmap(&space, &data, &objects);
    pf_space_mmap(&space, &wrapped, &objects);
    pf_space_mmap(&space, &empty, &objects);
    cr_expect_eq(space.count, 0u);
    pf_space_fini(&space);
    pf_mapped_objects_fini(&objects);
}

Test(address_space, code_without_a_file_is_each_processs_own)
{
    struct pf_space one = {.pid = 1};
    struct pf_space two = {.pid = 2};

    map(&one, 100, 200, "//anon");
    map(&two, 100, 200, "//anon");
    map(&one, 300, 400, "/a");
    map(&two, 300, 400, "/a");

    cr_expect_neq(pf_space_find(&one, 100)->object, pf_space_find(&two, 100)->object);
    cr_expect_eq(pf_space_find(&one, 300)->object, pf_space_find(&two, 300)->object);
    struct pf_code_map code = pf_space_code(&one, &objects);
    cr_expect_eq(code.count, 2u);
    cr_expect_eq(code.at[0].flags, (uint32_t)PF_CODE_FRAME_POINTERS);
    cr_expect_null(code.at[0].rows);
    pf_space_fini(&one);
    pf_space_fini(&two);
    pf_mapped_objects_fini(&objects);
}

/* Rules remembered for the code that was there before would lead walks astray. */
Test(address_space, what_walks_remember_is_forgotten_when_code_changes)
{
    struct pf_space space = {.pid = 1};

    map(&space, 0x1000, 0x2000, "/a");
    (void)pf_space_code(&space, &objects);
    unsigned char *memory = (unsigned char *)pf_space_walks(&space);
    cr_expect_eq((uintptr_t)memory % 64, 0u);
    memset(memory, 0xff, PF_UNWIND_CACHE_BYTES);
    (void)pf_space_code(&space, &objects);
    cr_expect_eq(*(unsigned char *)pf_space_walks(&space), 0xff, "nothing has changed");

    map(&space, 0x3000, 0x4000, "/b");
    (void)pf_space_code(&space, &objects);
    memory = (unsigned char *)pf_space_walks(&space);
    for (size_t i = 0; i < PF_UNWIND_CACHE_BYTES; i++)
        cr_assert_eq(memory[i], 0, "byte %zu", i);
    pf_space_fini(&space);
    pf_mapped_objects_fini(&objects);
}

Test(address_space, our_own_has_rows_for_this_function_and_the_vdso)
{
    struct pf_space space = {0};
    struct pf_space copy = {0};
    struct pf_err err = {0};
    bool has_vdso = false;

    pf_mapped_objects_init(&objects);
    cr_assert(pf_space_read(&space, getpid(), &objects, &err), "%s", err.text);
    pf_space_copy(&copy, &space, getpid());
    struct pf_code_map code = pf_space_code(&copy, &objects);

    const struct pf_space_map *here = pf_space_find(&copy, (uint64_t)(uintptr_t)&check_order);
    cr_assert_not_null(here);
    cr_expect_not_null(code.at[here - copy.maps].rows);
    for (uint32_t i = 0; i < copy.count; i++)
        if (strcmp(objects.at[copy.maps[i].object].path, "[vdso]") == 0)
            has_vdso = code.at[i].rows != NULL;
    cr_expect(has_vdso);
    pf_space_fini(&space);
    pf_space_fini(&copy);
    pf_mapped_objects_fini(&objects);
}

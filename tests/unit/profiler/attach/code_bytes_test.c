/* SPDX-License-Identifier: MIT */
#include "profiler/attach/code_bytes.h"

#include <criterion/criterion.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Two pages; the first alone is code to the map. */
struct world {
    uint8_t *at;
    struct pf_code code;
    struct pf_code_map map;
    struct pf_code_bytes bytes;
};

static struct world *new_world(void)
{
    static struct world world;

    world.at = mmap(NULL, 2 * (size_t)PF_CODE_PAGE, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    cr_assert_neq(world.at, MAP_FAILED);
    memset(world.at, 0x90, 2 * (size_t)PF_CODE_PAGE);
    world.code.start = (uint64_t)(uintptr_t)world.at;
    world.code.end = world.code.start + PF_CODE_PAGE;
    world.map = (struct pf_code_map){&world.code, 1};
    pf_code_bytes_of(&world.bytes, getpid(), &world.map);
    return &world;
}

Test(code_bytes, words_of_code_are_read)
{
    struct world *world = new_world();
    uint64_t word = 0;

    cr_assert(pf_code_bytes_word(&world->bytes, world->code.start + 3, &word));
    cr_assert_eq(word, 0x9090909090909090);
}

Test(code_bytes, what_is_no_code_is_not_read)
{
    struct world *world = new_world();
    uint64_t word = 7;

    cr_expect_not(pf_code_bytes_word(&world->bytes, world->code.end, &word));
    cr_expect_not(pf_code_bytes_word(&world->bytes, world->code.end - 4, &word), "across the end");
    cr_expect_not(pf_code_bytes_word(&world->bytes, UINT64_MAX - 3, &word), "around the end");
    cr_expect_eq(word, 7u);
}

Test(code_bytes, pages_are_kept_until_forgotten)
{
    struct world *world = new_world();
    uint64_t word = 0;

    cr_assert(pf_code_bytes_word(&world->bytes, world->code.start, &word));
    memset(world->at, 0xcc, PF_CODE_PAGE);
    cr_assert(pf_code_bytes_word(&world->bytes, world->code.start, &word));
    cr_expect_eq(word, 0x9090909090909090);
    pf_code_bytes_forget(&world->bytes);
    cr_assert(pf_code_bytes_word(&world->bytes, world->code.start, &word));
    cr_expect_eq(word, 0xcccccccccccccccc);
}

Test(code_bytes, words_may_lie_across_pages)
{
    struct world *world = new_world();
    uint64_t word = 0;

    world->code.end += PF_CODE_PAGE;
    cr_assert(pf_code_bytes_word(&world->bytes, world->code.start + PF_CODE_PAGE - 4, &word));
    cr_assert_eq(word, 0x9090909090909090);
}

Test(code_bytes, a_process_that_is_gone_has_none)
{
    struct world *world = new_world();
    uint64_t word = 0;

    pf_code_bytes_of(&world->bytes, 1 << 22, &world->map);
    cr_assert_not(pf_code_bytes_word(&world->bytes, world->code.start, &word));
}

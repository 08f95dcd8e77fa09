/* SPDX-License-Identifier: MIT */
#include "profiler/base/arena.h"

#include <criterion/criterion.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

Test(arena, items_are_zeroed_apart_and_aligned)
{
    struct pf_arena arena = {0};

    unsigned char *small = pf_arena_alloc(&arena, 1);
    unsigned char *large = pf_arena_alloc(&arena, 100 * 1024);
    memset(small, 0xff, 1);

    cr_assert_eq((uintptr_t)small % _Alignof(max_align_t), 0);
    cr_assert_eq((uintptr_t)large % _Alignof(max_align_t), 0);
    for (size_t i = 0; i < 100 * 1024UL; i++)
        cr_assert_eq(large[i], 0);
    pf_arena_fini(&arena);
}

Test(arena, text_is_ended_and_may_hold_nul)
{
    struct pf_arena arena = {0};

    char *text = pf_arena_text(&arena, "a\0b", 3);

    cr_assert_eq(memcmp(text, "a\0b", 4), 0);
    cr_assert_str_eq(pf_arena_text(&arena, NULL, 0), "");
    pf_arena_fini(&arena);
}

/* Large enough to be moved by the kernel, with its huge pages. */
Test(memory, large_tables_begin_zeroed_and_keep_their_content_when_they_grow)
{
    size_t count = (size_t)12 << 20;
    unsigned char *memory = pf_mem_new(count, 1);

    cr_assert_eq(memory[0] | memory[count / 2] | memory[count - 1], 0);
    for (size_t i = 0; i < count; i += 4096)
        memory[i] = (unsigned char)(i / 4096);
    memory = pf_mem_resize(memory, count, 8);
    for (size_t i = 0; i < count; i += 4096)
        cr_assert_eq(memory[i], (unsigned char)(i / 4096));
    memory[count * 8 - 1] = 1;
    free(memory);
}

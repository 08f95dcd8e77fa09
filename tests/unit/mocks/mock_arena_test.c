/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <string.h>

#include "mocks/mock_priv.h"

Test(mock_arena, memory_is_zero_and_aligned_also_after_a_reset)
{
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 20000; i++) {
            unsigned char *at = mk_new(100);
            cr_assert_eq((uintptr_t)at % 16, 0);
            cr_assert(mk_is_zero(at, 100));
            memset(at, 0xff, 100);
        }
        mk_arena_reset();
    }
}

Test(mock_arena, a_piece_larger_than_a_block_fits)
{
    unsigned char *large = mk_new(20 << 20), *small = mk_new(16);

    large[(20 << 20) - 1] = 1;
    small[0] = 1;
    mk_arena_reset();
    cr_assert(mk_is_zero(mk_new(1 << 20), 1 << 20));
}

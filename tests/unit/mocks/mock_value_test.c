/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>

#include "mocks/mock_priv.h"

Test(mock_value, signed_values_keep_their_sign_in_any_width)
{
    int8_t i8 = -5;
    int16_t i16 = -500;
    int32_t i32 = -70000;
    int64_t i64 = INT64_MIN;

    cr_assert_eq(mk_load(MK_INT, 1, &i8).i, -5);
    cr_assert_eq(mk_load(MK_INT, 2, &i16).i, -500);
    cr_assert_eq(mk_load(MK_INT, 4, &i32).i, -70000);
    cr_assert_eq(mk_load(MK_INT, 8, &i64).i, INT64_MIN);
}

Test(mock_value, a_store_touches_only_its_width)
{
    unsigned char bytes[8] = {9, 9, 9, 9, 9, 9, 9, 9};

    mk_store(MK_UINT, 2, bytes, (union mk_value){.u = 0x0102});
    cr_assert_eq(bytes[0], 2);
    cr_assert_eq(bytes[1], 1);
    cr_assert_eq(bytes[2], 9);
}

Test(mock_value, a_float_is_carried_as_a_double)
{
    float f = 0, half = 0.5F;

    mk_store(MK_NUM, sizeof f, &f, (union mk_value){.d = 2.5});
    cr_assert_eq((int)(f * 10), 25);
    cr_assert_eq((int)(mk_load(MK_NUM, sizeof half, &half).d * 10), 5);
}

Test(mock_value, zero_is_told_from_anything_else)
{
    const unsigned char zeros[16] = {0}, one[16] = {[15] = 1};

    cr_assert(mk_is_zero(zeros, 16));
    cr_assert_not(mk_is_zero(one, 16));
}

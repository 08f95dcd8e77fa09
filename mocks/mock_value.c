/*
 * Values: any C argument or result as one union, and back into storage of its own width.
 *
 * SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "mocks/mock_priv.h"

static int64_t load_signed(size_t size, const void *from)
{
    int8_t i8 = 0;
    int16_t i16 = 0;
    int32_t i32 = 0;
    int64_t i64 = 0;

    switch (size) {
    case 1:
        memcpy(&i8, from, 1);
        return i8;
    case 2:
        memcpy(&i16, from, 2);
        return i16;
    case 4:
        memcpy(&i32, from, 4);
        return i32;
    default:
        memcpy(&i64, from, 8);
        return i64;
    }
}

union mk_value mk_load(enum mk_class class, size_t size, const void *from)
{
    union mk_value value = {0};
    float f = 0;

    switch (class) {
    case MK_VOID:
        break;
    case MK_INT:
        value.i = load_signed(size, from);
        break;
    case MK_UINT:
        memcpy(&value.u, from, size); /* little-endian: the low bytes */
        break;
    case MK_PTR:
        memcpy(&value.p, from, sizeof value.p);
        break;
    case MK_NUM:
        if (size == sizeof f) {
            memcpy(&f, from, sizeof f);
            value.d = (double)f;
        } else {
            memcpy(&value.d, from, sizeof value.d);
        }
        break;
    case MK_BLOB:
        value.p = from;
        break;
    }
    return value;
}

void mk_store(enum mk_class class, size_t size, void *to, union mk_value value)
{
    float f = (float)value.d;

    switch (class) {
    case MK_VOID:
        break;
    case MK_INT:
    case MK_UINT:
        memcpy(to, &value.u, size);
        break;
    case MK_PTR:
        memcpy(to, &value.p, sizeof value.p);
        break;
    case MK_NUM:
        if (size == sizeof f)
            memcpy(to, &f, sizeof f);
        else
            memcpy(to, &value.d, sizeof value.d);
        break;
    case MK_BLOB:
        memcpy(to, (const void *)(uintptr_t)value.p, size);
        break;
    }
}

bool mk_is_zero(const void *at, size_t size)
{
    const unsigned char *byte = at;

    for (size_t i = 0; i < size; i++)
        if (byte[i])
            return false;
    return true;
}

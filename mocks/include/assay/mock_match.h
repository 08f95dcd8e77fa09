/*
 * Matchers: what a rule demands of an argument.
 *
 * Each matcher has the class of what it matches (integer, pointer, number), so that a pointer
 * matcher on an integer parameter does not compile. An argument nobody mentions matches anything.
 *
 * The short names may be kept out with ASSAY_LONG_NAMES, where they collide; ASSAY_IS and so on
 * always exist.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ASSAY_MOCK_MATCH_H
#define ASSAY_MOCK_MATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "assay/mock_named.h"

/* Bytes of the test's own: what an out-buffer is filled with, what a call's buffer held. */
struct assay_bytes {
    MK_VALUE_FIRST
    const void *at;
    size_t size;
} MK_NAMED_ONLY;

enum mk_match_kind {
    MK_ANY, /* zero: not mentioned */
    MK_IS,
    MK_NOT,
    MK_LT,
    MK_GT,
    MK_STR,
    MK_MEM,
    MK_BITS,
    MK_FN,
    MK_CAPTURE,
};

union mk_value {
    int64_t i;
    uint64_t u;
    double d;
    const volatile void *p;
    void (*fn)(void);
};

struct mk_matcher {
    enum mk_match_kind kind;
    bool value_is_unsigned;
    size_t size; /* MEM: bytes; CAPTURE: width of the variable */
    union mk_value value;
    void *to; /* CAPTURE */
};

/* One type a class, for the compiler's eyes. */
struct assay_int_match {
    MK_VALUE_FIRST
    struct mk_matcher m;
} MK_NAMED_ONLY;
struct assay_ptr_match {
    MK_VALUE_FIRST
    struct mk_matcher m;
} MK_NAMED_ONLY;
struct assay_num_match {
    MK_VALUE_FIRST
    struct mk_matcher m;
} MK_NAMED_ONLY;

struct assay_int_match mk_match_i(enum mk_match_kind kind, long long value);
struct assay_int_match mk_match_u(enum mk_match_kind kind, unsigned long long value);
struct assay_num_match mk_match_d(enum mk_match_kind kind, double value);
struct assay_ptr_match mk_match_p(enum mk_match_kind kind, const volatile void *value);
struct assay_ptr_match mk_match_mem(const void *bytes, size_t size);
struct assay_int_match mk_match_fn_int(bool (*fn)(long long));
struct assay_num_match mk_match_fn_num(bool (*fn)(double));
struct assay_ptr_match mk_match_fn_ptr(bool (*fn)(const void *));
struct assay_int_match mk_capture_int(void *to, size_t size);
struct assay_num_match mk_capture_num(void *to, size_t size);
struct assay_ptr_match mk_capture_ptr(void *to, size_t size);

/* clang-format off */
#define ASSAY_BY_CLASS_(x) _Generic((x),                                                           \
    _Bool: mk_match_u, char: mk_match_i, signed char: mk_match_i, short: mk_match_i,               \
    int: mk_match_i, long: mk_match_i, long long: mk_match_i,                                      \
    unsigned char: mk_match_u, unsigned short: mk_match_u, unsigned: mk_match_u,                   \
    unsigned long: mk_match_u, unsigned long long: mk_match_u,                                     \
    float: mk_match_d, double: mk_match_d, default: mk_match_p)

/* Equal; for integers, in the width of the parameter. A pointer is compared, not what it shows. */
#define ASSAY_IS(x)  ASSAY_BY_CLASS_(x)(MK_IS, (x))
#define ASSAY_NOT(x) ASSAY_BY_CLASS_(x)(MK_NOT, (x))
#define ASSAY_LT(x)  ASSAY_BY_CLASS_(x)(MK_LT, (x))
#define ASSAY_GT(x)  ASSAY_BY_CLASS_(x)(MK_GT, (x))
/* All these bits are set. */
#define ASSAY_BITS(mask) mk_match_u(MK_BITS, (unsigned long long)(mask))
/* The string equals; the bytes begin with these size bytes. */
#define ASSAY_STR(text) mk_match_p(MK_STR, (const char *){text})
#define ASSAY_MEM(bytes, size) mk_match_mem((bytes), (size))
/* A predicate of the test's: bool f(long long), bool f(double) or bool f(const void *). */
#define ASSAY_FN(f) _Generic(&*(f),                                                                \
    bool (*)(long long): mk_match_fn_int, bool (*)(double): mk_match_fn_num,                       \
    bool (*)(const void *): mk_match_fn_ptr)(f)
/* Matches anything and stores it: CAPTURE(&n), n an integer, a double or a pointer. */
#define ASSAY_CAPTURE(to) _Generic((to),                                                           \
    _Bool *: mk_capture_int, char *: mk_capture_int, signed char *: mk_capture_int,                \
    short *: mk_capture_int, int *: mk_capture_int, long *: mk_capture_int,                        \
    long long *: mk_capture_int, unsigned char *: mk_capture_int,                                  \
    unsigned short *: mk_capture_int, unsigned *: mk_capture_int,                                  \
    unsigned long *: mk_capture_int, unsigned long long *: mk_capture_int,                         \
    float *: mk_capture_num, double *: mk_capture_num,                                             \
    default: mk_capture_ptr)((to), sizeof *(to))
#define ASSAY_ANY {.m = {.kind = MK_ANY}}

/* The bytes of a string literal without its NUL; any bytes; one object. */
#define ASSAY_BYTES(literal) ((struct assay_bytes){.at = "" literal, .size = sizeof(literal) - 1})
#define ASSAY_BYTES_OF(bytes, count) ((struct assay_bytes){.at = (bytes), .size = (count)})
#define ASSAY_OBJECT(lvalue) ((struct assay_bytes){.at = &(lvalue), .size = sizeof(lvalue)})

#ifndef ASSAY_LONG_NAMES
#define IS(x) ASSAY_IS(x)
#define NOT(x) ASSAY_NOT(x)
#define LT(x) ASSAY_LT(x)
#define GT(x) ASSAY_GT(x)
#define BITS(mask) ASSAY_BITS(mask)
#define STR(text) ASSAY_STR(text)
#define MEM(bytes, size) ASSAY_MEM(bytes, size)
#define FN(f) ASSAY_FN(f)
#define CAPTURE(to) ASSAY_CAPTURE(to)
#define ANY ASSAY_ANY
#define BYTES(literal) ASSAY_BYTES(literal)
#define BYTES_OF(bytes, count) ASSAY_BYTES_OF(bytes, count)
#define OBJECT(lvalue) ASSAY_OBJECT(lvalue)
#endif
/* clang-format on */

#endif

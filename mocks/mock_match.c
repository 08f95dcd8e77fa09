/*
 * Matchers: how they are made, and whether an argument fits.
 *
 * SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "mocks/mock_priv.h"

struct assay_int_match mk_match_i(enum mk_match_kind kind, long long value)
{
    return (struct assay_int_match){.m = {.kind = kind, .value = {.i = value}}};
}

struct assay_int_match mk_match_u(enum mk_match_kind kind, unsigned long long value)
{
    return (struct assay_int_match){
        .m = {.kind = kind, .value_is_unsigned = true, .value = {.u = value}}};
}

struct assay_num_match mk_match_d(enum mk_match_kind kind, double value)
{
    return (struct assay_num_match){.m = {.kind = kind, .value = {.d = value}}};
}

struct assay_ptr_match mk_match_p(enum mk_match_kind kind, const volatile void *value)
{
    return (struct assay_ptr_match){.m = {.kind = kind, .value = {.p = value}}};
}

struct assay_ptr_match mk_match_mem(const void *bytes, size_t size)
{
    return (struct assay_ptr_match){.m = {.kind = MK_MEM, .size = size, .value = {.p = bytes}}};
}

struct assay_int_match mk_match_fn_int(bool (*fn)(long long))
{
    return (struct assay_int_match){.m = {.kind = MK_FN, .value = {.fn = (void (*)(void))fn}}};
}

struct assay_num_match mk_match_fn_num(bool (*fn)(double))
{
    return (struct assay_num_match){.m = {.kind = MK_FN, .value = {.fn = (void (*)(void))fn}}};
}

struct assay_ptr_match mk_match_fn_ptr(bool (*fn)(const void *))
{
    return (struct assay_ptr_match){.m = {.kind = MK_FN, .value = {.fn = (void (*)(void))fn}}};
}

struct assay_int_match mk_capture_int(void *to, size_t size)
{
    return (struct assay_int_match){.m = {.kind = MK_CAPTURE, .size = size, .to = to}};
}

struct assay_num_match mk_capture_num(void *to, size_t size)
{
    return (struct assay_num_match){.m = {.kind = MK_CAPTURE, .size = size, .to = to}};
}

struct assay_ptr_match mk_capture_ptr(void *to, size_t size)
{
    return (struct assay_ptr_match){.m = {.kind = MK_CAPTURE, .size = size, .to = to}};
}

/* As a person counts, whatever the signs: -1 is less than 0u. A float was rounded, as its test's
 * number is here: 0.1 is 0.1f. */
static int compare(const struct mk_matcher *matcher, const struct mk_param *param,
                   union mk_value value)
{
    if (param->class == MK_NUM) {
        bool is_float = param->size == sizeof(float);
        double number = is_float ? (double)(float)matcher->value.d : matcher->value.d;
        return (value.d > number) - (value.d < number);
    }

    __extension__ typedef __int128 wide;
    bool is_signed = param->class == MK_INT;
    wide have = is_signed ? (wide)value.i : (wide)value.u;
    wide want = matcher->value_is_unsigned ? (wide)matcher->value.u : (wide)matcher->value.i;
    return (have > want) - (have < want);
}

/* In the width of the parameter, so that IS(-1) fits a size_t and IS(0xffffffff) an int. */
static bool is_equal(const struct mk_matcher *matcher, const struct mk_param *param,
                     union mk_value value)
{
    switch (param->class) {
    case MK_NUM:
        return compare(matcher, param, value) == 0;
    case MK_PTR:
        return value.p == matcher->value.p;
    case MK_INT:
    case MK_UINT:
        return ((value.u ^ matcher->value.u) << (64 - 8 * param->size)) == 0;
    default:
        return false;
    }
}

size_t mk_buffer_unit(const struct mk_fn *fn, unsigned param, const union mk_value *args)
{
    const struct mk_param *of = &fn->params[param];

    if (of->element_param)
        return (size_t)args[of->element_param - 1].u;
    return of->element_size ? of->element_size : 1;
}

size_t mk_buffer_size(const struct mk_fn *fn, unsigned param, const union mk_value *args)
{
    const struct mk_param *of = &fn->params[param];

    if (!args[param].p)
        return 0;
    if (of->length_param < 0)
        return of->pointee_size;
    union mk_value length = args[of->length_param];
    if (of->length_is_object) {
        const void *at = (const void *)(uintptr_t)length.p;
        uint32_t size = 0;
        if (mk_readable(at, sizeof size) == sizeof size)
            memcpy(&size, at, sizeof size);
        return size;
    }
    if (fn->params[of->length_param].class == MK_INT && length.i < 0)
        return 0;
    size_t bytes, unit = mk_buffer_unit(fn, param, args);
    return __builtin_mul_overflow((size_t)length.u, unit, &bytes) ? 0 : bytes;
}

static bool has_bytes(const struct mk_matcher *matcher, const struct mk_fn *fn, unsigned param,
                      const union mk_value *args)
{
    const struct mk_param *of = &fn->params[param];
    const void *at = (const void *)(uintptr_t)args[param].p;

    if (!at || mk_readable(at, matcher->size) < matcher->size)
        return false;
    if (of->role == MK_STRING)
        return strnlen(at, matcher->size) == matcher->size
               && memcmp(at, (const void *)(uintptr_t)matcher->value.p, matcher->size) == 0;
    if (of->length_param >= 0 && mk_buffer_size(fn, param, args) < matcher->size)
        return false;
    return memcmp(at, (const void *)(uintptr_t)matcher->value.p, matcher->size) == 0;
}

/* A buffer with a length is a string if it holds exactly the text, with or without its NUL. */
static bool has_text(const struct mk_matcher *matcher, const struct mk_fn *fn, unsigned param,
                     const union mk_value *args)
{
    const char *want = (const char *)(uintptr_t)matcher->value.p;
    const char *have = (const char *)(uintptr_t)args[param].p;

    if (!want || !have)
        return want == have;
    size_t length = strlen(want);
    if (fn->params[param].length_param < 0)
        return mk_readable(have, length + 1) > length && strcmp(want, have) == 0;
    size_t size = mk_buffer_size(fn, param, args);
    return size >= length && mk_readable(have, size) == size && memcmp(have, want, length) == 0
           && (size == length || (size == length + 1 && have[length] == '\0'));
}

static bool predicate_holds(const struct mk_matcher *matcher, enum mk_class class,
                            union mk_value value)
{
    void (*fn)(void) = matcher->value.fn;

    if (class == MK_NUM)
        return ((bool (*)(double))fn)(value.d);
    if (class == MK_PTR || class == MK_BLOB)
        return ((bool (*)(const void *))fn)((const void *)(uintptr_t)value.p);
    return ((bool (*)(long long))fn)(value.i);
}

bool mk_matches(const struct mk_matcher *matcher, const struct mk_fn *fn, unsigned param,
                const union mk_value *args)
{
    const struct mk_param *of = &fn->params[param];
    union mk_value value = args[param];

    switch (matcher->kind) {
    case MK_ANY:
    case MK_CAPTURE:
        return true;
    case MK_IS:
        return is_equal(matcher, of, value);
    case MK_NOT:
        return !is_equal(matcher, of, value);
    case MK_LT:
        return of->class == MK_PTR ? value.p < matcher->value.p : compare(matcher, of, value) < 0;
    case MK_GT:
        return of->class == MK_PTR ? value.p > matcher->value.p : compare(matcher, of, value) > 0;
    case MK_BITS:
        return (value.u & matcher->value.u) == matcher->value.u;
    case MK_STR:
        return has_text(matcher, fn, param, args);
    case MK_MEM:
        return has_bytes(matcher, fn, param, args);
    case MK_FN:
        return predicate_holds(matcher, of->class, value);
    }
    return false;
}

void mk_capture(const struct mk_matcher *matcher, const struct mk_param *param,
                union mk_value value)
{
    if (matcher->kind == MK_CAPTURE)
        mk_store(param->class, matcher->size, matcher->to, value);
}

/*
 * Theories: call a function with every combination of data points.
 *
 * Criterion's own cr_theory_main talks to its runner at every step, so it is replaced here. The
 * order of combinations and the way a data point becomes an argument are the same.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <criterion/stats.h>
#include <criterion/theories.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/preload/preload.h"
#include "harness/preload/theory_call.h"

/* Weak: tools that start the binary load us, too, and have no libcriterion. */
#pragma weak criterion_current_test

static jmp_buf next_combination;

HN_INTERPOSE void cr_theory_abort(void)
{
    void (*real)(void);

    if (hn_preload.mode != HN_MODE_FORK) {
        *(void **)&real = hn_real("cr_theory_abort");
        real();
    }
    _longjmp(next_combination, 1);
}

/* Is word a whole word of the type's name? */
static bool has_word(const char *name, const char *word)
{
    size_t size = strlen(word);

    for (const char *at = strstr(name, word); at; at = strstr(at + 1, word))
        if ((at == name || at[-1] == ' ') && (at[size] == '\0' || at[size] == ' '))
            return true;
    return false;
}

static bool is_floating(const struct criterion_datapoints *points)
{
    return !strchr(points->name, '*')
           && (has_word(points->name, "float") || has_word(points->name, "double"));
}

static bool is_string(const struct criterion_datapoints *points)
{
    return points->size == sizeof(char *) && strstr(points->name, "char")
           && (strchr(points->name, '*') || strchr(points->name, '['));
}

static void print_number(char *to, size_t room, const struct criterion_datapoints *points,
                         const void *value)
{
    bool is_unsigned = strstr(points->name, "unsigned") || strncmp(points->name, "uint", 4) == 0
                       || has_word(points->name, "size_t");
    int64_t number = 0;
    uint64_t bits = 0;

    memcpy(&bits, value, points->size);
    unsigned shift = 64 - 8 * (unsigned)points->size;
    number = (int64_t)(bits << shift) >> shift;
    if (is_unsigned)
        (void)snprintf(to, room, "%llu", (unsigned long long)bits);
    else
        (void)snprintf(to, room, "%lld", (long long)number);
}

static void print_point(char *to, size_t room, const struct criterion_datapoints *points,
                        const void *value)
{
    if (is_floating(points) && points->size == sizeof(float))
        (void)snprintf(to, room, "%g", (double)*(const float *)value);
    else if (is_floating(points) && points->size == sizeof(double))
        (void)snprintf(to, room, "%g", *(const double *)value);
    else if (is_floating(points))
        (void)snprintf(to, room, "%Lg", *(const long double *)value);
    else if (is_string(points) && *(char *const *)value)
        (void)snprintf(to, room, "\"%s\"", *(char *const *)value);
    else if (strchr(points->name, '*') && points->size == sizeof(void *))
        (void)snprintf(to, room, "%p", *(void *const *)value);
    else if (has_word(points->name, "bool") || has_word(points->name, "_Bool"))
        (void)snprintf(to, room, "%s", *(const bool *)value ? "true" : "false");
    else if (has_word(points->name, "char") && points->size == 1)
        (void)snprintf(to, room, "'%c'", *(const char *)value);
    else if (points->size <= 8 && (points->size & (points->size - 1)) == 0)
        print_number(to, room, points, value);
    else
        (void)snprintf(to, room, "(%s)", points->name);
}

static const void *point_at(const struct criterion_datapoints *points, size_t index)
{
    return (const char *)points->arr + points->size * index;
}

static void report_combination(const struct criterion_datapoints *points, size_t count,
                               const size_t *at)
{
    char text[4096] = "";
    size_t used = 0;

    for (size_t i = 0; i < count && used < sizeof text - 8; i++) {
        if (i)
            used += (size_t)snprintf(text + used, sizeof text - used, ", ");
        print_point(text + used, sizeof text - used, &points[i], point_at(&points[i], at[i]));
        used = strlen(text);
    }
    hn_record_text(HN_RECORD_THEORY, text);
    struct criterion_test_stats stats = {
        .test = (struct criterion_test *)(uintptr_t)criterion_current_test};
    struct criterion_theory_stats theory = {.formatted_args = text, .stats = &stats};
    hn_hooks_run("cr_thf", &theory);
}

static void call_with(const struct criterion_datapoints *points, size_t count, const size_t *at,
                      void (*body)(void))
{
    struct hn_call call = {0};

    for (size_t i = 0; i < count; i++) {
        const void *value = point_at(&points[i], at[i]);
        if (is_floating(&points[i]))
            hn_call_floating(&call, value, points[i].size);
        else
            hn_call_integer(&call, value, points[i].size);
    }
    hn_call_make(&call, body);
}

/* The next combination, the first index turning fastest; false after the last. */
static bool advance(const struct criterion_datapoints *points, size_t count, size_t *at)
{
    for (size_t i = 0; i < count; i++) {
        if (++at[i] < points[i].len)
            return true;
        at[i] = 0;
    }
    return false;
}

static void try_combination(const struct criterion_datapoints *points, size_t count,
                            const size_t *at, void (*body)(void))
{
    jmp_buf failed;

    if (_setjmp(next_combination)) /* cr_assume said no: neither passed nor failed */
        return;
    jmp_buf *before = hn_case_escape_set(&failed);
    if (_setjmp(failed) == 0)
        call_with(points, count, at, body);
    else
        report_combination(points, count, at);
    (void)hn_case_escape_set(before);
}

HN_INTERPOSE void cr_theory_main(struct criterion_datapoints *points, size_t count,
                                 void (*body)(void))
{
    void (*real)(struct criterion_datapoints *, size_t, void (*)(void));

    if (hn_preload.mode != HN_MODE_FORK) {
        *(void **)&real = hn_real("cr_theory_main");
        real(points, count, body);
        return;
    }
    size_t *at = calloc(count + 1, sizeof *at);
    jmp_buf *before = hn_case_escape_set(NULL);
    do {
        (void)hn_case_escape_set(before);
        try_combination(points, count, at, body);
    } while (advance(points, count, at));
    (void)hn_case_escape_set(before);
    free(at);
}

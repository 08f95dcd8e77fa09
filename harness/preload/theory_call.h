/*
 * Call a function with arguments known only at run time, by the platform's C calling convention.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_PRELOAD_THEORY_CALL_H
#define HARNESS_PRELOAD_THEORY_CALL_H

#include <stddef.h>
#include <stdint.h>

enum { HN_CALL_INTEGERS = 6, HN_CALL_FLOATS = 8, HN_CALL_STACK = 32 };

/* Offsets are known to theory_call_x86_64.c. */
struct hn_call {
    uint64_t integers[HN_CALL_INTEGERS];
    uint64_t floats[HN_CALL_FLOATS];
    uint64_t stack[HN_CALL_STACK];
    uint64_t integer_count, float_count, stack_count;
};

/* value points to size bytes; what is no integer of 1, 2, 4 or 8 bytes is passed by address. */
void hn_call_integer(struct hn_call *call, const void *value, size_t size);

/* float, double or long double, by size. */
void hn_call_floating(struct hn_call *call, const void *value, size_t size);

void hn_call_make(const struct hn_call *call, void (*function)(void));

#endif

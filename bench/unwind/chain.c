/* SPDX-License-Identifier: MIT */
#include "bench/unwind/chain.h"

#include <string.h>

struct call {
    bn_leaf leaf;
    void *data;
    int depth;
    int stride;
};

typedef int (*link_function)(struct call *call, int number, int depth);
static const link_function links[100];

static inline __attribute__((always_inline)) int next(struct call *call, int number, int depth)
{
    if (depth == 0) {
        call->leaf(call->data);
        return number;
    }
    return links[number % 100](call, (number + call->stride) % 100, depth - 1) + 1;
}

/* Small, with saved registers, and with an array: the prologues a compiler writes most. The work
 * behind each call keeps it from becoming a jump. */
#define SMALL(n)                                                                                   \
    static __attribute__((noinline)) int link_##n(struct call *call, int number, int depth)        \
    {                                                                                              \
        return next(call, number, depth) ^ n;                                                      \
    }
#define SAVING(n)                                                                                  \
    static __attribute__((noinline)) int link_##n(struct call *call, int number, int depth)        \
    {                                                                                              \
        int a = number * n;                                                                        \
        int b = depth + n;                                                                         \
        int c = next(call, number, depth);                                                         \
        return a ^ b ^ c ^ call->depth ^ number ^ depth;                                           \
    }
#define ARRAY(n)                                                                                   \
    static __attribute__((noinline)) int link_##n(struct call *call, int number, int depth)        \
    {                                                                                              \
        volatile char text[16 + n];                                                                \
        text[n] = (char)number;                                                                    \
        return next(call, number, depth) + text[n];                                                \
    }
#define TEN(x)                                                                                     \
    SMALL(x##0)                                                                                    \
    SAVING(x##1)                                                                                   \
    ARRAY(x##2)                                                                                    \
    SMALL(x##3)                                                                                    \
    SAVING(x##4) ARRAY(x##5) SMALL(x##6) SAVING(x##7) ARRAY(x##8) SAVING(x##9)
#define NAMES(x)                                                                                   \
    link_##x##0, link_##x##1, link_##x##2, link_##x##3, link_##x##4, link_##x##5, link_##x##6,     \
        link_##x##7, link_##x##8, link_##x##9

TEN(1)
TEN(2)
TEN(3)
TEN(4)
TEN(5)
TEN(6)
TEN(7)
TEN(8)
TEN(9)
TEN(10)

static const link_function links[100] = {NAMES(1), NAMES(2), NAMES(3), NAMES(4), NAMES(5),
                                         NAMES(6), NAMES(7), NAMES(8), NAMES(9), NAMES(10)};

int bn_chain_run(int depth, int variant, bn_leaf leaf, void *data)
{
    struct call call = {leaf, data, depth, 1 + 2 * variant};

    return next(&call, variant, depth);
}

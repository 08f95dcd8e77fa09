/*
 * make_folded COUNT [SEED]: folded stacks for benchmarks, on standard output.
 *
 * Tree-like, as profiles are: 10 to 31 frames of about 15 characters, the choices at each depth
 * skewed, distinct lines in random order. The same arguments give the same bytes.
 *
 * SPDX-License-Identifier: MIT
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { LEAST_DEPTH = 10, DEPTH_SPREAD = 22, NAMES = 5000 };

/* splitmix64 (public domain). */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15ULL);

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
}

static void put_frame(uint64_t path, unsigned depth)
{
    static const char *const verbs[] = {"parse", "handle", "read", "write", "lookup", "alloc"};

    (void)printf("%s_%s_%u", depth ? verbs[path % 6] : "main", depth % 2 ? "item" : "node",
                 (unsigned)(path % NAMES));
}

/* A child of a node is one of a few, the first ones likelier: its name depends on the way there. */
static void put_line(uint64_t *state, uint64_t number)
{
    unsigned depth = LEAST_DEPTH + (unsigned)(next_random(state) % DEPTH_SPREAD);
    uint64_t path = 1;

    for (unsigned i = 0; i < depth; i++) {
        uint64_t a = next_random(state) % 8, b = next_random(state) % 8;
        uint64_t mixed = path * 31 + (a < b ? a : b) + 1;
        path = i + 1 == depth ? number * 6 + mixed % 6 : next_random(&mixed) >> 16;
        if (i)
            (void)putchar(';');
        put_frame(i ? path : 0, i);
    }
    (void)printf(" %" PRIu64 "\n", 1 + next_random(state) % 20);
}

int main(int argc, char **argv)
{
    uint64_t count = argc > 1 ? strtoull(argv[1], NULL, 10) : 0;
    uint64_t state = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;

    if (count == 0) {
        (void)fputs("usage: make_folded COUNT [SEED]\n", stderr);
        return 2;
    }
    for (uint64_t i = 0; i < count; i++)
        put_line(&state, i);
    return fflush(stdout) == 0 ? 0 : 3;
}

/*
 * What the objects of the code under test call and define, by name.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef MOCKS_GENERATOR_GEN_SYMBOLS_H
#define MOCKS_GENERATOR_GEN_SYMBOLS_H

#include <stdbool.h>
#include <stdint.h>

#include "profiler/base/arena.h"
#include "profiler/base/hash.h"

enum {
    MK_GEN_CALLED = 1,         /* undefined in some object: the linker can wrap it */
    MK_GEN_DEFINED = 2,        /* a global or weak function of some object */
    MK_GEN_STATIC = 4,         /* a local function of some object */
    MK_GEN_CALLED_AT_HOME = 8, /* the object that defines it calls it too */
    MK_GEN_PATCHABLE = 16,     /* its object was built with -fpatchable-function-entry */
};

struct mk_gen_symbol {
    const char *name;
    unsigned flags;
    unsigned definitions;   /* objects that define it */
    const char *defined_in; /* object, "libx.a(y.o)" for a member; NULL if only called */
};

struct mk_gen_symbols {
    struct pf_arena arena;
    struct mk_gen_symbol *items;
    uint32_t count;
    struct pf_hash by_name;
    bool has_fat_lto; /* some object carries code and, beside it, that of link-time optimisation */
};

void mk_gen_symbols_fini(struct mk_gen_symbols *symbols);

/* NULL if no object mentions it. */
const struct mk_gen_symbol *mk_gen_symbols_find(const struct mk_gen_symbols *symbols,
                                                const char *name);

/* The symbol of this name, entered if it is new. Valid until the next one is entered. */
struct mk_gen_symbol *mk_gen_symbols_enter(struct mk_gen_symbols *symbols, const char *name);

#endif

/*
 * Types of debug information spelled as C.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef MOCKS_GENERATOR_GEN_SPELL_H
#define MOCKS_GENERATOR_GEN_SPELL_H

#include <elfutils/libdw.h>

#include "mocks/generator/gen_dwarf.h"

/* How types of one prototype are spelled. */
struct mk_gen_speller {
    struct mk_gen_wanted *wanted;
    struct pf_arena *arena;
    bool plain;      /* look through typedefs */
    const char *why; /* it cannot be done, or NULL */
};

/* The type of die, and what the wrapper does with such a value. */
void mk_gen_spell_type(struct mk_gen_speller *speller, Dwarf_Die *die, const char **spelled,
                       enum mk_gen_class *class);

/* What the non-const pointer that die has as its type stores: spelled, NULL if bytes, unknown or
 * incomplete. */
const char *mk_gen_spell_pointee(struct mk_gen_speller *speller, Dwarf_Die *die, unsigned *size);

#endif

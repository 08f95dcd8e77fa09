/*
 * Prototypes from debug information: exactly what the caller was compiled with.
 *
 * Compilers describe the external functions a unit calls (gcc always, clang from -O1). A definition
 * has parameter names, a declaration says which header it stands in. libdw is spoken here only.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef MOCKS_GENERATOR_GEN_DWARF_H
#define MOCKS_GENERATOR_GEN_DWARF_H

#include "mocks/generator/gen_proto.h"

enum { MK_GEN_MAX_FORWARD = 32 };

struct mk_gen_wanted {
    const char *name;
    bool found;
    bool noreturn;
    bool has_names;     /* of parameters: from a definition */
    const char *header; /* path of the header that declares it, or NULL */
    unsigned header_line;
    const char *object; /* where it was found */
    struct mk_gen_proto proto;
    /* Types spelled without typedefs, for where no header may be included. */
    struct mk_gen_proto plain;
    const char *forward[MK_GEN_MAX_FORWARD]; /* "struct db" that plain mentions */
    unsigned forward_count;
    const char *unnamed; /* a type plain cannot spell, or NULL */
    const char *why_not; /* it is mentioned, but not described: "it has ...", or NULL */
    /* Of its definition. */
    const char *defined_in; /* object, NULL if no debug information defines it */
    const char *inlined_in; /* a function that holds a copy of its code, or NULL */
    const char *lacks;      /* options its unit lacks to be patched: gen_inside.h */
};

/*
 * Complete wanted (count of them, names filled) from one object or archive. Strings live in arena.
 * An object without debug information adds nothing and is no error.
 */
ASSAY_CHECKED
bool mk_gen_dwarf_read(struct mk_gen_wanted *wanted, unsigned count, const char *path,
                       struct pf_arena *arena, struct pf_err *err);

#endif

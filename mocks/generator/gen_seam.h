/*
 * How calls of a function are seen, or why they cannot be.
 *
 * The linker wraps what is undefined in the object that calls. A function of the project's own that
 * is called by its own file too, or stands inlined in it, is patched at run time or refused: it
 * would be faked for some of its callers only.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef MOCKS_GENERATOR_GEN_SEAM_H
#define MOCKS_GENERATOR_GEN_SEAM_H

#include "mocks/generator/gen_catalogue.h"
#include "mocks/generator/gen_dwarf.h"
#include "mocks/generator/gen_symbols.h"
#include "profiler/base/err.h"

enum mk_gen_seam {
    MK_GEN_SEAM_WRAP,  /* the linker: calls between objects */
    MK_GEN_SEAM_PATCH, /* its first bytes, at run time: every call */
};

/* One function, and what is known about it. */
struct mk_gen_case {
    const struct mk_gen_symbols *symbols;
    const struct mk_gen_wanted *wanted;
    const struct mk_gen_entry *entry; /* of its name in the catalogue, or NULL */
    unsigned object_count;
    bool inside; /* listed behind INSIDE */
};

/* The seam for a function that the catalogue does not describe. */
ASSAY_CHECKED
bool mk_gen_seam_choose(enum mk_gen_seam *out, const struct mk_gen_case *of, struct pf_err *err);

/* Always false: nothing calls the function so that the linker could wrap it; says what is there
 * instead. */
bool mk_gen_seam_refuse(const struct mk_gen_case *of, struct pf_err *err);

#endif

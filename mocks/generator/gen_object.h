/*
 * The objects of the code under test: which file is one, and what its symbol table says.
 *
 * Relocatable objects and archives of them. What the linker does not wrap is refused: linked files,
 * objects of link-time optimisation, stripped ones.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef MOCKS_GENERATOR_GEN_OBJECT_H
#define MOCKS_GENERATOR_GEN_OBJECT_H

#include "mocks/generator/gen_symbols.h"
#include "profiler/base/err.h"

/* Add the symbols of the file at path. */
ASSAY_CHECKED
bool mk_gen_symbols_read(struct mk_gen_symbols *symbols, const char *path, struct pf_err *err);

#endif

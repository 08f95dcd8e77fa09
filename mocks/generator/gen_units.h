/*
 * The debug information of an object or archive, module by module.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef MOCKS_GENERATOR_GEN_UNITS_H
#define MOCKS_GENERATOR_GEN_UNITS_H

#include <elfutils/libdwfl.h>
#include <stdbool.h>

#include "profiler/base/err.h"

/* An object is one module, an archive one for each member. */
typedef void (*mk_gen_on_module)(Dwfl_Module *module, void *data);

/* A file without debug information has modules, too; what is no object has none. */
ASSAY_CHECKED
bool mk_gen_units_each(const char *path, mk_gen_on_module on_module, void *data,
                       struct pf_err *err);

/* unit is a split one's skeleton if *is_split. */
typedef void (*mk_gen_on_unit)(Dwarf_Die *unit, bool is_split, void *data);

/* False if the module has no debug information. Relocated by libdwfl. */
bool mk_gen_units_of(Dwfl_Module *module, mk_gen_on_unit on_unit, void *data);

/* The compiler, and by gcc its options; "" if it does not say. */
const char *mk_gen_units_producer(Dwarf_Die *unit);

/* Are all calls in this function described? clang does so only of code it optimised. */
bool mk_gen_units_describes_calls(Dwarf_Die *function);

#endif

/*
 * Parameter names from the header that declares a function: debug information of a caller has none.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef MOCKS_GENERATOR_GEN_HEADER_NAMES_H
#define MOCKS_GENERATOR_GEN_HEADER_NAMES_H

#include "mocks/generator/gen_proto.h"

/*
 * Name the parameters of proto as text does from its line on (from 1), where the declaration
 * stands. False, and proto untouched, unless every parameter there has a name and their number is
 * the same.
 */
bool mk_gen_names_from_text(struct mk_gen_proto *proto, struct pf_bytes text, unsigned line,
                            struct pf_arena *arena);

/* The same from a file; false also when it cannot be read. */
bool mk_gen_names_from_header(struct mk_gen_proto *proto, const char *path, unsigned line,
                              struct pf_arena *arena);

#endif

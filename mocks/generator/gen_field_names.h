/*
 * Names of parameters that can stand in wrappers, rules and calls as they are.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef MOCKS_GENERATOR_GEN_FIELD_NAMES_H
#define MOCKS_GENERATOR_GEN_FIELD_NAMES_H

#include "mocks/generator/gen_proto.h"

/* Is it the name of a field that every rule or call has, of a macro, or of a local of wrappers? */
bool mk_gen_is_reserved(const char *name);

/* Put underscores behind the names of parameters that are reserved, or are the field of another
 * one: "buf_bytes" beside "buf". */
void mk_gen_name_params(struct mk_gen_proto *proto, struct pf_arena *arena);

#endif

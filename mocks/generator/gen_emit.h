/*
 * The plan as C: wraps.h (typed rules, calls, verbs), wraps.c (wrappers, tables), wraps.rsp.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef MOCKS_GENERATOR_GEN_EMIT_H
#define MOCKS_GENERATOR_GEN_EMIT_H

#include "mocks/generator/gen_plan.h"
#include "profiler/base/buf.h"

void mk_gen_emit_header(struct pf_buf *out, const struct mk_gen_plan *plan,
                        const struct mk_gen_request *request);
void mk_gen_emit_source(struct pf_buf *out, const struct mk_gen_plan *plan,
                        const struct mk_gen_request *request);
/* Options for the compiler driver that links, one a line: @wraps.rsp. */
void mk_gen_emit_options(struct pf_buf *out, const struct mk_gen_plan *plan);

/* The name a parameter has in rules and calls: the reserved ones get a trailing underscore. */
void mk_gen_field_name(struct pf_buf *out, const struct mk_gen_param *param);

/* "int fd, void *buf", "void" for none. with_optional: variable arguments of the catalogue too. */
void mk_gen_params(struct pf_buf *out, const struct mk_gen_proto *proto, bool with_optional);

/* "TYPE name" whatever the spelling of TYPE. */
void mk_gen_declare(struct pf_buf *out, const char *type, const char *name);

/* gen_emit_wrapper.c. link is a name of fn; called: by an object, else it need not exist. */
void mk_gen_emit_declarations(struct pf_buf *out, const struct mk_gen_fn *fn,
                              const struct mk_gen_proto *link, bool called);
void mk_gen_emit_wrapper(struct pf_buf *out, const struct mk_gen_fn *fn,
                         const struct mk_gen_proto *link);
/* What stands before the name of the wrapper, and of the real function behind it. */
const char *mk_gen_wrap_prefix(const struct mk_gen_fn *fn);
const char *mk_gen_real_prefix(const struct mk_gen_fn *fn);

/* gen_emit_variadic.c: a variadic function whose arguments are unknown, handed on in registers. */
bool mk_gen_is_handed_on(const struct mk_gen_fn *fn);
void mk_gen_emit_handed_on(struct pf_buf *out, const struct mk_gen_fn *fn, const char *wrapper,
                           const char *real);

bool mk_gen_has_match(const struct mk_gen_param *param);
bool mk_gen_has_with(const struct mk_gen_param *param);
bool mk_gen_has_out(const struct mk_gen_param *param);
bool mk_gen_has_bytes(const struct mk_gen_param *param);

#endif

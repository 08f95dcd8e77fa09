/*
 * A C prototype as text: "ssize_t read(int fd, void *buf, size_t count)" in its parts.
 *
 * Not a C parser: types are kept as they are spelled, the name is the last word of a parameter.
 * Function pointers are written __typeof__(void (*)(int)) or by a typedef.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef MOCKS_GENERATOR_GEN_PROTO_H
#define MOCKS_GENERATOR_GEN_PROTO_H

#include <stdbool.h>
#include <stddef.h>

#include "profiler/base/arena.h"
#include "profiler/base/err.h"
#include "profiler/trace/bytes.h"

enum { MK_GEN_MAX_PARAMS = 10 };

/* What the wrapper does with a value; the width and sign are left to the compiler. */
enum mk_gen_class { MK_GEN_VOID, MK_GEN_INT, MK_GEN_PTR, MK_GEN_NUM, MK_GEN_BLOB, MK_GEN_VA_LIST };

enum mk_gen_role { MK_GEN_PLAIN, MK_GEN_STRING, MK_GEN_READS, MK_GEN_FILLS, MK_GEN_STORES };

struct mk_gen_param {
    const char *type;
    const char *name;
    enum mk_gen_class class;
    enum mk_gen_role role;
    const char *length;     /* name of the parameter that counts it, or NULL */
    const char *element;    /* type of the items counted, NULL: bytes */
    const char *item_size;  /* name of the parameter that says how large the items are, or NULL */
    const char *pointee;    /* type of what a pointer stores, NULL: unknown or bytes */
    unsigned pointee_size;  /* of it, 0: the compiler knows */
    unsigned pointee_count; /* how many of them, 0: one */
    bool length_is_object;
    bool fills_return;
    bool returned;
    bool optional;    /* taken from the variable arguments */
    const char *when; /* condition under which it is there, or NULL: always */
};

struct mk_gen_proto {
    const char *name;
    const char *ret_type;
    enum mk_gen_class ret_class;
    struct mk_gen_param params[MK_GEN_MAX_PARAMS];
    unsigned param_count;
    bool variadic;
};

/* Strings of out live in arena. where is put before messages. */
ASSAY_CHECKED
bool mk_gen_proto_parse(struct mk_gen_proto *out, struct pf_bytes text, struct pf_arena *arena,
                        struct pf_err *err);

/* "TYPE NAME" of one parameter. */
ASSAY_CHECKED
bool mk_gen_param_parse(struct mk_gen_param *out, struct pf_bytes text, struct pf_arena *arena,
                        struct pf_err *err);

/* The class a spelled type has; struct and union by value are blobs. */
enum mk_gen_class mk_gen_type_class(const char *type);

/* The index of a parameter, or -1. */
int mk_gen_param_find(const struct mk_gen_proto *proto, const char *name);

#endif

/*
 * The catalogue: what no header says about POSIX and libc calls (mocks/catalogue/, README there).
 *
 * Parameter names, how a call fails and with which errnos, which pointers it fills and where their
 * length stands, under which other names compilers and headers call it, whether it may block.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef MOCKS_GENERATOR_GEN_CATALOGUE_H
#define MOCKS_GENERATOR_GEN_CATALOGUE_H

#include "mocks/generator/gen_proto.h"

enum { MK_GEN_MAX_ALIASES = 8, MK_GEN_MAX_ERRNOS = 40, MK_GEN_MAX_HEADERS = 4 };

enum mk_gen_failure { MK_GEN_FAILS_NEVER, MK_GEN_FAILS_ERRNO, MK_GEN_FAILS_RETURN };

struct mk_gen_entry {
    struct mk_gen_proto proto;
    const char *headers[MK_GEN_MAX_HEADERS]; /* "<unistd.h>" */
    unsigned header_count;
    enum mk_gen_failure failure;
    const char *fail_value; /* C expression */
    const char *errnos[MK_GEN_MAX_ERRNOS];
    unsigned errno_count;
    struct mk_gen_proto aliases[MK_GEN_MAX_ALIASES];
    unsigned alias_count;
    const char *through; /* the va_list form of a variadic function */
    const char *refused; /* why it cannot be wrapped, or NULL */
    const char *becomes; /* what compilers turn calls of it into, "puts putchar" */
    bool if_optimised;   /* only where they optimise */
    bool noreturn, blocks, clock;
    bool clock_beside;      /* part of CLOCK only where a function of time is called */
    const char *clock_with; /* part of CLOCK only where one of these is called; NULL: always */
};

struct mk_gen_catalogue {
    struct pf_arena arena;
    struct mk_gen_entry *entries;
    unsigned count;
};

void mk_gen_catalogue_fini(struct mk_gen_catalogue *catalogue);

/* Add the entries of a catalogue file's text; messages name file and line. */
ASSAY_CHECKED
bool mk_gen_catalogue_parse(struct mk_gen_catalogue *catalogue, struct pf_bytes text,
                            const char *file, struct pf_err *err);

/* The shipped catalogue, compiled in. */
ASSAY_CHECKED
bool mk_gen_catalogue_shipped(struct mk_gen_catalogue *out, struct pf_err *err);

/* By its own name or an alias; NULL if it is not listed. Lives as long as the catalogue. */
const struct mk_gen_entry *mk_gen_catalogue_find(const struct mk_gen_catalogue *catalogue,
                                                 const char *name);

#endif

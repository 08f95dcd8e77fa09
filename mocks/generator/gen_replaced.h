/*
 * Calls that a compiler replaced by others: printf("x\n") is puts("x"), malloc and memset are
 * calloc. A mock of the first would not see them.
 *
 * Debug information tells: it describes what the source calls, and gcc names what it put in itself
 * __builtin_puts.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef MOCKS_GENERATOR_GEN_REPLACED_H
#define MOCKS_GENERATOR_GEN_REPLACED_H

#include "mocks/generator/gen_catalogue.h"

enum { MK_GEN_MAX_INSTEAD = 8 };

/* What is looked for: calls of function that became calls of one of instead. */
struct mk_gen_replacing {
    const struct mk_gen_catalogue *catalogue;
    const struct mk_gen_entry *function;
    const char *instead[MK_GEN_MAX_INSTEAD];
    unsigned instead_count;
};

struct mk_gen_replaced {
    const char *instead; /* some calls of the function are calls of it; NULL: none are */
    bool is_guess;       /* there is no debug information, or too little, to tell */
};

/* Look into the object or archive at path; out is untouched if nothing was replaced there. */
ASSAY_CHECKED
bool mk_gen_replaced_read(struct mk_gen_replaced *out, const struct mk_gen_replacing *what,
                          const char *path, struct pf_err *err);

#endif

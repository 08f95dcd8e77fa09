/*
 * The plan: for each name asked for, which symbols of the objects are wrapped and how they look.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef MOCKS_GENERATOR_GEN_PLAN_H
#define MOCKS_GENERATOR_GEN_PLAN_H

#include "mocks/generator/gen_catalogue.h"
#include "mocks/generator/gen_dwarf.h"
#include "mocks/generator/gen_seam.h"

enum { MK_GEN_MAX_FUNCTIONS = 1024 };

/* In place of a name: every function of time that the objects call. */
#define MK_GEN_CLOCK "CLOCK"

struct mk_gen_fn {
    enum mk_gen_seam seam;
    struct mk_gen_entry entry; /* from the catalogue, or made of debug information */
    /* Protos of the symbols wrapped: the function's own name, its aliases. */
    const struct mk_gen_proto *links[1 + MK_GEN_MAX_ALIASES];
    unsigned link_count;
    unsigned called_count; /* of links: the first so many, that the objects call; the rest only
                              shared libraries may */
    const char *forward[MK_GEN_MAX_FORWARD];
    unsigned forward_count;
    bool from_catalogue;
    const char *found_in; /* debug information: the object */
};

struct mk_gen_plan {
    struct pf_arena arena;
    struct mk_gen_fn *functions;
    unsigned count;
    bool has_fat_lto;
};

struct mk_gen_request {
    const char *const *names;
    unsigned name_count;
    const char *const *objects;
    unsigned object_count;
    const char *const *headers; /* given by the user: "db.h", "<curl/curl.h>" */
    unsigned header_count;
    const char *const *inside; /* those of names that lie behind INSIDE */
    unsigned inside_count;
    /* Shared libraries whose calls are seen too: "libcurl.so.4", "libc.so.6:malloc:free" for those
       functions only. */
    const char *const *callers;
    unsigned caller_count;
};

/* Can a variadic function's arguments be handed on unseen? Else it is refused. */
bool mk_gen_can_hand_on(const struct mk_gen_proto *proto);

void mk_gen_plan_fini(struct mk_gen_plan *plan);

/*
 * Fails for a name that could not be wrapped, saying why and what would help. catalogue and request
 * must outlive the plan.
 */
ASSAY_CHECKED
bool mk_gen_plan_make(struct mk_gen_plan *out, const struct mk_gen_request *request,
                      const struct mk_gen_catalogue *catalogue, struct pf_err *err);

#endif

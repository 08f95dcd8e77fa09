/*
 * Questions to a JSON text in jq's language, by libjq: the only file that speaks it.
 *
 * Compiling a program takes libjq 1.6 some 20 ms, running it microseconds: programs are kept.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_HTTP_JQ_FILTER_H
#define HARNESS_HTTP_JQ_FILTER_H

#include "profiler/base/buf.h"
#include "profiler/base/err.h"

enum { HN_JQ_PROGRAMS_MAX = 64, HN_JQ_OUTPUTS_MAX = 10000 };

struct jq_state;

struct hn_jq_program {
    char *text;
    struct jq_state *state;
};

/* Zero is a valid empty one. Belongs to one process. */
struct hn_jq {
    struct hn_jq_program programs[HN_JQ_PROGRAMS_MAX];
    unsigned next; /* to be replaced when all are taken */
};

void hn_jq_fini(struct hn_jq *jq);

struct hn_jq_query {
    const char *program; /* 'x' may stand for "x" */
    struct pf_bytes json;
    bool is_raw; /* strings in the output without their quotes */
};

/*
 * *holds (unless NULL): the program has outputs, and none is false or null. out gets the outputs as
 * text, one a line. Errors: a program or a text that is none, in jq's words.
 */
ASSAY_CHECKED
bool hn_jq_run(struct hn_jq *jq, const struct hn_jq_query *query, struct pf_buf *out, bool *holds,
               struct pf_err *err);

/*
 * The left side of a comparison ("." of ". == 3"), whose value explains why it does not hold; NULL
 * if program is no comparison at its top level. Released with free(). Pure.
 */
char *hn_jq_left_side(const char *program);

#endif

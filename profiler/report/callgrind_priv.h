/*
 * callgrind's call graph, and stacks made from it.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_REPORT_CALLGRIND_PRIV_H
#define PROFILER_REPORT_CALLGRIND_PRIV_H

#include <stdint.h>

#include "profiler/base/hash.h"
#include "profiler/trace/bytes.h"

struct pf_profile;

struct pf_callgrind_function {
    uint32_t name, file, object; /* strings of the profile */
    uint32_t line;               /* the first of its file it spends anything on; 0: not known */
};

struct pf_callgrind_call {
    uint32_t caller, callee;
    int64_t cost;         /* inclusive, of the first event */
    uint32_t next_caller; /* of the same callee, UINT32_MAX: none */
};

struct pf_callgrind {
    struct pf_profile *out;
    struct pf_bytes command;
    struct pf_callgrind_function *functions;
    int64_t *self;     /* value_count a function */
    uint32_t *callers; /* first call of each callee, UINT32_MAX: none */
    uint32_t function_count, function_capacity;
    struct pf_callgrind_call *calls;
    uint32_t call_count, call_capacity;
    struct pf_hash function_index, call_index;
};

void pf_callgrind_fini(struct pf_callgrind *graph);

uint32_t pf_callgrind_function(struct pf_callgrind *graph, const struct pf_callgrind_function *at);

/* It spends something on this line of its file. */
void pf_callgrind_add_line(struct pf_callgrind *graph, uint32_t function, uint32_t line);
void pf_callgrind_add_self(struct pf_callgrind *graph, uint32_t function, const int64_t *costs);
void pf_callgrind_add_call(struct pf_callgrind *graph, uint32_t caller, uint32_t callee,
                           int64_t cost);

/*
 * Add samples to graph->out. Each function's own cost is divided among its callers in proportion to
 * what their calls cost, theirs among their callers, and so on up to a function nobody calls: own
 * costs are exact, whole stacks an estimate. Shares below a millionth of the whole follow the
 * dearest caller alone; a call that would close a cycle is not followed.
 */
void pf_callgrind_stacks(struct pf_callgrind *graph);

#endif

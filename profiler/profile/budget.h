/*
 * A condition on a comparison, as --fail-on takes it: "self(parse_*) > +5%".
 *
 *   condition := metric "(" pattern ")" op limit
 *   metric    := "self" | "total"
 *   pattern   := a function's name, with * ? [...]; shares of all that match are taken together
 *   op        := ">" ">=" "<" "<="
 *   limit     := sign number "%"    the change, in points of the whole: +5%, -2.5%
 *              | number "%"         the new share: 20%
 *              | number "x"         the new share over the base's: 1.2x
 *
 * A change (the first and the third form) holds only if it is more than noise.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_PROFILE_BUDGET_H
#define PROFILER_PROFILE_BUDGET_H

#include <stdbool.h>

#include "profiler/base/err.h"
#include "profiler/profile/compare.h"

enum { PF_BUDGET_PATTERN = 256 };

enum pf_budget_op { PF_BUDGET_MORE, PF_BUDGET_AT_LEAST, PF_BUDGET_LESS, PF_BUDGET_AT_MOST };
enum pf_budget_limit { PF_BUDGET_CHANGE, PF_BUDGET_SHARE, PF_BUDGET_RATIO };

struct pf_budget {
    bool is_total;
    char pattern[PF_BUDGET_PATTERN];
    enum pf_budget_op op;
    enum pf_budget_limit limit_kind;
    double limit;
};

/* PF_ERR_USAGE shows the place and what was expected there. */
ASSAY_CHECKED
bool pf_budget_parse(struct pf_budget *out, const char *text, struct pf_err *err);

struct pf_budget_result {
    struct pf_change change;
    unsigned functions; /* that match, 0: the condition does not hold */
    bool holds;
    bool is_gone; /* in no stack of the new profile, in more of the base's than chance explains:
                     removed, renamed or inlined */
};

struct pf_budget_result pf_budget_check(const struct pf_budget *budget,
                                        const struct pf_paths *paths,
                                        struct pf_sample_counts samples);

#endif

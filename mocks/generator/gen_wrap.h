/*
 * The use case: objects and names in, a directory of wrappers out.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef MOCKS_GENERATOR_GEN_WRAP_H
#define MOCKS_GENERATOR_GEN_WRAP_H

#include <stdio.h>

#include "mocks/generator/gen_plan.h"

/*
 * Write DIR/assay/wraps.h, DIR/wraps.c and DIR/wraps.rsp. Files whose content stays the same keep
 * their time stamp, so that builds do not compile again. With say, tells there what is wrapped.
 */
ASSAY_CHECKED
bool mk_gen_wrap(const struct mk_gen_request *request, const char *dir, FILE *say,
                 struct pf_err *err);

/* The catalogue as a table: name, failure, errnos. */
ASSAY_CHECKED
bool mk_gen_list(FILE *to, struct pf_err *err);

#endif

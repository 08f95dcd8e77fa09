/*
 * What was found in the shared libraries whose calls are diverted, for its judge.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef MOCKS_MOCK_GOT_H
#define MOCKS_MOCK_GOT_H

#include <stdbool.h>
#include <stddef.h>

#include "assay/mock_abi.h"

/* Libraries as assay_wrap(CALLERS) names them: "libx.so.1", "libc.so.6:malloc:free". */
extern const char *const mk_wrapped_callers[] __attribute__((weak));
/* Functions that nothing but such a library calls. */
extern struct mk_fn *const mk_wrapped_for_callers[] __attribute__((weak));

/* Does caller (an element of mk_wrapped_callers) mean the library at path, and of it this function?
 */
bool mk_caller_is_library(const char *caller, const char *path);
bool mk_caller_means(const char *caller, const char *function);

/* How many calls of fn, NULL for any, by caller, NULL for any, lead to wrappers. */
unsigned mk_got_count(const char *caller, const struct mk_fn *fn);

/* What could not be diverted for want of room or permission. */
unsigned mk_got_lost(void);

/* mock_callers.c: fail the test for a library or a function whose calls are not seen. */
void mk_callers_judge(void);

#endif

/*
 * How code is built whose own functions are patched at run time (INSIDE).
 *
 * Room for a jump before each function is not enough: a compiler that looks into a function lets
 * its callers rely on what it saw (registers it spares, stack alignment it needs), and a wrapper in
 * between breaks that.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef MOCKS_GENERATOR_GEN_INSIDE_H
#define MOCKS_GENERATOR_GEN_INSIDE_H

#include <stdbool.h>

#include "profiler/base/buf.h"

/*
 * Append the options that a unit with this DW_AT_producer was built without, nothing if it may be
 * patched. optimised: for clang, whose producer names no options.
 */
void mk_gen_inside_lacks(struct pf_buf *out, const char *producer, bool optimised);

/* What the producer of gcc says of its options: the last -O wins, without one nothing is optimised.
 */
bool mk_gen_is_gcc(const char *producer);
bool mk_gen_has_option(const char *producer, const char *option);
bool mk_gen_is_optimised(const char *producer);

#endif

/*
 * JSON as people like to type it inside C strings: bare names and single quotes.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_HTTP_RELAXED_JSON_H
#define HARNESS_HTTP_RELAXED_JSON_H

#include <stdbool.h>

#include "profiler/base/buf.h"
#include "profiler/base/err.h"

/*
 * Append strict JSON to out: names before a colon get quotes, 'text' becomes "text", all else stays
 * byte for byte. What comes out is parsed; if it is no JSON the error says where and shows it.
 */
ASSAY_CHECKED
bool hn_relaxed_json(struct pf_buf *out, const char *text, struct pf_err *err);

#endif

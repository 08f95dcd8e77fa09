/*
 * .gnu_debugdata, "mini debug information": an ELF file with a symbol table, compressed by xz.
 *
 * The only place that speaks liblzma.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_SYMBOL_MINIDEBUG_H
#define PROFILER_SYMBOL_MINIDEBUG_H

#include <stdbool.h>

#include "profiler/base/buf.h"
#include "profiler/base/err.h"

enum { PF_MINIDEBUG_BYTES_MAX = 128 << 20 };

/* Append the decompressed file to out, at most PF_MINIDEBUG_BYTES_MAX; PF_ERR_FORMAT or
 * PF_ERR_LIMIT otherwise. */
ASSAY_CHECKED
bool pf_minidebug_unpack(struct pf_buf *out, struct pf_bytes packed, struct pf_err *err);

#endif

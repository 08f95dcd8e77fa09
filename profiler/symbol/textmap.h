/*
 * Names from text files of addresses: /tmp/perf-PID.map (JIT code) and /proc/kallsyms (kernel).
 *
 * Both are read once, line by line; lines that are not of the format are passed over.
 * Formats: Linux, tools/perf/Documentation/jit-interface.txt ("START SIZE name", hexadecimal) and
 * kallsyms ("ADDRESS TYPE name [module]", sizes not given).
 *
 * Context: pure; queries hold absolute addresses.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_SYMBOL_TEXTMAP_H
#define PROFILER_SYMBOL_TEXTMAP_H

#include "profiler/symbol/query.h"
#include "profiler/trace/bytes.h"

/* Code is reused: of two entries that cover an address, the later one holds. */
void pf_perfmap_match(struct pf_bytes text, struct pf_queries *queries);

/* The nearest symbol below. Where addresses are hidden (all zero), nothing is named. */
void pf_kallsyms_match(struct pf_bytes text, struct pf_queries *queries);

#endif

/*
 * A sample object as the tests handle it: copied, stripped, split; its addresses looked up by the
 * labels it left in its symbol table, and named through a profile with one mapping.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_UNIT_PROFILER_SYMBOL_SAMPLE_OBJECT_H
#define TESTS_UNIT_PROFILER_SYMBOL_SAMPLE_OBJECT_H

#include <stdbool.h>
#include <stdint.h>

#include "profiler/base/err.h"
#include "profiler/profile/profile.h"
#include "profiler/symbol/symbolize.h"

/* Run a shell command; a failure fails the test. */
void ts_shell(const char *fmt, ...) ASSAY_PRINTF(1, 2);

/* A fresh directory, removed when the process ends. */
const char *ts_symbol_dir(void);

/* The value of a symbol in path's .symtab, as file_addr; fails the test if absent. */
uint64_t ts_symbol_value(const char *path, const char *name);

/* A profile with one mapping of path's code and a location at file_addr. */
struct ts_named {
    struct pf_profile profile;
    struct pf_symbolize_stats stats;
    uint32_t location;
};

/* path is opened for its segments, shown_path is what the mapping says. */
struct ts_named ts_name_address(const char *path, const char *shown_path, uint64_t file_addr,
                                const struct pf_symbolize *options);
void ts_named_fini(struct ts_named *named);

/* Of the location: number of lines; and of line i (0 innermost), the function's name, file, line.
 */
uint32_t ts_line_count(const struct ts_named *named);
const char *ts_function(const struct ts_named *named, uint32_t i);
const char *ts_file(const struct ts_named *named, uint32_t i);
uint32_t ts_line(const struct ts_named *named, uint32_t i);

/* The line of a source file that contains text. */
uint32_t ts_source_line(const char *path, const char *text);

#endif

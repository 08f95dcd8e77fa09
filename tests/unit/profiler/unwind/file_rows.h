/*
 * The rows of an ELF file, straight from its sections: for tests.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_UNIT_PROFILER_UNWIND_FILE_ROWS_H
#define TESTS_UNIT_PROFILER_UNWIND_FILE_ROWS_H

#include <stddef.h>

#include "profiler/unwind/rows.h"

struct ts_file_rows {
    const struct pf_rows *rows; /* NULL: no such file, or nothing in it */
    void *block;
    size_t size_bytes;
    struct pf_rows_stats stats;
};

struct ts_file_rows ts_file_rows_build(const char *path);
void ts_file_rows_free(struct ts_file_rows *rows);

/* The same from sections that are at hand. */
struct ts_file_rows ts_rows_build(const struct pf_cfi_source *source);

#endif

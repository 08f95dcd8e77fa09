/* SPDX-License-Identifier: MIT */
#include "tests/unit/profiler/unwind/file_rows.h"

#include <stdlib.h>
#include <string.h>

#include "profiler/elf/elf_file.h"

struct ts_file_rows ts_rows_build(const struct pf_cfi_source *source)
{
    struct ts_file_rows out = {0};
    struct pf_room table = {.size = pf_rows_bound(source)};
    struct pf_room scratch = {.size = pf_rows_scratch(source)};

    if (scratch.size == 0)
        return out;
    table.at = malloc(table.size);
    scratch.at = malloc(scratch.size);
    out.size_bytes = pf_rows_build(table, scratch, source, &out.stats);
    /* Exactly as large as it says, so that a sanitizer sees any step beyond. */
    if (out.size_bytes > 0 && out.size_bytes <= table.size) {
        out.block = malloc(out.size_bytes);
        memcpy(out.block, table.at, out.size_bytes);
        out.rows = pf_rows_check((struct pf_bytes){out.block, out.size_bytes});
    }
    free(table.at);
    free(scratch.at);
    return out;
}

struct ts_file_rows ts_file_rows_build(const char *path)
{
    struct pf_elf elf = {0};
    struct pf_elf_section section;
    struct pf_cfi_source source = {0};
    struct ts_file_rows out = {0};
    struct pf_err err;

    if (!pf_elf_open(&elf, path, &err))
        return out;
    if (pf_elf_section_find(&elf, ".eh_frame", &section)) {
        source.eh_frame = section.bytes;
        source.eh_frame_addr = section.file_addr;
    }
    if (pf_elf_section_find(&elf, ".debug_frame", &section))
        source.debug_frame = section.bytes;
    out = ts_rows_build(&source);
    pf_elf_close(&elf);
    return out;
}

void ts_file_rows_free(struct ts_file_rows *rows)
{
    free(rows->block);
    *rows = (struct ts_file_rows){0};
}

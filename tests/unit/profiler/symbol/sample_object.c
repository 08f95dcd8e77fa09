/* SPDX-License-Identifier: MIT */
#include "sample_object.h"

#include <criterion/criterion.h>
#include <elf.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "profiler/symbol/symfile.h"

enum { MAPPED_AT = 0x10000000 };

void ts_shell(const char *fmt, ...)
{
    char command[4096];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(command, sizeof command, fmt, args);
    va_end(args);
    cr_assert_eq(system(command), 0, "%s", command);
}

static char dir[64];

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *ftw)
{
    (void)status;
    (void)type;
    (void)ftw;
    return remove(path);
}

static void remove_dir(void)
{
    (void)nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

const char *ts_symbol_dir(void)
{
    if (!dir[0]) {
        (void)snprintf(dir, sizeof dir, "/tmp/assay-symbol-XXXXXX");
        cr_assert_not_null(mkdtemp(dir));
        (void)atexit(remove_dir);
    }
    return dir;
}

uint64_t ts_symbol_value(const char *path, const char *name)
{
    struct pf_symfile file = {0};
    struct pf_err err;
    struct pf_symtab symtab;
    Elf64_Sym symbol;
    uint64_t value = 0;

    cr_assert(pf_symfile_open(&file, path, &err), "%s", err.text);
    cr_assert(pf_symfile_symtab(&file, false, &symtab), "%s: no symbols", path);
    for (size_t i = 0; i < symtab.entries.size / sizeof symbol; i++) {
        memcpy(&symbol, (const char *)symtab.entries.at + i * sizeof symbol, sizeof symbol);
        if (strcmp((const char *)symtab.strings.at + symbol.st_name, name) == 0)
            value = symbol.st_value;
    }
    pf_symfile_close(&file);
    cr_assert_neq(value, 0, "%s: no symbol %s", path, name);
    return value;
}

/* Where the kernel would map the segment of code, and from which offset. */
static struct pf_mapping map_code(const char *path, uint64_t file_addr, uint64_t *address)
{
    struct pf_symfile file = {0};
    struct pf_err err;
    struct pf_mapping mapping = {.start = MAPPED_AT, .limit = MAPPED_AT + 0x100000};
    uint64_t back = 0;

    cr_assert(pf_symfile_open(&file, path, &err), "%s", err.text);
    cr_assert_gt(file.code.count, 0);
    uint64_t page = file.code.at[0].start & ~4095ULL;
    for (uint64_t offset = 0; offset < 1ULL << 24; offset += 4096)
        if (pf_symfile_addr_of_offset(&file, offset, &back) && back == page)
            mapping.file_offset = offset;
    *address = MAPPED_AT + file_addr - page;
    pf_symfile_close(&file);
    return mapping;
}

struct ts_named ts_name_address(const char *path, const char *shown_path, uint64_t file_addr,
                                const struct pf_symbolize *options)
{
    struct ts_named named = {0};
    struct pf_symfile file = {0};
    struct pf_err err;
    uint64_t address = 0;

    pf_profile_init(&named.profile);
    struct pf_mapping mapping = map_code(path, file_addr, &address);
    cr_assert(pf_symfile_open(&file, path, &err), "%s", err.text);
    mapping.file = pf_profile_string(&named.profile, shown_path);
    mapping.build_id = pf_profile_string(&named.profile, file.build_id);
    pf_symfile_close(&file);
    uint32_t index = pf_profile_mapping(&named.profile, &mapping);
    named.location = pf_profile_location(&named.profile, address, index);
    cr_assert(pf_symbolize(&named.profile, options, &named.stats, &err), "%s", err.text);
    return named;
}

void ts_named_fini(struct ts_named *named)
{
    pf_profile_fini(&named->profile);
}

uint32_t ts_line_count(const struct ts_named *named)
{
    return pf_profile_location_at(&named->profile, named->location)->line_count;
}

static const struct pf_line *line_at(const struct ts_named *named, uint32_t i)
{
    const struct pf_location *location = pf_profile_location_at(&named->profile, named->location);

    cr_assert_lt(i, location->line_count);
    return pf_profile_lines_view(&named->profile, location) + i;
}

const char *ts_function(const struct ts_named *named, uint32_t i)
{
    uint32_t function = line_at(named, i)->function;

    return pf_profile_text(&named->profile,
                           pf_profile_function_at(&named->profile, function)->name);
}

const char *ts_file(const struct ts_named *named, uint32_t i)
{
    uint32_t function = line_at(named, i)->function;

    return pf_profile_text(&named->profile,
                           pf_profile_function_at(&named->profile, function)->file);
}

uint32_t ts_line(const struct ts_named *named, uint32_t i)
{
    return line_at(named, i)->line;
}

uint32_t ts_source_line(const char *path, const char *text)
{
    char line[512];
    uint32_t number = 0;
    FILE *file = fopen(path, "re");

    cr_assert_not_null(file, "%s", path);
    while (fgets(line, sizeof line, file)) {
        number++;
        if (strstr(line, text)) {
            (void)fclose(file);
            return number;
        }
    }
    (void)fclose(file);
    cr_assert_fail("%s: no line with %s", path, text);
    return 0;
}

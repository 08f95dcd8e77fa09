/* SPDX-License-Identifier: MIT */
#include "profiler/symbol/symtab.h"

#include <criterion/criterion.h>
#include <elf.h>
#include <string.h>

enum { SYMBOLS_MAX = 16 };

/* A symbol table in the making. */
struct table {
    Elf64_Sym entries[SYMBOLS_MAX];
    unsigned count;
    char strings[512];
    size_t string_bytes;
    struct pf_code_ranges code;
};

static struct table new_table(void)
{
    struct table table = {.string_bytes = 1};

    table.code.count = 1;
    table.code.at[0].start = 0x1000;
    table.code.at[0].end = 0x9000;
    return table;
}

static void add(struct table *table, const char *name, uint64_t value, uint64_t size, unsigned info)
{
    table->entries[table->count++] = (Elf64_Sym){.st_name = (Elf64_Word)table->string_bytes,
                                                 .st_info = (unsigned char)info,
                                                 .st_shndx = 1,
                                                 .st_value = value,
                                                 .st_size = size};
    memcpy(table->strings + table->string_bytes, name, strlen(name) + 1);
    table->string_bytes += strlen(name) + 1;
}

static const char *name_at(struct table *table, uint64_t file_addr)
{
    struct pf_query query = {.file_addr = file_addr};
    struct pf_arena arena = {0};
    struct pf_queries queries = {&query, 1, &arena};
    struct pf_symtab symtab = {
        .entries = {table->entries, table->count * sizeof table->entries[0]},
        .strings = {table->strings, table->string_bytes},
        .code = &table->code,
    };

    pf_symtab_match(&symtab, &queries);
    pf_symtab_settle(&queries);
    const struct pf_symbol *symbol = pf_symtab_choice(&query, &table->code);
    return symbol ? symbol->name : NULL;
}

static const unsigned GLOBAL_FUNC = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC);
static const unsigned WEAK_FUNC = ELF64_ST_INFO(STB_WEAK, STT_FUNC);
static const unsigned LOCAL_FUNC = ELF64_ST_INFO(STB_LOCAL, STT_FUNC);
static const unsigned LABEL = ELF64_ST_INFO(STB_GLOBAL, STT_NOTYPE);
static const unsigned DATA = ELF64_ST_INFO(STB_GLOBAL, STT_OBJECT);

Test(symtab, empty_table_names_nothing)
{
    struct table table = new_table();

    cr_assert_null(name_at(&table, 0x1000));
}

Test(symtab, a_symbol_covers_its_size_and_no_more)
{
    struct table table = new_table();
    add(&table, "serve", 0x1000, 0x40, GLOBAL_FUNC);

    cr_assert_str_eq(name_at(&table, 0x1000), "serve");
    cr_assert_str_eq(name_at(&table, 0x103f), "serve");
    cr_assert_null(name_at(&table, 0x1040));
    cr_assert_null(name_at(&table, 0xfff));
}

Test(symtab, the_alias_people_write_is_chosen)
{
    struct table table = new_table();
    add(&table, "__GI___libc_read", 0x1000, 0x40, LOCAL_FUNC);
    add(&table, "__libc_read", 0x1000, 0x40, GLOBAL_FUNC);
    add(&table, "read", 0x1000, 0x40, WEAK_FUNC);
    add(&table, "__read", 0x1000, 0x40, GLOBAL_FUNC);

    cr_assert_str_eq(name_at(&table, 0x1010), "read");
}

Test(symtab, strong_wins_over_weak_of_equal_plainness)
{
    struct table table = new_table();
    add(&table, "weak_name", 0x1000, 0x40, WEAK_FUNC);
    add(&table, "strong_name", 0x1000, 0x40, GLOBAL_FUNC);

    cr_assert_str_eq(name_at(&table, 0x1000), "strong_name");
}

Test(symtab, the_innermost_of_nested_symbols_is_chosen)
{
    struct table table = new_table();
    add(&table, "outer", 0x1000, 0x1000, GLOBAL_FUNC);
    add(&table, "inner", 0x1100, 0x10, LOCAL_FUNC);

    cr_assert_str_eq(name_at(&table, 0x1105), "inner");
    cr_assert_str_eq(name_at(&table, 0x1110), "outer");
}

Test(symtab, label_without_size_reaches_to_the_next_function)
{
    struct table table = new_table();
    add(&table, "_start", 0x1000, 0, LABEL);
    add(&table, "main", 0x1100, 0x10, GLOBAL_FUNC);

    cr_assert_str_eq(name_at(&table, 0x1020), "_start");
    cr_assert_str_eq(name_at(&table, 0x1100), "main");
    cr_assert_null(name_at(&table, 0x1110), "the gap behind main is not _start's");
}

Test(symtab, label_does_not_reach_into_another_segment)
{
    struct table table = new_table();
    table.code.count = 2;
    table.code.at[1].start = 0x20000;
    table.code.at[1].end = 0x21000;
    add(&table, "_start", 0x8ff0, 0, LABEL);

    cr_assert_null(name_at(&table, 0x20010));
}

Test(symtab, data_and_foreign_symbols_name_no_code)
{
    struct table table = new_table();
    add(&table, "table", 0x1000, 0x40, DATA);
    add(&table, "imported", 0x1000, 0x40, GLOBAL_FUNC);
    table.entries[1].st_shndx = SHN_UNDEF;
    add(&table, "absolute", 0x1000, 0x40, GLOBAL_FUNC);
    table.entries[2].st_shndx = SHN_ABS;

    cr_assert_null(name_at(&table, 0x1000));
}

Test(symtab, hostile_entries_are_passed_over)
{
    struct table table = new_table();
    add(&table, "good", 0x1000, 0x40, GLOBAL_FUNC);
    add(&table, "x", 0x1000, 0x40, GLOBAL_FUNC);
    table.entries[1].st_name = UINT32_MAX; /* outside of the strings */
    add(&table, "y", 0x1000, UINT64_MAX, GLOBAL_FUNC);
    table.entries[2].st_name = (Elf64_Word)table.string_bytes - 1; /* the empty string at the end */
    add(&table, "unterminated", 0x1000, 0x40, GLOBAL_FUNC);
    table.string_bytes--;

    cr_assert_str_eq(name_at(&table, 0x1000), "good");
}

Test(symtab, tables_cut_anywhere_are_read_safely)
{
    struct table table = new_table();
    add(&table, "one", 0x1000, 0x40, GLOBAL_FUNC);
    add(&table, "two", 0x1040, 0x40, GLOBAL_FUNC);

    for (size_t size = 0; size <= 2 * sizeof(Elf64_Sym); size++) {
        struct pf_query query = {.file_addr = 0x1050};
        struct pf_arena arena = {0};
        struct pf_queries queries = {&query, 1, &arena};
        struct pf_symtab symtab = {.entries = {table.entries, size},
                                   .strings = {table.strings, size % (table.string_bytes + 1)},
                                   .code = &table.code};
        pf_symtab_match(&symtab, &queries);
        cr_assert(query.symbol.name == NULL || strcmp(query.symbol.name, "two") == 0);
    }
}

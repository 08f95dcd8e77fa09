/* SPDX-License-Identifier: MIT */
#include "profiler/symbol/symtab.h"

#include <elf.h>
#include <string.h>

enum {
    SYMBOL_NAME_MAX = 1 << 13,
    COVERS_MAX = 1 << 22, /* symbols times the queries each covers; real tables stay far below */
};

unsigned pf_symbol_strangeness(const char *name)
{
    unsigned underscores = 0;

    while (name[underscores] == '_')
        underscores++;
    /* Mangled names carry theirs by rule. */
    if (underscores == 1 && (name[1] == 'Z' || name[1] == 'R'))
        return 0;
    if (strncmp(name, "__GI_", 5) == 0)
        underscores += 4;
    return underscores;
}

static int rank_of_bind(uint8_t bind)
{
    return bind == STB_LOCAL ? 2 : bind == STB_WEAK ? 1 : 0;
}

/* Positive: a is the better name. Both cover the address. */
static bool is_better(const struct pf_symbol *a, const struct pf_symbol *b)
{
    if (!b->name)
        return true;
    if (a->value != b->value)
        return a->value > b->value; /* the innermost of nested ones */

    bool a_untyped = a->type == STT_NOTYPE;
    bool b_untyped = b->type == STT_NOTYPE;
    if (a_untyped != b_untyped)
        return b_untyped;

    bool a_local = a->bind == STB_LOCAL;
    bool b_local = b->bind == STB_LOCAL;
    if (a_local != b_local)
        return b_local;

    unsigned a_strange = pf_symbol_strangeness(a->name);
    unsigned b_strange = pf_symbol_strangeness(b->name);
    if (a_strange != b_strange)
        return a_strange < b_strange;
    if (a->bind != b->bind)
        return rank_of_bind(a->bind) < rank_of_bind(b->bind);

    size_t a_size = strlen(a->name);
    size_t b_size = strlen(b->name);
    if (a_size != b_size)
        return a_size < b_size;
    return strcmp(a->name, b->name) < 0;
}

static int range_of(const struct pf_code_ranges *code, uint64_t file_addr)
{
    for (unsigned i = 0; i < code->count; i++)
        if (file_addr >= code->at[i].start && file_addr < code->at[i].end)
            return (int)i;
    return -1;
}

/* The entry's name, or NULL if it has none a person could read. */
static const char *name_of(const struct pf_symtab *symtab, const Elf64_Sym *entry)
{
    if (entry->st_name == 0 || entry->st_name >= symtab->strings.size)
        return NULL;

    const char *name = (const char *)symtab->strings.at + entry->st_name;
    size_t left = symtab->strings.size - entry->st_name;
    size_t size = strnlen(name, left < SYMBOL_NAME_MAX ? left : SYMBOL_NAME_MAX);
    if (size == 0 || size == left || size == SYMBOL_NAME_MAX)
        return NULL;
    /* Assemblers' own marks: local labels, and ARM's mapping symbols. */
    if (name[0] == '$' || strncmp(name, ".L", 2) == 0)
        return NULL;
    return name;
}

static bool names_code(const Elf64_Sym *entry)
{
    unsigned type = ELF64_ST_TYPE(entry->st_info);

    if (entry->st_shndx == SHN_UNDEF || entry->st_shndx == SHN_ABS)
        return false;
    return type == STT_FUNC || type == STT_GNU_IFUNC || type == STT_NOTYPE;
}

/* Returns how many queries the entry covered. */
static size_t offer(const struct pf_symtab *symtab, const Elf64_Sym *entry,
                    struct pf_queries *queries)
{
    size_t first = pf_queries_from(queries, entry->st_value);
    if (first == queries->count || range_of(symtab->code, entry->st_value) < 0)
        return 0;

    struct pf_symbol symbol = {.value = entry->st_value,
                               .size = entry->st_size,
                               .type = ELF64_ST_TYPE(entry->st_info),
                               .bind = ELF64_ST_BIND(entry->st_info)};
    struct pf_query *query = &queries->at[first];
    bool covers = query->file_addr - symbol.value < symbol.size;

    /* Most entries are far from any query: their names are not even looked at. */
    if (symbol.size > 0 && symbol.value >= query->sized_start)
        query->sized_start = symbol.value;
    if (symbol.size > 0 && !covers)
        return 0;
    if (symbol.size == 0 && query->label.name && query->label.value > symbol.value)
        return 0;
    symbol.name = name_of(symtab, entry);
    if (!symbol.name)
        return 0;
    if (symbol.size == 0 && is_better(&symbol, &query->label))
        query->label = symbol;

    size_t at = first;
    for (; symbol.size > 0 && at < queries->count; at++, query++) {
        if (query->file_addr - symbol.value >= symbol.size)
            break;
        if (is_better(&symbol, &query->symbol))
            query->symbol = symbol;
    }
    return at - first;
}

void pf_symtab_match(const struct pf_symtab *symtab, struct pf_queries *queries)
{
    size_t count = symtab->entries.size / sizeof(Elf64_Sym);
    const uint8_t *at = symtab->entries.at;
    size_t covered = 0;
    Elf64_Sym entry;

    for (size_t i = 0; i < count && queries->count && covered < COVERS_MAX; i++) {
        memcpy(&entry, at + i * sizeof entry, sizeof entry);
        if (names_code(&entry))
            covered += offer(symtab, &entry, queries);
    }
}

void pf_symtab_settle(struct pf_queries *queries)
{
    for (size_t i = 1; i < queries->count; i++) {
        struct pf_query *query = &queries->at[i];
        const struct pf_query *before = query - 1;

        if (before->sized_start > query->sized_start)
            query->sized_start = before->sized_start;
        if (before->label.name && (!query->label.name || before->label.value > query->label.value))
            query->label = before->label;
    }
}

const struct pf_symbol *pf_symtab_choice(const struct pf_query *query,
                                         const struct pf_code_ranges *code)
{
    if (query->symbol.name)
        return &query->symbol;
    if (!query->label.name || query->label.value < query->sized_start)
        return NULL;

    int range = range_of(code, query->file_addr);
    if (range < 0 || range != range_of(code, query->label.value))
        return NULL;
    return &query->label;
}

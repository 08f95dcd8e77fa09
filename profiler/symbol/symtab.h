/*
 * Which symbol covers an address: one pass over a symbol table, any number of addresses.
 *
 * Among aliases the name a person would have written is chosen: with a size before without, a
 * function before an untyped label, exported before local, fewest leading underscores, strong
 * before weak, then the shortest; so libc's read is "read", not "__GI___libc_read".
 *
 * Context: pure. Hostile tables are read safely: an entry that points outside is skipped.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_SYMBOL_SYMTAB_H
#define PROFILER_SYMBOL_SYMTAB_H

#include "profiler/symbol/query.h"
#include "profiler/trace/bytes.h"

enum { PF_CODE_RANGES_MAX = 64 };

/* Where code lies in an object, as file_addr; symbols elsewhere name data. */
struct pf_code_ranges {
    struct {
        uint64_t start, end;
    } at[PF_CODE_RANGES_MAX];
    unsigned count;
};

/* Elf64_Sym entries and the strings they point to; both must outlive the queries' names. */
struct pf_symtab {
    struct pf_bytes entries, strings;
    const struct pf_code_ranges *code;
};

/* Improve the symbol and label of every query. Tables may be matched one after another. */
void pf_symtab_match(const struct pf_symtab *symtab, struct pf_queries *queries);

/*
 * After the last table: what covers a query, or the nearest label below it in its code range with
 * no other function in between. NULL: nothing does. Borrowed from the query.
 */
const struct pf_symbol *pf_symtab_choice(const struct pf_query *query,
                                         const struct pf_code_ranges *code);

/* Call once after the last table and before the first pf_symtab_choice. */
void pf_symtab_settle(struct pf_queries *queries);

/* Leading underscores and the like: how far a name is from what a person would write. */
unsigned pf_symbol_strangeness(const char *name);

#endif

/*
 * Names for PLT stubs: which function a jump through the GOT leads to.
 *
 * Symbol tables do not name stubs. A stub is recognised by its bytes (psABI x86-64 §5.2 and its
 * IBT variants): "jmp *slot(%rip)" names the GOT slot, whose relocation names the function;
 * "push n" names relocation n of .rela.plt.
 *
 * Context: pure.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_SYMBOL_PLT_H
#define PROFILER_SYMBOL_PLT_H

#include "profiler/symbol/query.h"
#include "profiler/symbol/symtab.h"
#include "profiler/trace/bytes.h"

struct pf_plt_section {
    struct pf_bytes bytes;
    uint64_t file_addr;
};

/* Sections of one object; any may be empty. */
struct pf_plt {
    struct pf_plt_section stubs[3]; /* .plt, .plt.sec, .plt.got in any order */
    struct pf_bytes rela_plt, rela_dyn;
    struct pf_symtab dynamic;
};

/* Fill plt of the queries that lie in stubs. Names are borrowed from the dynamic symbols. */
void pf_plt_match(const struct pf_plt *plt, struct pf_queries *queries);

#endif

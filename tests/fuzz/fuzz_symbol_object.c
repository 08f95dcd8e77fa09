/*
 * Any bytes as an ELF object: sections, symbols, PLT, mini debug information, DWARF.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdint.h>

#include "profiler/base/clock.h"
#include "profiler/symbol/object_names.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pf_object_names names = {0};
    struct pf_arena arena = {0};
    struct pf_query at[16] = {0};
    struct pf_queries queries = {at, 16, &arena};
    struct pf_dwarf_limits limits = {.deadline_ns = pf_clock_now_ns() + 1000000000u};
    struct pf_err err;

    if (pf_symfile_open_bytes(&names.object, (struct pf_bytes){data, size}, "input", &err)) {
        names.has_object = true;
        uint64_t start = names.object.code.count ? names.object.code.at[0].start : 0x1000;
        for (unsigned i = 0; i < 16; i++)
            at[i].file_addr = start + i * 0x21;
        pf_object_name(&names, &queries, &limits);
        for (unsigned i = 0; i < 16; i++)
            (void)pf_symtab_choice(&at[i], pf_object_code(&names));
    }
    pf_object_close(&names);
    pf_arena_fini(&arena);
    return 0;
}

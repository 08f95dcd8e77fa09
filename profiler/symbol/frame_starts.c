/* SPDX-License-Identifier: MIT */
#include "profiler/symbol/frame_starts.h"

static void enter(const struct pf_fde *fde, struct pf_queries *queries)
{
    size_t i = pf_queries_from(queries, fde->start);

    for (; i < queries->count && queries->at[i].file_addr < fde->end; i++)
        queries->at[i].frame_start = fde->start;
}

void pf_frame_starts_match(const struct pf_cfi_section *section, struct pf_queries *queries)
{
    struct pf_cie cie = {.offset = UINT32_MAX};
    struct pf_fde fde;

    for (uint32_t offset = 0; offset < section->bytes.size;) {
        struct pf_entry entry = pf_entry_at(section, offset);
        if (entry.kind == PF_ENTRY_END)
            break;
        if (entry.kind == PF_ENTRY_FDE) {
            bool is_known =
                cie.offset == entry.cie_offset || pf_cie_parse(section, entry.cie_offset, &cie);
            if (!is_known)
                cie.offset = UINT32_MAX;
            else if (pf_fde_parse(section, &entry, &cie, &fde))
                enter(&fde, queries);
        }
        offset = entry.next_offset;
    }
}

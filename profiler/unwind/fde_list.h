/*
 * Every function that an object's call frame sections describe, sorted by address.
 *
 * Where only .eh_frame_hdr is known (an object seen in memory, not as a file), .eh_frame is found
 * through it inside the image.
 *
 * Context: pure.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_UNWIND_FDE_LIST_H
#define PROFILER_UNWIND_FDE_LIST_H

#include <stdint.h>

#include "profiler/unwind/cfi_entry.h"
#include "profiler/unwind/rows.h"

enum { PF_FDE_SECTIONS = 2 };

struct pf_fde_ref {
    uint64_t start; /* file address */
    uint32_t size;
    uint32_t offset; /* of the FDE and of its CIE in the section */
    uint32_t cie_offset;
    uint32_t section;
};

struct pf_fde_list {
    struct pf_cfi_section sections[PF_FDE_SECTIONS];
    struct pf_fde_ref *at; /* room for max, given by the owner between init and gather */
    uint32_t count, max;
    uint32_t fdes_wanted[PF_FDE_SECTIONS]; /* stop after so many; UINT32_MAX: at the end */
    uint32_t skipped;                      /* malformed, or far from all the others */
    uint64_t cfi_bytes;
};

/* Find the sections and the most functions they can hold. Keeps views of source's bytes. */
void pf_fde_list_init(struct pf_fde_list *list, const struct pf_cfi_source *source);

/* Fill at. Afterwards all starts lie within 4 GiB of the first. */
void pf_fde_list_gather(struct pf_fde_list *list);

#endif

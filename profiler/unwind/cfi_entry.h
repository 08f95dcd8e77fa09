/*
 * The records of .eh_frame and .debug_frame: common (CIE) and per function (FDE).
 *
 * Formats: DWARF 5, 6.4.1; Linux Standard Base 5.0, 10.6 (.eh_frame, augmentations, encodings).
 * Nothing here runs a program of call frame instructions; see cfi_program.h.
 *
 * Context: pure.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_UNWIND_CFI_ENTRY_H
#define PROFILER_UNWIND_CFI_ENTRY_H

#include <stdbool.h>
#include <stdint.h>

#include "profiler/trace/bytes.h"

/* One section of call frame information and what its encoded pointers may be relative to. */
struct pf_cfi_section {
    struct pf_bytes bytes;
    uint64_t addr; /* file address of bytes */
    uint64_t text_addr, data_addr;
    bool is_eh; /* .eh_frame, else .debug_frame */
};

enum pf_entry_kind {
    PF_ENTRY_END,  /* nothing more can be read */
    PF_ENTRY_ZERO, /* a terminator; the linker may have put more behind it */
    PF_ENTRY_CIE,
    PF_ENTRY_FDE,
};

struct pf_entry {
    enum pf_entry_kind kind;
    uint32_t cie_offset;  /* FDE: its CIE's offset in the section */
    uint32_t next_offset; /* where the following entry begins */
    struct pf_bytes body; /* behind the id */
};

struct pf_cie {
    struct pf_bytes program;
    uint64_t code_align;
    int64_t data_align;
    uint32_t offset;
    uint8_t return_column;
    uint8_t pointer_encoding; /* DW_EH_PE_* of an FDE's addresses */
    bool has_sizes;           /* augmentation 'z': an FDE says how long its augmentation is */
    bool is_signal;           /* augmentation 'S' */
};

struct pf_fde {
    uint64_t start, end; /* file addresses, start < end */
    struct pf_bytes program;
};

/* Read the head of the entry at offset. Kind PF_ENTRY_END where the section ends or is damaged. */
struct pf_entry pf_entry_at(const struct pf_cfi_section *section, uint32_t offset);

/* Parse; false where malformed or of an unknown version or augmentation. */
bool pf_cie_parse(const struct pf_cfi_section *section, uint32_t offset, struct pf_cie *out);
bool pf_fde_parse(const struct pf_cfi_section *section, const struct pf_entry *entry,
                  const struct pf_cie *cie, struct pf_fde *out);

#endif

/*
 * Addresses as exception tables encode them (DW_EH_PE_*).
 *
 * Format: Linux Standard Base 5.0, 10.5.1. Indirect pointers name run-time memory and are refused:
 * no address of code in .eh_frame is one.
 *
 * Context: pure.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_UNWIND_CFI_POINTER_H
#define PROFILER_UNWIND_CFI_POINTER_H

#include <stdbool.h>
#include <stdint.h>

#include "profiler/unwind/cfi_entry.h"

enum {
    PF_PE_ABSPTR = 0x00,
    PF_PE_ULEB = 0x01,
    PF_PE_UDATA2 = 0x02,
    PF_PE_UDATA4 = 0x03,
    PF_PE_UDATA8 = 0x04,
    PF_PE_SLEB = 0x09,
    PF_PE_SDATA2 = 0x0a,
    PF_PE_SDATA4 = 0x0b,
    PF_PE_SDATA8 = 0x0c,
    PF_PE_PCREL = 0x10,
    PF_PE_TEXTREL = 0x20,
    PF_PE_DATAREL = 0x30,
    PF_PE_FORMAT = 0x0f,
    PF_PE_BASE = 0x70,
    PF_PE_INDIRECT = 0x80,
    PF_PE_OMIT = 0xff,
};

/* Read one address; cursor must run over section->bytes (pc-relative ones depend on where it is).
 * False where it ends or the encoding is not one of the above. */
bool pf_cfi_pointer(struct pf_cursor *cursor, uint8_t encoding,
                    const struct pf_cfi_section *section, uint64_t *value);

#endif

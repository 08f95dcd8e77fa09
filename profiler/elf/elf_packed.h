/*
 * Sections stored compressed, as `gcc -gz` and Go's linker leave those of debug information.
 *
 * Format: System V gABI, chapter 4, "Section Compression": SHF_COMPRESSED, Elf64_Chdr, zlib.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_ELF_ELF_PACKED_H
#define PROFILER_ELF_ELF_PACKED_H

#include <stdbool.h>

#include "profiler/base/buf.h"
#include "profiler/elf/elf_file.h"

enum { PF_ELF_UNPACKED_MAX = 256 << 20 };

bool pf_elf_is_packed(const struct pf_elf_section *section);

/* Append what a packed section holds to out. PF_ERR_UNSUPPORTED: by another method than zlib;
 * PF_ERR_LIMIT: more than its header says, or than PF_ELF_UNPACKED_MAX. */
ASSAY_CHECKED
bool pf_elf_unpack(struct pf_buf *out, const struct pf_elf_section *section, struct pf_err *err);

#endif

/*
 * Who an ELF file is: its build id.
 *
 * Format: as gdb's manual, "Debugging Information in Separate Files", describes it.
 * Context: host.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_ELF_ELF_IDENTITY_H
#define PROFILER_ELF_ELF_IDENTITY_H

#include "profiler/elf/elf_file.h"

enum { PF_BUILD_ID_MAX = 64, PF_BUILD_ID_TEXT = 2 * PF_BUILD_ID_MAX + 1 };

/* The build id's bytes inside the file; empty if it has none or one longer than PF_BUILD_ID_MAX. */
struct pf_bytes pf_elf_build_id(const struct pf_elf *elf);

/* In lower-case hexadecimal, as file names use it; "" for none. */
void pf_build_id_text(struct pf_bytes id, char text[PF_BUILD_ID_TEXT]);

#endif

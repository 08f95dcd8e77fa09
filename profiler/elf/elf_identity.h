/*
 * Who an ELF file is: its build id, where its debug information lies, whether it has symbols.
 *
 * Formats: GNU build id and .gnu_debuglink as binutils and gdb's manual, "Debugging Information in
 * Separate Files", describe them.
 * Context: host.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_ELF_ELF_IDENTITY_H
#define PROFILER_ELF_ELF_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>

#include "profiler/elf/elf_file.h"

enum { PF_BUILD_ID_MAX = 64, PF_BUILD_ID_TEXT = 2 * PF_BUILD_ID_MAX + 1 };

/* The build id's bytes inside the file; empty if it has none or one longer than PF_BUILD_ID_MAX. */
struct pf_bytes pf_elf_build_id(const struct pf_elf *elf);

/* In lower-case hexadecimal, as file names use it; "" for none. */
void pf_build_id_text(struct pf_bytes id, char text[PF_BUILD_ID_TEXT]);

/* The name in .gnu_debuglink, inside the file, and the CRC of what it names. False if none. */
bool pf_elf_debuglink(const struct pf_elf *elf, const char **name, uint32_t *crc);

/* Without .symtab: only exported functions have names. */
bool pf_elf_is_stripped(const struct pf_elf *elf);

#endif

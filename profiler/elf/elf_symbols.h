/*
 * Dynamic symbols of an object by name: what its loader would resolve.
 *
 * Format: System V gABI, chapter 5, symbol table; the newest default version wins by coming first.
 * Context: host.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_ELF_ELF_SYMBOLS_H
#define PROFILER_ELF_ELF_SYMBOLS_H

#include <stdbool.h>
#include <stdint.h>

struct pf_elf;

/* File address of a function defined in .dynsym; false if there is none of that name. */
bool pf_elf_function_addr(const struct pf_elf *elf, const char *name, uint64_t *file_addr);

struct pf_elf_function {
    uint64_t file_addr, size_bytes; /* both 0: not there */
};

/* Several at once, out[i] being names[i]'s; how many were found. */
uint32_t pf_elf_functions_find(const struct pf_elf *elf, const char *const *names, uint32_t count,
                               struct pf_elf_function *out);

#endif

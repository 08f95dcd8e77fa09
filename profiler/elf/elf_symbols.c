/* SPDX-License-Identifier: MIT */
#include "profiler/elf/elf_symbols.h"

#include <elf.h>
#include <string.h>

#include "profiler/elf/elf_file.h"

static bool is_function(const Elf64_Sym *symbol)
{
    return ELF64_ST_TYPE(symbol->st_info) == STT_FUNC && symbol->st_shndx != SHN_UNDEF;
}

bool pf_elf_function_addr(const struct pf_elf *elf, const char *name, uint64_t *file_addr)
{
    struct pf_elf_section symbols, strings;

    if (!pf_elf_section_find(elf, ".dynsym", &symbols)
        || !pf_elf_section_find(elf, ".dynstr", &strings))
        return false;

    for (uint64_t at = 0; at + sizeof(Elf64_Sym) <= symbols.bytes.size; at += sizeof(Elf64_Sym)) {
        Elf64_Sym symbol;
        memcpy(&symbol, (const uint8_t *)symbols.bytes.at + at, sizeof symbol);
        if (!is_function(&symbol) || symbol.st_name >= strings.bytes.size)
            continue;
        struct pf_cursor text = pf_cursor_view(
            pf_bytes_part(strings.bytes, symbol.st_name, strings.bytes.size - symbol.st_name));
        if (strcmp(pf_cursor_cstr(&text), name) == 0) {
            *file_addr = symbol.st_value;
            return true;
        }
    }
    return false;
}

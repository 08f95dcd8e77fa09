/* SPDX-License-Identifier: MIT */
#include "profiler/elf/elf_symbols.h"

#include <elf.h>
#include <string.h>

#include "profiler/elf/elf_file.h"

static bool is_function(const Elf64_Sym *symbol)
{
    return ELF64_ST_TYPE(symbol->st_info) == STT_FUNC && symbol->st_shndx != SHN_UNDEF;
}

/* The first defined function of that name takes the place. */
static bool enter(const Elf64_Sym *symbol, const char *name, const char *const *names,
                  uint32_t count, struct pf_elf_function *out)
{
    for (uint32_t i = 0; i < count; i++) {
        if (names[i][0] != name[0] || out[i].file_addr != 0 || strcmp(names[i], name) != 0)
            continue;
        out[i] = (struct pf_elf_function){symbol->st_value, symbol->st_size};
        return true;
    }
    return false;
}

uint32_t pf_elf_functions_find(const struct pf_elf *elf, const char *const *names, uint32_t count,
                               struct pf_elf_function *out)
{
    struct pf_elf_section symbols, strings;
    uint32_t found = 0;

    memset(out, 0, count * sizeof *out);
    if (!pf_elf_section_find(elf, ".dynsym", &symbols)
        || !pf_elf_section_find(elf, ".dynstr", &strings))
        return 0;

    for (uint64_t at = 0; found < count && at + sizeof(Elf64_Sym) <= symbols.bytes.size;
         at += sizeof(Elf64_Sym)) {
        Elf64_Sym symbol;
        memcpy(&symbol, (const uint8_t *)symbols.bytes.at + at, sizeof symbol);
        if (!is_function(&symbol) || symbol.st_name >= strings.bytes.size)
            continue;
        struct pf_cursor text = pf_cursor_view(
            pf_bytes_part(strings.bytes, symbol.st_name, strings.bytes.size - symbol.st_name));
        found += enter(&symbol, pf_cursor_cstr(&text), names, count, out);
    }
    return found;
}

bool pf_elf_function_addr(const struct pf_elf *elf, const char *name, uint64_t *file_addr)
{
    struct pf_elf_function found;

    if (pf_elf_functions_find(elf, &name, 1, &found) == 0)
        return false;
    *file_addr = found.file_addr;
    return true;
}

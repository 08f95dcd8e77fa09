/* SPDX-License-Identifier: MIT */
#include "profiler/symbol/plt.h"

#include <elf.h>
#include <string.h>

enum {
    STUB_BYTES = 16,
    STUB_BYTES_SHORT = 8, /* .plt.got without IBT */
    RELOCATIONS_LOOKED_AT_MAX = 1 << 26,
};

struct search {
    const struct pf_plt *plt;
    size_t left; /* relocations we are still willing to look at */
};

static bool relocation_at(struct pf_bytes table, size_t index, Elf64_Rela *out)
{
    if (index >= table.size / sizeof *out)
        return false;
    memcpy(out, (const uint8_t *)table.at + index * sizeof *out, sizeof *out);
    return true;
}

static const char *symbol_name(const struct pf_symtab *symtab, uint64_t index)
{
    Elf64_Sym entry;

    if (index == 0 || index >= symtab->entries.size / sizeof entry)
        return NULL;
    memcpy(&entry, (const uint8_t *)symtab->entries.at + index * sizeof entry, sizeof entry);
    if (entry.st_name == 0 || entry.st_name >= symtab->strings.size)
        return NULL;

    const char *name = (const char *)symtab->strings.at + entry.st_name;
    size_t left = symtab->strings.size - entry.st_name;
    return memchr(name, '\0', left) && *name ? name : NULL;
}

static const char *name_of_slot(struct search *search, struct pf_bytes table, uint64_t slot)
{
    Elf64_Rela relocation;

    for (size_t i = 0; search->left && relocation_at(table, i, &relocation); i++) {
        search->left--;
        if (relocation.r_offset == slot)
            return symbol_name(&search->plt->dynamic, ELF64_R_SYM(relocation.r_info));
    }
    return NULL;
}

static const char *name_of_index(const struct search *search, uint32_t index)
{
    Elf64_Rela relocation;

    if (!relocation_at(search->plt->rela_plt, index, &relocation))
        return NULL;
    return symbol_name(&search->plt->dynamic, ELF64_R_SYM(relocation.r_info));
}

/* The stub's bytes, and where in memory they stand. */
static const char *read_stub(struct search *search, struct pf_bytes stub, uint64_t file_addr)
{
    const uint8_t *at = stub.at;
    static const uint8_t endbr64[] = {0xf3, 0x0f, 0x1e, 0xfa};
    size_t i = stub.size >= 4 && memcmp(at, endbr64, sizeof endbr64) == 0 ? sizeof endbr64 : 0;
    int32_t value = 0;

    if (i < stub.size && at[i] == 0xf2) /* bnd */
        i++;
    if (stub.size - i >= 5 && at[i] == 0x68) {
        memcpy(&value, at + i + 1, sizeof value);
        return name_of_index(search, (uint32_t)value);
    }
    if (stub.size - i < 6 || at[i] != 0xff || at[i + 1] != 0x25)
        return NULL;
    memcpy(&value, at + i + 2, sizeof value);
    uint64_t slot = file_addr + i + 6 + (uint64_t)(int64_t)value;
    const char *name = name_of_slot(search, search->plt->rela_plt, slot);
    return name ? name : name_of_slot(search, search->plt->rela_dyn, slot);
}

static void match_section(struct search *search, const struct pf_plt_section *section,
                          struct pf_queries *queries)
{
    const uint8_t *bytes = section->bytes.at;
    size_t first = pf_queries_from(queries, section->file_addr);

    for (; first < queries->count; first++) {
        struct pf_query *query = &queries->at[first];
        uint64_t offset = query->file_addr - section->file_addr;
        if (offset >= section->bytes.size)
            break;

        size_t size = STUB_BYTES;
        uint64_t start = offset - offset % size;
        if (bytes[start] == 0xff && bytes[start + (section->bytes.size - start > 1)] == 0x25
            && section->bytes.size - start > 6 && bytes[start + 6] == 0x66) {
            size = STUB_BYTES_SHORT; /* "jmp; xchg %ax,%ax": two stubs in 16 bytes */
            start = offset - offset % size;
        }
        query->plt = read_stub(search, pf_bytes_part(section->bytes, start, size),
                               section->file_addr + start);
        if (!query->plt) /* the last stub may be shorter */
            query->plt =
                read_stub(search, pf_bytes_part(section->bytes, start, section->bytes.size - start),
                          section->file_addr + start);
    }
}

void pf_plt_match(const struct pf_plt *plt, struct pf_queries *queries)
{
    struct search search = {plt, RELOCATIONS_LOOKED_AT_MAX};

    for (unsigned i = 0; i < 3; i++)
        if (plt->stubs[i].bytes.size)
            match_section(&search, &plt->stubs[i], queries);
}

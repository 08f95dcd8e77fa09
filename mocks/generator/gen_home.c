/* SPDX-License-Identifier: MIT */
#include "mocks/generator/gen_home.h"

#include <gelf.h>
#include <stdlib.h>
#include <string.h>

#include "mocks/generator/gen_insn_x86_64.h"

enum { MAX_ITEMS = 1 << 22, NO_ROOT = -1 };

/* A function of the object. What a compiler splits off or copies, "f.cold" and "f.constprop.0",
 * counts as f, its root. */
struct function {
    size_t section;
    uint64_t start, end;
    uint32_t root; /* its symbol */
    bool is_global;
};

struct home {
    struct mk_gen_symbols *symbols;
    Elf *elf;
    bool is_x86_64;
    struct function *functions; /* by section and start */
    size_t count;
    bool *is_own; /* by symbol: a global function of this object */
};

/* Something that leads to a place in a section of code. */
struct lead {
    size_t section;
    uint64_t to;
    int64_t from_root; /* the function it stands in, NO_ROOT for none */
    bool is_jump;
};

static Elf_Scn *find_symbols(Elf *elf, GElf_Shdr *header)
{
    Elf_Scn *section = NULL;

    while ((section = elf_nextscn(elf, section)))
        if (gelf_getshdr(section, header) && header->sh_type == SHT_SYMTAB)
            return section;
    return NULL;
}

static size_t count_items(const GElf_Shdr *header)
{
    size_t count = header->sh_entsize ? header->sh_size / header->sh_entsize : 0;
    return count > MAX_ITEMS ? 0 : count;
}

static bool is_function(const GElf_Sym *sym)
{
    unsigned char type = GELF_ST_TYPE(sym->st_info);
    return (type == STT_FUNC || type == STT_GNU_IFUNC) && sym->st_shndx != SHN_UNDEF
           && sym->st_shndx < SHN_LORESERVE;
}

static void add_function(struct home *home, const GElf_Sym *sym, const char *name)
{
    size_t root_size = strcspn(name + 1, ".") + 1;
    const char *root = pf_arena_text(&home->symbols->arena, name, root_size);
    uint32_t id = (uint32_t)(mk_gen_symbols_enter(home->symbols, root) - home->symbols->items);

    home->functions[home->count++] = (struct function){
        .section = sym->st_shndx,
        .start = sym->st_value,
        .end = sym->st_value + sym->st_size,
        .root = id,
        .is_global = GELF_ST_BIND(sym->st_info) != STB_LOCAL && !name[root_size],
    };
}

static int by_place(const void *a, const void *b)
{
    const struct function *x = a, *y = b;

    if (x->section != y->section)
        return x->section < y->section ? -1 : 1;
    return (x->start > y->start) - (x->start < y->start);
}

static void read_functions(struct home *home)
{
    GElf_Shdr header;
    Elf_Scn *section = find_symbols(home->elf, &header);
    Elf_Data *data = section ? elf_getdata(section, NULL) : NULL;
    size_t count = data ? count_items(&header) : 0;

    home->functions = pf_mem_new(count + 1, sizeof *home->functions);
    for (size_t i = 1; i < count; i++) {
        GElf_Sym sym;
        if (!gelf_getsym(data, (int)i, &sym) || !is_function(&sym))
            continue;
        const char *name = elf_strptr(home->elf, header.sh_link, sym.st_name);
        if (name && *name)
            add_function(home, &sym, name);
    }
    qsort(home->functions, home->count, sizeof *home->functions, by_place);
    home->is_own = pf_mem_new(home->symbols->count + 1, sizeof *home->is_own);
    for (size_t i = 0; i < home->count; i++)
        if (home->functions[i].is_global)
            home->is_own[home->functions[i].root] = true;
}

/* The first function of section that starts at start or behind it. */
static size_t find_from(const struct home *home, size_t section, uint64_t start)
{
    const struct function sought = {.section = section, .start = start};
    size_t low = 0, high = home->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (by_place(&home->functions[middle], &sought) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int64_t root_around(const struct home *home, size_t section, uint64_t place)
{
    size_t behind = find_from(home, section, place + 1);
    const struct function *function = behind ? &home->functions[behind - 1] : NULL;

    return function && function->section == section && place < function->end
               ? (int64_t)function->root
               : NO_ROOT;
}

static void mark(const struct home *home, uint32_t root)
{
    if (home->is_own[root])
        home->symbols->items[root].flags |= MK_GEN_CALLED_AT_HOME;
}

/* A function's jumps to itself are its loops, and its parts are called by itself. */
static void follow(const struct home *home, const struct lead *lead)
{
    for (size_t i = find_from(home, lead->section, lead->to); i < home->count; i++) {
        const struct function *function = &home->functions[i];
        if (function->section != lead->section || function->start != lead->to)
            break;
        bool is_self = lead->from_root == (int64_t)function->root;
        if (!is_self || (function->is_global && !lead->is_jump))
            mark(home, function->root);
    }
}

/* A relocation against a section: where it leads is in the addend. */
static bool place_of(const struct home *home, const GElf_Rela *rela, bool in_code, uint64_t *out)
{
    uint64_t addend = (uint64_t)rela->r_addend;

    switch (home->is_x86_64 ? GELF_R_TYPE(rela->r_info) : R_X86_64_NONE) {
    case R_X86_64_64:
    case R_X86_64_32:
    case R_X86_64_32S:
        *out = addend;
        return true;
    case R_X86_64_PC32:
    case R_X86_64_PLT32:
        *out = addend + 4; /* in data it is a distance within a table of jumps */
        return in_code;
    default:
        return false;
    }
}

/* Tables for unwinding, patching and measuring name functions that nobody calls through them. */
static bool is_bookkeeping(const struct home *home, const GElf_Shdr *section)
{
    static const char *const prefixes[] = {".eh_frame",
                                           "__patchable_function_entries",
                                           "__mcount_loc",
                                           "__llvm_prf",
                                           "__sancov",
                                           "xray_",
                                           ".ctors",
                                           ".dtors",
                                           NULL};
    size_t names = 0;
    const char *name = elf_getshdrstrndx(home->elf, &names) == 0
                           ? elf_strptr(home->elf, names, section->sh_name)
                           : NULL;

    if (!(section->sh_flags & SHF_ALLOC) || section->sh_type == SHT_INIT_ARRAY
        || section->sh_type == SHT_FINI_ARRAY || section->sh_type == SHT_PREINIT_ARRAY
        || section->sh_type == SHT_NOTE)
        return true;
    for (unsigned i = 0; name && prefixes[i]; i++)
        if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
            return true;
    return false;
}

static void read_relocation(const struct home *home, const GElf_Rela *rela, const GElf_Sym *sym,
                            size_t in_section, bool in_code)
{
    struct lead lead = {.section = sym->st_shndx, .to = sym->st_value};

    lead.from_root = in_code ? root_around(home, in_section, rela->r_offset) : NO_ROOT;
    if (is_function(sym)
        || (GELF_ST_TYPE(sym->st_info) == STT_SECTION && place_of(home, rela, in_code, &lead.to)))
        follow(home, &lead);
}

static void read_relocations(const struct home *home, Elf_Scn *section, const GElf_Shdr *header)
{
    GElf_Shdr target;
    Elf_Scn *of = elf_getscn(home->elf, header->sh_info);
    Elf_Data *data = elf_getdata(section, NULL);
    Elf_Scn *symbols = elf_getscn(home->elf, header->sh_link);
    Elf_Data *symbol_data = symbols ? elf_getdata(symbols, NULL) : NULL;

    if (!of || !gelf_getshdr(of, &target) || is_bookkeeping(home, &target) || !data || !symbol_data)
        return;
    for (size_t i = 0; i < count_items(header); i++) {
        GElf_Rela rela;
        GElf_Sym sym;
        if (gelf_getrela(data, (int)i, &rela)
            && gelf_getsym(symbol_data, (int)GELF_R_SYM(rela.r_info), &sym))
            read_relocation(home, &rela, &sym, header->sh_info, target.sh_flags & SHF_EXECINSTR);
    }
}

/* The displacement of a branch with a relocation is 0: the relocation tells where it leads. */
static void read_code(const struct home *home, const struct function *function,
                      const Elf_Data *code)
{
    uint64_t end = function->end < code->d_size ? function->end : code->d_size;
    struct mk_gen_insn insn;

    for (uint64_t at = function->start; at < end; at += insn.size) {
        const uint8_t *bytes = (const uint8_t *)code->d_buf + at;
        if (!mk_gen_insn_read(&insn, bytes, end - at))
            insn = (struct mk_gen_insn){.size = 1};
        if (insn.branch == MK_GEN_NO_BRANCH || (insn.field_size == 4 && insn.displacement == 0))
            continue;
        const struct lead lead = {
            .section = function->section,
            .to = at + insn.size + (uint64_t)(int64_t)insn.displacement,
            .from_root = function->root,
            .is_jump = insn.branch == MK_GEN_JUMP,
        };
        follow(home, &lead);
    }
}

static void read_all_code(const struct home *home)
{
    for (size_t i = 0; i < home->count; i++) {
        Elf_Scn *section = elf_getscn(home->elf, home->functions[i].section);
        Elf_Data *code = section ? elf_getdata(section, NULL) : NULL;
        if (code && code->d_buf)
            read_code(home, &home->functions[i], code);
    }
}

void mk_gen_home_note(struct mk_gen_symbols *symbols, Elf *elf)
{
    struct home home = {.symbols = symbols, .elf = elf};
    Elf_Scn *section = NULL;
    GElf_Ehdr ehdr;
    GElf_Shdr header;

    home.is_x86_64 = gelf_getehdr(elf, &ehdr) && ehdr.e_machine == EM_X86_64;
    read_functions(&home);
    while ((section = elf_nextscn(elf, section)))
        if (gelf_getshdr(section, &header) && header.sh_type == SHT_RELA)
            read_relocations(&home, section, &header);
    if (home.is_x86_64)
        read_all_code(&home);
    free(home.functions);
    free(home.is_own);
}

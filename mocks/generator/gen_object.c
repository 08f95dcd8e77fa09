/* SPDX-License-Identifier: MIT */
#include "mocks/generator/gen_object.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_SYMBOLS = 1 << 22 };

struct object {
    const char *name;
    bool patchable, lto;
};

void mk_gen_symbols_fini(struct mk_gen_symbols *symbols)
{
    free(symbols->items);
    pf_hash_fini(&symbols->by_name);
    pf_arena_fini(&symbols->arena);
    *symbols = (struct mk_gen_symbols){0};
}

static bool is_same(const void *owner, uint32_t id, const void *sought)
{
    const struct mk_gen_symbols *symbols = owner;
    return strcmp(symbols->items[id].name, sought) == 0;
}

static uint32_t find_id(const struct mk_gen_symbols *symbols, const char *name)
{
    return pf_hash_find(&symbols->by_name, pf_hash_bytes(name, strlen(name)), is_same, symbols,
                        name);
}

const struct mk_gen_symbol *mk_gen_symbols_find(const struct mk_gen_symbols *symbols,
                                                const char *name)
{
    uint32_t id = find_id(symbols, name);
    return id == PF_HASH_NONE ? NULL : &symbols->items[id];
}

static struct mk_gen_symbol *intern(struct mk_gen_symbols *symbols, const char *name)
{
    uint32_t id = find_id(symbols, name);

    if (id != PF_HASH_NONE)
        return &symbols->items[id];
    if ((symbols->count & (symbols->count - 1)) == 0) {
        uint32_t capacity = symbols->count ? symbols->count * 2 : 1;
        symbols->items = pf_mem_resize(symbols->items, capacity, sizeof *symbols->items);
    }
    pf_hash_add(&symbols->by_name, pf_hash_bytes(name, strlen(name)), symbols->count);
    struct mk_gen_symbol *symbol = &symbols->items[symbols->count++];
    *symbol = (struct mk_gen_symbol){.name = pf_arena_text(&symbols->arena, name, strlen(name))};
    return symbol;
}

static void note_symbol(struct mk_gen_symbols *symbols, const char *name, const GElf_Sym *sym,
                        const struct object *object)
{
    unsigned char type = GELF_ST_TYPE(sym->st_info);
    bool is_function = type == STT_FUNC || type == STT_GNU_IFUNC;

    if (sym->st_shndx == SHN_UNDEF) {
        if (GELF_ST_BIND(sym->st_info) != STB_LOCAL)
            intern(symbols, name)->flags |= MK_GEN_CALLED;
        return;
    }
    if (!is_function)
        return;
    struct mk_gen_symbol *symbol = intern(symbols, name);
    symbol->flags |= GELF_ST_BIND(sym->st_info) == STB_LOCAL ? MK_GEN_STATIC : MK_GEN_DEFINED;
    symbol->definitions++;
    if (!symbol->defined_in)
        symbol->defined_in = object->name;
    if (object->patchable)
        symbol->flags |= MK_GEN_PATCHABLE;
}

/* Relocations name what is called: a function named by the object that defines it is called there.
 */
static void note_calls(struct mk_gen_symbols *symbols, Elf *elf, Elf_Scn *section,
                       const GElf_Shdr *header)
{
    GElf_Shdr table_header;
    Elf_Scn *table = elf_getscn(elf, header->sh_link);
    Elf_Data *relocations = elf_getdata(section, NULL);
    Elf_Data *table_data = table ? elf_getdata(table, NULL) : NULL;
    size_t count = header->sh_entsize ? header->sh_size / header->sh_entsize : 0;

    if (!relocations || !table_data || !gelf_getshdr(table, &table_header) || count > MAX_SYMBOLS)
        return;
    for (size_t i = 0; i < count; i++) {
        GElf_Rela rela;
        GElf_Sym sym;
        if (!gelf_getrela(relocations, (int)i, &rela)
            || !gelf_getsym(table_data, (int)GELF_R_SYM(rela.r_info), &sym)
            || GELF_ST_TYPE(sym.st_info) != STT_FUNC || sym.st_shndx == SHN_UNDEF)
            continue;
        const char *name = elf_strptr(elf, table_header.sh_link, sym.st_name);
        if (name && *name)
            intern(symbols, name)->flags |= MK_GEN_CALLED_AT_HOME;
    }
}

/* Only code calls: relocations of debug information name functions as well. */
static bool is_code_relocation(Elf *elf, const GElf_Shdr *header)
{
    GElf_Shdr target;
    Elf_Scn *section = header->sh_type == SHT_RELA ? elf_getscn(elf, header->sh_info) : NULL;

    return section && gelf_getshdr(section, &target) && (target.sh_flags & SHF_EXECINSTR);
}

static bool read_table(struct mk_gen_symbols *symbols, Elf *elf, Elf_Scn *section,
                       const GElf_Shdr *header, const struct object *object)
{
    Elf_Data *data = elf_getdata(section, NULL);
    size_t count = header->sh_entsize ? header->sh_size / header->sh_entsize : 0;

    if (!data || count > MAX_SYMBOLS)
        return false;
    for (size_t i = 1; i < count; i++) {
        GElf_Sym sym;
        if (!gelf_getsym(data, (int)i, &sym))
            return false;
        const char *name = elf_strptr(elf, header->sh_link, sym.st_name);
        if (name && *name)
            note_symbol(symbols, name, &sym, object);
    }
    return true;
}

/* Slim gcc objects carry their code only in .gnu.lto_ sections. */
static bool is_lto(const char *section)
{
    return section && strncmp(section, ".gnu.lto_.", 10) == 0;
}

static bool has_code(Elf *elf, size_t names)
{
    Elf_Scn *section = NULL;
    GElf_Shdr header;

    while ((section = elf_nextscn(elf, section)))
        if (gelf_getshdr(section, &header) && (header.sh_flags & SHF_EXECINSTR)
            && header.sh_size > 0 && elf_strptr(elf, names, header.sh_name))
            return true;
    return false;
}

static bool refuse_lto(const char *object, struct pf_err *err)
{
    return pf_err_set(err, PF_ERR_UNSUPPORTED,
                      "%s: built for link-time optimisation, where --wrap silently does nothing: "
                      "build the code under test with -fno-lto (or -ffat-lto-objects and link "
                      "with -fno-lto)",
                      object);
}

static void note_sections(struct object *object, Elf *elf, size_t names)
{
    Elf_Scn *section = NULL;
    GElf_Shdr header;

    while ((section = elf_nextscn(elf, section))) {
        const char *name =
            gelf_getshdr(section, &header) ? elf_strptr(elf, names, header.sh_name) : NULL;
        object->lto = object->lto || is_lto(name);
        if (name && strcmp(name, "__patchable_function_entries") == 0)
            object->patchable = true;
    }
}

static bool read_elf(struct mk_gen_symbols *symbols, Elf *elf, const char *name, struct pf_err *err)
{
    struct object object = {.name = name};
    Elf_Scn *section = NULL;
    size_t names = 0;

    if (elf_getshdrstrndx(elf, &names) != 0)
        return pf_err_set(err, PF_ERR_FORMAT, "%s: no section names: %s", name, elf_errmsg(-1));
    note_sections(&object, elf, names);
    while ((section = elf_nextscn(elf, section))) {
        GElf_Shdr header;
        if (!gelf_getshdr(section, &header))
            return pf_err_set(err, PF_ERR_FORMAT, "%s: bad section: %s", name, elf_errmsg(-1));
        if (header.sh_type == SHT_SYMTAB && !read_table(symbols, elf, section, &header, &object))
            return pf_err_set(err, PF_ERR_FORMAT, "%s: symbol table past its section", name);
        if (is_code_relocation(elf, &header))
            note_calls(symbols, elf, section, &header);
    }
    return object.lto && !has_code(elf, names) ? refuse_lto(name, err) : true;
}

static bool read_one(struct mk_gen_symbols *symbols, Elf *elf, const char *object,
                     struct pf_err *err)
{
    static const unsigned char bitcode[] = {'B', 'C', 0xc0, 0xde};
    size_t size = 0;
    const char *raw = elf_rawfile(elf, &size);

    if (raw && size >= sizeof bitcode && memcmp(raw, bitcode, sizeof bitcode) == 0)
        return refuse_lto(object, err);
    if (elf_kind(elf) != ELF_K_ELF)
        return pf_err_set(err, PF_ERR_FORMAT, "%s: neither an ELF object nor an archive", object);
    return read_elf(symbols, elf, object, err);
}

static bool read_archive(struct mk_gen_symbols *symbols, Elf *archive, int fd, const char *path,
                         struct pf_err *err)
{
    Elf_Cmd next = ELF_C_READ_MMAP;
    Elf *member;
    bool ok = true;

    while (ok && (member = elf_begin(fd, next, archive))) {
        const Elf_Arhdr *header = elf_getarhdr(member);
        if (header && header->ar_name && header->ar_name[0] != '/') {
            char name[512];
            (void)snprintf(name, sizeof name, "%s(%s)", path, header->ar_name);
            ok = read_one(symbols, member, pf_arena_text(&symbols->arena, name, strlen(name)), err);
        }
        next = elf_next(member);
        (void)elf_end(member);
    }
    return ok;
}

bool mk_gen_symbols_read(struct mk_gen_symbols *symbols, const char *path, struct pf_err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return pf_err_sys(err, errno, "%s", path);

    (void)elf_version(EV_CURRENT);
    Elf *elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
    const char *object = pf_arena_text(&symbols->arena, path, strlen(path));
    bool ok;
    if (!elf)
        ok = pf_err_set(err, PF_ERR_FORMAT, "%s: %s", path, elf_errmsg(-1));
    else if (elf_kind(elf) == ELF_K_AR)
        ok = read_archive(symbols, elf, fd, object, err);
    else
        ok = read_one(symbols, elf, object, err);
    (void)elf_end(elf);
    (void)close(fd);
    return ok;
}

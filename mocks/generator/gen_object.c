/* SPDX-License-Identifier: MIT */
#include "mocks/generator/gen_object.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mocks/generator/gen_home.h"

enum { MAX_SYMBOLS = 1 << 22 };

struct object {
    const char *name;
    bool patchable, lto;
};

static void note_symbol(struct mk_gen_symbols *symbols, const char *name, const GElf_Sym *sym,
                        const struct object *object)
{
    unsigned char type = GELF_ST_TYPE(sym->st_info);
    bool is_function = type == STT_FUNC || type == STT_GNU_IFUNC;

    if (sym->st_shndx == SHN_UNDEF) {
        if (GELF_ST_BIND(sym->st_info) != STB_LOCAL)
            mk_gen_symbols_enter(symbols, name)->flags |= MK_GEN_CALLED;
        return;
    }
    if (!is_function)
        return;
    struct mk_gen_symbol *symbol = mk_gen_symbols_enter(symbols, name);
    symbol->flags |= GELF_ST_BIND(sym->st_info) == STB_LOCAL ? MK_GEN_STATIC : MK_GEN_DEFINED;
    symbol->definitions++;
    if (!symbol->defined_in)
        symbol->defined_in = object->name;
    if (object->patchable)
        symbol->flags |= MK_GEN_PATCHABLE;
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
                      "build the code under test with -fno-lto or -ffat-lto-objects",
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

/* Cut short, a file's section table lies past its end. */
static bool has_sections(Elf *elf, const GElf_Ehdr *header)
{
    size_t count = 0;
    return !header->e_shoff
           || (elf_getshdrnum(elf, &count) == 0 && count > 0 && elf_getscn(elf, 1));
}

static bool check_kind(const struct object *object, Elf *elf, struct pf_err *err)
{
    GElf_Ehdr header;

    if (!gelf_getehdr(elf, &header))
        return pf_err_set(err, PF_ERR_FORMAT, "%s: %s", object->name, elf_errmsg(-1));
    if (!has_sections(elf, &header))
        return pf_err_set(err, PF_ERR_FORMAT, "%s: cut short: its section table is past its end",
                          object->name);
    if (header.e_type == ET_DYN || header.e_type == ET_EXEC)
        return pf_err_set(err, PF_ERR_UNSUPPORTED,
                          "%s: linked already, --wrap cannot change its calls: give the objects it "
                          "is made of (calls made by a shared library: CALLERS in assay_wrap, "
                          "--caller)",
                          object->name);
    return header.e_type == ET_REL
           || pf_err_set(err, PF_ERR_FORMAT, "%s: not an object file", object->name);
}

static bool read_tables(struct mk_gen_symbols *symbols, Elf *elf, const struct object *object,
                        struct pf_err *err)
{
    Elf_Scn *section = NULL;
    GElf_Shdr header;
    bool any = false;

    while ((section = elf_nextscn(elf, section))) {
        if (!gelf_getshdr(section, &header))
            return pf_err_set(err, PF_ERR_FORMAT, "%s: bad section: %s", object->name,
                              elf_errmsg(-1));
        if (header.sh_type != SHT_SYMTAB)
            continue;
        any = true;
        if (!read_table(symbols, elf, section, &header, object))
            return pf_err_set(err, PF_ERR_FORMAT, "%s: symbol table past its section",
                              object->name);
    }
    return any
           || pf_err_set(err, PF_ERR_FORMAT,
                         "%s: stripped, without a symbol table: build it without -s, do not strip "
                         "it",
                         object->name);
}

static bool read_elf(struct mk_gen_symbols *symbols, Elf *elf, const char *name, struct pf_err *err)
{
    struct object object = {.name = name};
    size_t names = 0;

    if (!check_kind(&object, elf, err))
        return false;
    if (elf_getshdrstrndx(elf, &names) != 0)
        return pf_err_set(err, PF_ERR_FORMAT, "%s: no section names: %s", name, elf_errmsg(-1));
    note_sections(&object, elf, names);
    if (object.lto && !has_code(elf, names))
        return refuse_lto(name, err);
    symbols->has_fat_lto = symbols->has_fat_lto || object.lto;
    if (!read_tables(symbols, elf, &object, err))
        return false;
    mk_gen_home_note(symbols, elf);
    return true;
}

static bool read_one(struct mk_gen_symbols *symbols, Elf *elf, const char *object,
                     struct pf_err *err)
{
    static const unsigned char bitcode[] = {'B', 'C', 0xc0, 0xde};
    static const char thin[] = "!<thin>\n";
    size_t size = 0;
    const char *raw = elf_rawfile(elf, &size);

    if (raw && size >= sizeof bitcode && memcmp(raw, bitcode, sizeof bitcode) == 0)
        return refuse_lto(object, err);
    if (raw && size >= sizeof thin - 1 && memcmp(raw, thin, sizeof thin - 1) == 0)
        return pf_err_set(err, PF_ERR_UNSUPPORTED,
                          "%s: a thin archive, its objects are elsewhere: give those, or make it "
                          "without T",
                          object);
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

/* Never waits: a pipe given by mistake is no object. */
static int open_file(const char *path, struct pf_err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat status;

    if (fd < 0) {
        (void)pf_err_sys(err, errno, "%s", path);
    } else if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
        (void)pf_err_set(err, PF_ERR_FORMAT, "%s: neither an ELF object nor an archive: %s", path,
                         S_ISDIR(status.st_mode) ? "a directory" : "not a regular file");
        (void)close(fd);
        fd = -1;
    }
    return fd;
}

bool mk_gen_symbols_read(struct mk_gen_symbols *symbols, const char *path, struct pf_err *err)
{
    int fd = open_file(path, err);
    if (fd < 0)
        return false;

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

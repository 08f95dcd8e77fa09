/*
 * Names of callers: the symbol tables of the program and of this library, then the dynamic ones.
 *
 * Reads only our own files, once, and trusts no offset in them.
 *
 * SPDX-License-Identifier: MIT
 */
#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mocks/mock_priv.h"

struct table {
    const Elf64_Sym *symbols;
    size_t count;
    const char *names;
    size_t names_size;
    uintptr_t bias;
};

static struct table own, library; /* library: empty where it is part of the program */
static bool tried;

static bool is_inside(size_t file_size, uint64_t offset, uint64_t size)
{
    return offset <= file_size && size <= file_size - offset;
}

static void find_tables(struct table *out, const unsigned char *file, size_t size)
{
    const Elf64_Ehdr *header = (const void *)file;

    if (size < sizeof *header || memcmp(header->e_ident, ELFMAG, SELFMAG) != 0
        || !is_inside(size, header->e_shoff, (uint64_t)header->e_shnum * sizeof(Elf64_Shdr)))
        return;
    const Elf64_Shdr *sections = (const void *)(file + header->e_shoff);
    for (unsigned i = 0; i < header->e_shnum; i++) {
        const Elf64_Shdr *table = &sections[i];
        if (table->sh_type != SHT_SYMTAB || table->sh_link >= header->e_shnum)
            continue;
        const Elf64_Shdr *names = &sections[table->sh_link];
        if (!is_inside(size, table->sh_offset, table->sh_size)
            || !is_inside(size, names->sh_offset, names->sh_size) || names->sh_size == 0
            || file[names->sh_offset + names->sh_size - 1] != '\0')
            return;
        out->symbols = (const void *)(file + table->sh_offset);
        out->count = table->sh_size / sizeof *out->symbols;
        out->names = (const char *)file + names->sh_offset;
        out->names_size = names->sh_size;
    }
}

/* The first object told is the program. */
static int note_bias(struct dl_phdr_info *info, size_t size, void *data)
{
    (void)size;
    *(uintptr_t *)data = info->dlpi_addr;
    return 1;
}

static void load(struct table *out, const char *path)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return;
    if (fstat(fd, &st) == 0 && st.st_size > 0) {
        void *map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (map != MAP_FAILED) /* kept: one map for the life of the process */
            find_tables(out, map, (size_t)st.st_size);
    }
    (void)close(fd);
}

static const char *find_in(const struct table *table, uintptr_t pc)
{
    for (size_t i = 0; i < table->count; i++) {
        const Elf64_Sym *symbol = &table->symbols[i];
        if (ELF64_ST_TYPE(symbol->st_info) == STT_FUNC && symbol->st_name < table->names_size
            && pc - table->bias >= symbol->st_value
            && pc - table->bias - symbol->st_value < symbol->st_size)
            return table->names + symbol->st_name;
    }
    return NULL;
}

static void load_both(void)
{
    Dl_info info;

    tried = true;
    load(&own, "/proc/self/exe");
    (void)dl_iterate_phdr(note_bias, &own.bias);
    if (find_in(&own, (uintptr_t)mk_symbol_name)
        || !dladdr((void *)(uintptr_t)mk_symbol_name, &info))
        return;
    load(&library, info.dli_fname);
    library.bias = (uintptr_t)info.dli_fbase;
}

static const char *find_own(uintptr_t pc)
{
    if (!tried)
        load_both();
    const char *name = find_in(&own, pc);
    return name ? name : find_in(&library, pc);
}

/* A loop calls from few places: the last answers are kept. */
static struct {
    const void *return_addr;
    const char *name;
} recent[64];

static const char *find(const void *return_addr)
{
    uintptr_t pc = (uintptr_t)return_addr - 1;
    size_t at = (pc ^ pc >> 7) % (sizeof recent / sizeof *recent);
    Dl_info info;

    if (recent[at].return_addr == return_addr)
        return recent[at].name;
    const char *name = find_own(pc);
    if (!name && dladdr((void *)pc, &info) && info.dli_sname)
        name = info.dli_sname;
    recent[at].return_addr = return_addr;
    recent[at].name = name;
    return name;
}

void mk_symbol_name(char *text, size_t size, const void *return_addr)
{
    const char *name = find(return_addr);
    Dl_info info;

    if (name) {
        (void)snprintf(text, size, "%s", name);
    } else if (dladdr((void *)((uintptr_t)return_addr - 1), &info) && info.dli_fname) {
        const char *slash = strrchr(info.dli_fname, '/');
        (void)snprintf(text, size, "%s+0x%zx", slash ? slash + 1 : info.dli_fname,
                       (size_t)((uintptr_t)return_addr - (uintptr_t)info.dli_fbase));
    } else {
        (void)snprintf(text, size, "%p", return_addr);
    }
}

bool mk_symbol_is(const void *return_addr, const char *name)
{
    const char *found = find(return_addr);
    return found && strcmp(found, name) == 0;
}

unsigned mk_symbol_find(const char *name, uintptr_t *address)
{
    unsigned found = 0;

    if (!tried)
        load_both();
    for (size_t i = 0; i < own.count; i++) {
        const Elf64_Sym *symbol = &own.symbols[i];
        if (ELF64_ST_TYPE(symbol->st_info) != STT_FUNC || symbol->st_shndx == SHN_UNDEF
            || symbol->st_name >= own.names_size || strcmp(own.names + symbol->st_name, name) != 0)
            continue;
        *address = own.bias + symbol->st_value;
        found++;
    }
    return found;
}

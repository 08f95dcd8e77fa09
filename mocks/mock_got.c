/*
 * Calls made by shared libraries: their global offset tables lead to the wrappers while a body
 * runs.
 *
 * Only libraries named in assay_wrap(... CALLERS ...): the runner's own stay as they are. Works
 * with lazy binding, -fno-plt and full RELRO (the page is made writable for the moment).
 *
 * SPDX-License-Identifier: MIT
 */
#include <elf.h>
#include <link.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mocks/mock_priv.h"

extern const char *const mk_wrapped_callers[] __attribute__((weak));

enum { MAX_SLOTS = 4096 };

static struct {
    void **at;
    void *old;
} slots[MAX_SLOTS];
static unsigned slot_count;

struct tables {
    uintptr_t base;
    const Elf64_Sym *symbols;
    const char *names;
    const Elf64_Rela *relocations[2]; /* DT_RELA, DT_JMPREL */
    size_t counts[2];
};

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static bool is_caller(const char *path)
{
    for (const char *const *name = mk_wrapped_callers; name && *name; name++)
        if (strcmp(file_name(path), *name) == 0)
            return true;
    return false;
}

static void (*wrapper_of(const char *name))(void)
{
    for (struct mk_fn *const *fn = mk_all_fns(); fn && *fn; fn++)
        for (const struct mk_link *link = (*fn)->links; link && link->name; link++)
            if (!link->real && strcmp(link->name, name) == 0)
                return link->wrapper;
    return NULL;
}

/* glibc has already added the load address to these in the dynamic section it maps. */
static const void *pointer_in(const struct tables *tables, Elf64_Addr value)
{
    return (const void *)(value < tables->base ? tables->base + value : value);
}

static void read_dynamic(struct tables *tables, const Elf64_Dyn *dynamic)
{
    for (; dynamic->d_tag != DT_NULL; dynamic++) {
        switch (dynamic->d_tag) {
        case DT_SYMTAB:
            tables->symbols = pointer_in(tables, dynamic->d_un.d_ptr);
            break;
        case DT_STRTAB:
            tables->names = pointer_in(tables, dynamic->d_un.d_ptr);
            break;
        case DT_RELA:
            tables->relocations[0] = pointer_in(tables, dynamic->d_un.d_ptr);
            break;
        case DT_RELASZ:
            tables->counts[0] = dynamic->d_un.d_val / sizeof(Elf64_Rela);
            break;
        case DT_JMPREL:
            tables->relocations[1] = pointer_in(tables, dynamic->d_un.d_ptr);
            break;
        case DT_PLTRELSZ:
            tables->counts[1] = dynamic->d_un.d_val / sizeof(Elf64_Rela);
            break;
        default:
            break;
        }
    }
}

static bool put_slot(void **at, void *value)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t start = (uintptr_t)at & ~(page - 1);

    if (mprotect((void *)start, page, PROT_READ | PROT_WRITE) != 0)
        return false;
    __atomic_store_n(at, value, __ATOMIC_RELEASE);
    return true;
}

static void divert_one(const struct tables *tables, const Elf64_Rela *relocation)
{
    unsigned type = ELF64_R_TYPE(relocation->r_info);
    const Elf64_Sym *symbol = &tables->symbols[ELF64_R_SYM(relocation->r_info)];

    if ((type != R_X86_64_JUMP_SLOT && type != R_X86_64_GLOB_DAT) || slot_count == MAX_SLOTS)
        return;
    void (*wrapper)(void) = wrapper_of(tables->names + symbol->st_name);
    void **at = (void **)(tables->base + relocation->r_offset);
    if (!wrapper)
        return;
    slots[slot_count].at = at;
    slots[slot_count].old = *at;
    if (put_slot(at, (void *)(uintptr_t)wrapper))
        slot_count++;
}

static int divert_object(struct dl_phdr_info *info, size_t size, void *seen)
{
    struct tables tables = {.base = info->dlpi_addr};

    (void)size;
    if (!is_caller(info->dlpi_name))
        return 0;
    ++*(unsigned *)seen;
    for (int i = 0; i < info->dlpi_phnum; i++)
        if (info->dlpi_phdr[i].p_type == PT_DYNAMIC)
            read_dynamic(&tables, (const void *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr));
    if (!tables.symbols || !tables.names)
        return 0;
    for (int table = 0; table < 2; table++)
        for (size_t i = 0; i < tables.counts[table]; i++)
            divert_one(&tables, &tables.relocations[table][i]);
    return 0;
}

void mk_got_divert(void)
{
    unsigned seen = 0, wanted = 0;

    for (const char *const *name = mk_wrapped_callers; name && *name; name++)
        wanted++;
    if (!wanted)
        return;
    (void)dl_iterate_phdr(divert_object, &seen);
    if (seen < wanted || !slot_count)
        mk_fail_at("assay_wrap", 0,
                   "CALLERS: %u of %u named libraries are loaded, and they make %u calls of "
                   "wrapped functions: mocks would do nothing there",
                   seen, wanted, slot_count);
}

void mk_got_restore(void)
{
    while (slot_count) {
        slot_count--;
        (void)put_slot(slots[slot_count].at, slots[slot_count].old);
    }
}

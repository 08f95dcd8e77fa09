/*
 * Calls made by shared libraries: their global offset tables, and their tables of functions, lead
 * to the wrappers while a body runs.
 *
 * Only libraries named in assay_wrap(... CALLERS ...): the runner's own stay as they are. Works
 * with lazy binding, -fno-plt and full RELRO (its page is made writable for the moment).
 *
 * SPDX-License-Identifier: MIT
 */
#include "mocks/mock_got.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mocks/mock_priv.h"

enum { MAX_SLOTS = 4096 };

static struct slot {
    void **at;
    void *old;
    void (*wrapper)(void);
    const char *caller;
    const struct mk_fn *fn;
    bool is_relro; /* on a page that is kept read-only */
} slots[MAX_SLOTS];
static unsigned slot_count, lost;

struct tables {
    const char *caller;
    uintptr_t base;
    uintptr_t relro_start, relro_end;
    const Elf64_Sym *symbols;
    const char *names;
    const Elf64_Rela *relocations[2]; /* DT_RELA, DT_JMPREL */
    size_t counts[2];
};

static const char *caller_of(const char *path)
{
    for (const char *const *name = mk_wrapped_callers; name && *name; name++)
        if (mk_caller_is_library(*name, path))
            return *name;
    return NULL;
}

static bool find_wrapper(struct slot *slot, const char *name)
{
    for (struct mk_fn *const *fn = mk_all_fns(); fn && *fn; fn++)
        for (const struct mk_link *link = (*fn)->links; link && link->name; link++)
            if (!link->real && strcmp(link->name, name) == 0) {
                slot->fn = *fn;
                slot->wrapper = link->wrapper;
                return mk_caller_means(slot->caller, (*fn)->name);
            }
    return false;
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

static bool put_slot(const struct slot *slot, void *value)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    void *start = (void *)((uintptr_t)slot->at & ~(page - 1));

    if (slot->is_relro && mprotect(start, page, PROT_READ | PROT_WRITE) != 0)
        return false;
    __atomic_store_n(slot->at, value, __ATOMIC_RELEASE);
    return !slot->is_relro || mprotect(start, page, PROT_READ) == 0;
}

/* The pages the dynamic linker has made read-only: whole ones. */
static bool is_relro(const struct tables *tables, const void *at)
{
    uintptr_t mask = ~((uintptr_t)sysconf(_SC_PAGESIZE) - 1);

    return (uintptr_t)at >= (tables->relro_start & mask)
           && (uintptr_t)at < (tables->relro_end & mask);
}

/* A pointer in data leads to the function unless the library has put another one there. */
static bool is_call(const Elf64_Rela *relocation, void *const *at, const char *name)
{
    switch (ELF64_R_TYPE(relocation->r_info)) {
    case R_X86_64_JUMP_SLOT:
    case R_X86_64_GLOB_DAT:
        return true;
    case R_X86_64_64:
        return relocation->r_addend == 0 && *at && *at == dlsym(RTLD_DEFAULT, name);
    default:
        return false;
    }
}

static void divert_one(const struct tables *tables, const Elf64_Rela *relocation)
{
    const Elf64_Sym *symbol = &tables->symbols[ELF64_R_SYM(relocation->r_info)];
    const char *name = tables->names + symbol->st_name;
    struct slot slot = {.caller = tables->caller,
                        .at = (void **)(tables->base + relocation->r_offset)};

    if (!*name || !find_wrapper(&slot, name) || !is_call(relocation, slot.at, name))
        return;
    slot.old = *slot.at;
    slot.is_relro = is_relro(tables, slot.at);
    if (slot_count < MAX_SLOTS && put_slot(&slot, (void *)(uintptr_t)slot.wrapper))
        slots[slot_count++] = slot;
    else
        lost++;
}

static void read_segments(struct tables *tables, const struct dl_phdr_info *info)
{
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const Elf64_Phdr *segment = &info->dlpi_phdr[i];
        uintptr_t start = info->dlpi_addr + segment->p_vaddr;
        if (segment->p_type == PT_DYNAMIC)
            read_dynamic(tables, (const void *)start);
        if (segment->p_type == PT_GNU_RELRO) {
            tables->relro_start = start;
            tables->relro_end = start + segment->p_memsz;
        }
    }
}

static int divert_object(struct dl_phdr_info *info, size_t size, void *unused)
{
    struct tables tables = {.base = info->dlpi_addr, .caller = caller_of(info->dlpi_name)};

    (void)size, (void)unused;
    if (!tables.caller)
        return 0;
    read_segments(&tables, info);
    if (!tables.symbols || !tables.names)
        return 0;
    for (int table = 0; table < 2; table++)
        for (size_t i = 0; i < tables.counts[table]; i++)
            divert_one(&tables, &tables.relocations[table][i]);
    return 0;
}

unsigned mk_got_count(const char *caller, const struct mk_fn *fn)
{
    unsigned count = 0;

    for (unsigned i = 0; i < slot_count; i++)
        count += (!caller || slots[i].caller == caller) && (!fn || slots[i].fn == fn);
    return count;
}

unsigned mk_got_lost(void)
{
    return lost;
}

void mk_got_divert(void)
{
    if (!mk_wrapped_callers || !mk_wrapped_callers[0])
        return;
    lost = 0;
    (void)dl_iterate_phdr(divert_object, NULL);
    mk_callers_judge();
}

void mk_got_restore(void)
{
    while (slot_count) {
        const struct slot *slot = &slots[--slot_count];
        if (*slot->at == (void *)(uintptr_t)slot->wrapper)
            (void)put_slot(slot, slot->old);
    }
}

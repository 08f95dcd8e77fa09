/* SPDX-License-Identifier: MIT */
#include "mocks/generator/gen_replaced.h"

#include <dwarf.h>
#include <gelf.h>
#include <stdio.h>
#include <string.h>

#include "mocks/generator/gen_inside.h"
#include "mocks/generator/gen_symbols.h"
#include "mocks/generator/gen_units.h"

enum { MAX_SYMBOLS = 1 << 22, MAX_NAME = 128 };

/* How a module names something. */
enum { IN_TABLE = 1 /* undefined */, IN_SOURCE = 2 /* debug information */ };

struct search {
    const struct mk_gen_replacing *what;
    struct mk_gen_replaced found;
};

struct module {
    struct mk_gen_symbols names;
    bool is_described, is_gcc, is_optimised;
    bool is_told; /* not to replace calls of the function */
    const struct mk_gen_entry *entry;
};

static unsigned mention(const struct module *module, const char *name)
{
    const struct mk_gen_symbol *symbol = mk_gen_symbols_find(&module->names, name);
    return symbol ? symbol->flags : 0;
}

static bool mentions(const struct module *module, const struct mk_gen_entry *entry)
{
    bool any = mention(module, entry->proto.name);

    for (unsigned i = 0; i < entry->alias_count; i++)
        any = any || mention(module, entry->aliases[i].name);
    return any;
}

static void read_table(struct module *module, Elf *elf, Elf_Scn *section, const GElf_Shdr *header)
{
    Elf_Data *data = elf_getdata(section, NULL);
    size_t count = header->sh_entsize ? header->sh_size / header->sh_entsize : 0;
    GElf_Sym sym;

    for (size_t i = 1; data && i < count && i < MAX_SYMBOLS; i++) {
        const char *name = gelf_getsym(data, (int)i, &sym) && sym.st_shndx == SHN_UNDEF
                               ? elf_strptr(elf, header->sh_link, sym.st_name)
                               : NULL;
        if (name && *name)
            mk_gen_symbols_enter(&module->names, name)->flags |= IN_TABLE;
    }
}

static void read_tables(struct module *module, Elf *elf)
{
    Elf_Scn *section = NULL;
    GElf_Shdr header;

    while (elf && (section = elf_nextscn(elf, section)))
        if (gelf_getshdr(section, &header) && header.sh_type == SHT_SYMTAB)
            read_table(module, elf, section, &header);
}

static void read_options(struct module *module, const char *producer)
{
    char option[MAX_NAME];

    (void)snprintf(option, sizeof option, "-fno-builtin-%s", module->entry->proto.name);
    module->is_gcc = mk_gen_is_gcc(producer);
    module->is_optimised = mk_gen_is_optimised(producer);
    module->is_told = mk_gen_has_option(producer, option)
                      || mk_gen_has_option(producer, "-fno-builtin")
                      || mk_gen_has_option(producer, "-ffreestanding");
}

static void read_unit(Dwarf_Die *unit, bool is_split, void *data)
{
    struct module *module = data;
    Dwarf_Die die;

    (void)is_split;
    read_options(module, mk_gen_units_producer(unit));
    for (int more = dwarf_child(unit, &die); more == 0; more = dwarf_siblingof(&die, &die)) {
        const char *name = dwarf_tag(&die) == DW_TAG_subprogram ? dwarf_diename(&die) : NULL;
        if (name && *name)
            mk_gen_symbols_enter(&module->names, name)->flags |= IN_SOURCE;
        module->is_optimised = module->is_optimised || (name && mk_gen_units_describes_calls(&die));
    }
}

static bool has_word(const char *words, const char *word)
{
    size_t size = strlen(word);

    for (const char *at = words ? strstr(words, word) : NULL; at; at = strstr(at + 1, word))
        if ((at == words || at[-1] == ' ') && (!at[size] || at[size] == ' '))
            return true;
    return false;
}

/* Does the module call another function that is replaced by the same? */
static bool is_explained(const struct mk_gen_replacing *what, const struct module *module,
                         const char *word)
{
    for (unsigned i = 0; i < what->catalogue->count; i++) {
        const struct mk_gen_entry *entry = &what->catalogue->entries[i];
        if (entry != what->function && has_word(entry->becomes, word) && mentions(module, entry))
            return true;
    }
    return false;
}

enum verdict { NOT_REPLACED, REPLACED, UNKNOWN };

/* gcc replaces some calls at once, which leaves no trace but that the source calls no word; what it
 * replaces later it describes. */
static enum verdict judge_gcc(const struct module *module, const char *word, bool is_used)
{
    char builtin[MAX_NAME];

    (void)snprintf(builtin, sizeof builtin, "__builtin_%s", word);
    if (module->is_optimised)
        return mention(module, builtin) ? REPLACED : NOT_REPLACED;
    if (module->is_told || module->entry->if_optimised)
        return NOT_REPLACED;
    if (!(mention(module, word) & IN_SOURCE))
        return REPLACED;
    return is_used ? UNKNOWN : NOT_REPLACED;
}

static enum verdict judge(const struct mk_gen_replacing *what, const struct module *module,
                          const char *word)
{
    bool is_used = mentions(module, what->function);

    if (!(mention(module, word) & IN_TABLE) || (!is_used && is_explained(what, module, word)))
        return NOT_REPLACED;
    if (!module->is_described)
        return what->function->if_optimised ? NOT_REPLACED : UNKNOWN;
    if (module->is_gcc)
        return judge_gcc(module, word, is_used);
    return module->is_optimised && !(mention(module, word) & IN_SOURCE) ? REPLACED : NOT_REPLACED;
}

static bool mentions_any(const struct module *module, const struct mk_gen_replacing *what)
{
    for (unsigned i = 0; i < what->instead_count; i++)
        if (mention(module, what->instead[i]))
            return true;
    return false;
}

static void on_module(Dwfl_Module *dwfl_module, void *data)
{
    struct search *search = data;
    struct module module = {.entry = search->what->function};
    GElf_Addr bias;

    read_tables(&module, dwfl_module_getelf(dwfl_module, &bias));
    bool any = mentions_any(&module, search->what);
    module.is_described = any && mk_gen_units_of(dwfl_module, read_unit, &module);
    for (unsigned i = 0; any && i < search->what->instead_count; i++) {
        const char *word = search->what->instead[i];
        enum verdict verdict = judge(search->what, &module, word);
        if (verdict == REPLACED || (verdict == UNKNOWN && !search->found.instead))
            search->found = (struct mk_gen_replaced){word, verdict == UNKNOWN};
    }
    mk_gen_symbols_fini(&module.names);
}

bool mk_gen_replaced_read(struct mk_gen_replaced *out, const struct mk_gen_replacing *what,
                          const char *path, struct pf_err *err)
{
    struct search search = {.what = what};

    if (!mk_gen_units_each(path, on_module, &search, err))
        return false;
    if (search.found.instead)
        *out = search.found;
    return true;
}

/* SPDX-License-Identifier: MIT */
#include "mocks/generator/gen_units.h"

#include <dwarf.h>

enum { MAX_UNITS = 1 << 20 };

struct walk {
    mk_gen_on_module on_module;
    void *data;
};

bool mk_gen_units_of(Dwfl_Module *module, mk_gen_on_unit on_unit, void *data)
{
    Dwarf_Addr bias;
    Dwarf *dwarf = dwfl_module_getdwarf(module, &bias);
    Dwarf_CU *unit = NULL;
    Dwarf_Die die;
    uint8_t kind = 0;
    bool any = false;

    for (unsigned i = 0; dwarf && i < MAX_UNITS; i++) {
        if (dwarf_get_units(dwarf, unit, &unit, NULL, &kind, &die, NULL) != 0)
            break;
        on_unit(&die, kind == DW_UT_skeleton, data);
        any = true;
    }
    return any;
}

const char *mk_gen_units_producer(Dwarf_Die *unit)
{
    Dwarf_Attribute attr;
    const char *producer = dwarf_attr(unit, DW_AT_producer, &attr) ? dwarf_formstring(&attr) : NULL;

    return producer ? producer : "";
}

bool mk_gen_units_describes_calls(Dwarf_Die *function)
{
    return dwarf_hasattr(function, DW_AT_call_all_calls)
           || dwarf_hasattr(function, DW_AT_GNU_all_call_sites);
}

static int visit(Dwfl_Module *module, void **unused, const char *name, Dwarf_Addr start, void *data)
{
    const struct walk *walk = data;

    (void)unused, (void)name, (void)start;
    walk->on_module(module, walk->data);
    return DWARF_CB_OK;
}

/* Never looks elsewhere for debug information. */
static int find_no_file(Dwfl_Module *module, void **unused, const char *name, Dwarf_Addr base,
                        const char *file, const char *link, GElf_Word crc, char **out)
{
    (void)module, (void)unused, (void)name, (void)base, (void)file, (void)link, (void)crc;
    (void)out;
    return -1;
}

bool mk_gen_units_each(const char *path, mk_gen_on_module on_module, void *data, struct pf_err *err)
{
    static const Dwfl_Callbacks callbacks = {.find_debuginfo = find_no_file,
                                             .section_address = dwfl_offline_section_address};
    struct walk walk = {on_module, data};
    Dwfl *dwfl = dwfl_begin(&callbacks);

    if (!dwfl)
        return pf_err_set(err, PF_ERR_SYSTEM, "%s: %s", path, dwfl_errmsg(-1));
    dwfl_report_begin(dwfl);
    Dwfl_Module *module = dwfl_report_offline(dwfl, "", path, -1);
    (void)dwfl_report_end(dwfl, NULL, NULL);
    if (module)
        (void)dwfl_getmodules(dwfl, visit, &walk, 0);
    dwfl_end(dwfl);
    return true;
}

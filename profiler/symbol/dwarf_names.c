/* SPDX-License-Identifier: MIT */
#include "profiler/symbol/dwarf_names.h"

#include <dwarf.h>

#include "profiler/base/clock.h"
#include "profiler/symbol/dwarf_priv.h"
#include "profiler/symbol/symfile.h"

enum {
    WALK_STEPS_MAX = 100 * 1000 * 1000, /* Chromium's 7 GB of DWARF have about that many entries */
    STEPS_A_CLOCK = 4096,
};

bool pf_dwarf_open(struct pf_dwarf *out, const struct pf_symfile *symfile, struct pf_err *err)
{
    if (!pf_symfile_has_dwarf(symfile))
        return pf_err_set(err, PF_ERR_NOT_FOUND, "no debug information");

    Dwarf *dwarf = dwarf_begin_elf(symfile->elf, DWARF_C_READ, NULL);
    if (!dwarf)
        return pf_err_set(err, PF_ERR_FORMAT, "debug information: %s", dwarf_errmsg(-1));
    out->dwarf = dwarf;
    return true;
}

void pf_dwarf_close(struct pf_dwarf *dwarf)
{
    if (dwarf->dwarf)
        (void)dwarf_end(dwarf->dwarf);
    *dwarf = (struct pf_dwarf){0};
}

bool pf_dwarf_walk_on(struct pf_dwarf_walk *walk)
{
    if (walk->steps_left == 0)
        return false;
    walk->steps_left--;
    if (walk->deadline_ns && walk->steps_left % STEPS_A_CLOCK == 0
        && pf_clock_now_ns() > walk->deadline_ns)
        walk->steps_left = 0;
    return true;
}

bool pf_dwarf_next_cover(struct pf_dwarf_walk *walk, Dwarf_Die *die, ptrdiff_t *at, size_t *first,
                         size_t *end)
{
    Dwarf_Addr base = 0;
    Dwarf_Addr low = 0;
    Dwarf_Addr high = 0;

    while (pf_dwarf_walk_on(walk) && (*at = dwarf_ranges(die, *at, &base, &low, &high)) > 0) {
        *first = pf_queries_from(walk->queries, low);
        if (*first < walk->queries->count && walk->queries->at[*first].file_addr < high) {
            *end = pf_queries_from(walk->queries, high);
            return true;
        }
    }
    return false;
}

static void name_lines(struct pf_dwarf_walk *walk, Dwarf_Die *unit)
{
    size_t first = 0;
    size_t end = 0;
    Dwarf_Lines *lines = NULL;
    size_t line_count = 0;

    if (dwarf_getsrclines(unit, &lines, &line_count) != 0)
        return;
    for (ptrdiff_t at = 0; pf_dwarf_next_cover(walk, unit, &at, &first, &end);) {
        for (; first < end && pf_dwarf_walk_on(walk); first++) {
            struct pf_query *query = &walk->queries->at[first];
            int number = 0;
            Dwarf_Line *line = query->file ? NULL : dwarf_getsrc_die(unit, query->file_addr);

            if (!line || dwarf_lineno(line, &number) != 0 || number < 0)
                continue;
            query->file = dwarf_linesrc(line, NULL, NULL);
            query->line = query->file ? (uint32_t)number : 0;
        }
    }
}

/* Is a query of this unit without a function? */
static bool lacks_function(struct pf_dwarf_walk *walk, Dwarf_Die *unit)
{
    size_t first = 0;
    size_t end = 0;

    for (ptrdiff_t at = 0; pf_dwarf_next_cover(walk, unit, &at, &first, &end);)
        for (; first < end; first++)
            if (!walk->queries->at[first].frame)
                return true;
    return false;
}

static bool is_c(int language)
{
    return language == DW_LANG_C || language == DW_LANG_C89 || language == DW_LANG_C99
           || language == DW_LANG_C11;
}

/* Functions of a unit whose DWARF was split off stand in content, its lines and ranges in unit. */
static void name_unit(struct pf_dwarf_walk *walk, Dwarf_Die *unit, Dwarf_Die *content)
{
    walk->files = NULL;
    walk->file_count = 0;
    if (dwarf_getsrcfiles(unit, &walk->files, &walk->file_count) != 0)
        walk->file_count = 0;

    walk->enter_types = !is_c(dwarf_srclang(content));
    walk->enter_all = false;
    pf_dwarf_name_functions(walk, content);
    if (lacks_function(walk, unit)) {
        walk->enter_all = true;
        pf_dwarf_name_functions(walk, content);
    }
    name_lines(walk, unit);
}

bool pf_dwarf_name(struct pf_dwarf *dwarf, struct pf_queries *queries,
                   const struct pf_dwarf_limits *limits)
{
    struct pf_dwarf_walk walk = {.queries = queries,
                                 .deadline_ns = limits->deadline_ns,
                                 .steps_left = WALK_STEPS_MAX,
                                 .skip_inlines = limits->skip_inlines};
    Dwarf_CU *cu = NULL;
    Dwarf_Die unit;
    Dwarf_Die split;
    uint8_t type = 0;

    while (pf_dwarf_walk_on(&walk)
           && dwarf_get_units(dwarf->dwarf, cu, &cu, NULL, &type, &unit, NULL) == 0) {
        size_t first = 0;
        size_t end = 0;
        ptrdiff_t at = 0;

        if ((type != DW_UT_compile && type != DW_UT_skeleton)
            || !pf_dwarf_next_cover(&walk, &unit, &at, &first, &end))
            continue;
        if (walk.deadline_ns && pf_clock_now_ns() > walk.deadline_ns)
            walk.steps_left = 0; /* a unit's line table alone may take seconds */
        split = unit;
        if (type == DW_UT_skeleton
            && (dwarf_cu_info(cu, NULL, NULL, NULL, &split, NULL, NULL, NULL) != 0 || !split.addr))
            split = unit;
        name_unit(&walk, &unit, &split);
    }
    return walk.steps_left > 0;
}

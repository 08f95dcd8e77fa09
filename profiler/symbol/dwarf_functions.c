/*
 * The functions of one unit: which of them cover a query, and what is inlined into them there.
 *
 * SPDX-License-Identifier: MIT
 */
#include <dwarf.h>

#include "profiler/symbol/dwarf_priv.h"

enum { SCOPE_DEPTH_MAX = 64, INLINE_DEPTH_MAX = 128 };

static const char *file_name(const struct pf_dwarf_walk *walk, Dwarf_Die *die, unsigned attribute)
{
    Dwarf_Attribute value;
    Dwarf_Word index = 0;

    if (!dwarf_attr(die, attribute, &value) || dwarf_formudata(&value, &index) != 0
        || index >= walk->file_count)
        return NULL;
    return dwarf_filesrc(walk->files, index, NULL, NULL);
}

static uint32_t number_of(Dwarf_Die *die, unsigned attribute)
{
    Dwarf_Attribute value;
    Dwarf_Word number = 0;

    if (!dwarf_attr(die, attribute, &value) || dwarf_formudata(&value, &number) != 0
        || number > INT32_MAX)
        return 0;
    return (uint32_t)number;
}

static const char *linkage_name(Dwarf_Die *die)
{
    Dwarf_Attribute value;

    if (!dwarf_attr_integrate(die, DW_AT_linkage_name, &value)
        && !dwarf_attr_integrate(die, DW_AT_MIPS_linkage_name, &value))
        return NULL;
    return dwarf_formstring(&value);
}

/* What is the same for every query a function covers. */
static struct pf_name_frame describe(const struct pf_dwarf_walk *walk, Dwarf_Die *die,
                                     unsigned depth)
{
    struct pf_name_frame frame = {.depth = depth};
    Dwarf_Addr entry = 0;
    int line = 0;

    frame.name = dwarf_diename(die);
    frame.linkage = linkage_name(die);
    frame.decl_file = dwarf_decl_file(die);
    if (dwarf_decl_line(die, &line) == 0 && line > 0)
        frame.start_line = (uint32_t)line;
    if (depth == 0 && dwarf_entrypc(die, &entry) == 0)
        frame.entry = entry;
    if (depth > 0) {
        frame.call_file = file_name(walk, die, DW_AT_call_file);
        frame.call_line = number_of(die, DW_AT_call_line);
    }
    return frame;
}

/* Put a function on every query it covers; true if there was one. */
static bool cover(struct pf_dwarf_walk *walk, Dwarf_Die *die, unsigned depth)
{
    struct pf_name_frame frame = {0};
    bool described = false;
    size_t first = 0;
    size_t end = 0;

    for (ptrdiff_t at = 0; pf_dwarf_next_cover(walk, die, &at, &first, &end);) {
        for (; first < end && pf_dwarf_walk_on(walk); first++) {
            struct pf_query *query = &walk->queries->at[first];
            /* Entered in order of depth: anything else is DWARF that contradicts itself. */
            if (depth == 0 ? query->frame != NULL
                           : !query->frame || query->frame->depth != depth - 1)
                continue;
            if (!described)
                frame = describe(walk, die, depth);
            described = true;
            struct pf_name_frame *own = pf_arena_alloc(walk->queries->arena, sizeof *own);
            *own = frame;
            own->outer = query->frame;
            query->frame = own;
        }
    }
    return described;
}

static bool covers_any(struct pf_dwarf_walk *walk, Dwarf_Die *die)
{
    size_t first = 0;
    size_t end = 0;
    ptrdiff_t at = 0;

    if (!dwarf_hasattr(die, DW_AT_low_pc) && !dwarf_hasattr(die, DW_AT_ranges))
        return true;
    return pf_dwarf_next_cover(walk, die, &at, &first, &end);
}

static void visit_scope(struct pf_dwarf_walk *walk, Dwarf_Die *scope, unsigned nesting);

/* Inside a function that covers a query: blocks, and what is inlined. depth: of those inlined. */
static void visit_body(struct pf_dwarf_walk *walk, Dwarf_Die *body, unsigned depth,
                       unsigned nesting)
{
    Dwarf_Die child;

    if (nesting > INLINE_DEPTH_MAX || dwarf_child(body, &child) != 0)
        return;
    do {
        switch (dwarf_tag(&child)) {
        case DW_TAG_inlined_subroutine:
            if (cover(walk, &child, depth))
                visit_body(walk, &child, depth + 1, nesting + 1);
            break;
        case DW_TAG_lexical_block:
        case DW_TAG_try_block:
        case DW_TAG_catch_block:
        case DW_TAG_with_stmt:
            if (covers_any(walk, &child))
                visit_body(walk, &child, depth, nesting + 1);
            break;
        default:
            break;
        }
    } while (pf_dwarf_walk_on(walk) && dwarf_siblingof(&child, &child) == 0);
}

static void visit_function(struct pf_dwarf_walk *walk, Dwarf_Die *function, unsigned nesting)
{
    if (cover(walk, function, 0) && !walk->skip_inlines)
        visit_body(walk, function, 1, 0);
    if (walk->enter_all)
        visit_scope(walk, function, nesting + 1);
}

static void visit_scope(struct pf_dwarf_walk *walk, Dwarf_Die *scope, unsigned nesting)
{
    Dwarf_Die child;

    if (nesting > SCOPE_DEPTH_MAX || dwarf_child(scope, &child) != 0)
        return;
    do {
        switch (dwarf_tag(&child)) {
        case DW_TAG_subprogram:
            visit_function(walk, &child, nesting);
            break;
        case DW_TAG_lexical_block:
            if (!walk->enter_all)
                break;
            visit_scope(walk, &child, nesting + 1);
            break;
        case DW_TAG_namespace:
        case DW_TAG_module:
            visit_scope(walk, &child, nesting + 1);
            break;
        case DW_TAG_class_type:
        case DW_TAG_structure_type:
        case DW_TAG_union_type:
        case DW_TAG_enumeration_type:
        case DW_TAG_variant_part:
        case DW_TAG_variant:
            if (!walk->enter_types)
                break;
            visit_scope(walk, &child, nesting + 1);
            break;
        default:
            break;
        }
    } while (pf_dwarf_walk_on(walk) && dwarf_siblingof(&child, &child) == 0);
}

void pf_dwarf_name_functions(struct pf_dwarf_walk *walk, Dwarf_Die *scope)
{
    visit_scope(walk, scope, 0);
}

/* SPDX-License-Identifier: MIT */
#include "mocks/generator/gen_dwarf.h"

#include <dwarf.h>
#include <stdio.h>
#include <string.h>

#include "mocks/generator/gen_inside.h"
#include "mocks/generator/gen_spell.h"
#include "mocks/generator/gen_units.h"

enum { MAX_DEPTH = 64 };

#define PARAMS_TEXT "10"
_Static_assert(MK_GEN_MAX_PARAMS == 10, "PARAMS_TEXT");

struct reader {
    struct mk_gen_wanted *wanted;
    unsigned count;
    const char *object;
    struct pf_arena *arena;
    Dwarf_Die *unit;
};

static void add_param(struct mk_gen_speller *speller, struct mk_gen_proto *proto, Dwarf_Die *die)
{
    if (dwarf_tag(die) == DW_TAG_unspecified_parameters)
        proto->variadic = true;
    if (dwarf_tag(die) != DW_TAG_formal_parameter)
        return;
    if (proto->param_count == MK_GEN_MAX_PARAMS) {
        speller->why = "it has more than " PARAMS_TEXT " parameters";
        return;
    }
    struct mk_gen_param *param = &proto->params[proto->param_count++];
    const char *name = dwarf_diename(die);
    char made_up[16];

    (void)snprintf(made_up, sizeof made_up, "arg%u", proto->param_count);
    name = name ? name : made_up;
    param->name = pf_arena_text(speller->arena, name, strlen(name));
    mk_gen_spell_type(speller, die, &param->type, &param->class);
    if (param->class == MK_GEN_PTR)
        param->pointee = mk_gen_spell_pointee(speller, die, &param->pointee_size);
    if (param->pointee)
        param->role = MK_GEN_STORES;
}

static bool read_proto(struct mk_gen_speller *speller, struct mk_gen_proto *out, Dwarf_Die *die)
{
    struct mk_gen_proto proto = {.name = speller->wanted->name};
    Dwarf_Die child;

    mk_gen_spell_type(speller, die, &proto.ret_type, &proto.ret_class);
    for (int more = dwarf_child(die, &child); more == 0; more = dwarf_siblingof(&child, &child))
        add_param(speller, &proto, &child);
    if (speller->why)
        return false;
    proto.variadic = proto.variadic && proto.param_count > 0;
    *out = proto;
    return true;
}

static bool has_param_names(Dwarf_Die *die)
{
    Dwarf_Die child;

    for (int more = dwarf_child(die, &child); more == 0; more = dwarf_siblingof(&child, &child))
        if (dwarf_tag(&child) == DW_TAG_formal_parameter)
            return dwarf_diename(&child) != NULL;
    return false;
}

static void note_header(const struct reader *reader, struct mk_gen_wanted *wanted, Dwarf_Die *die)
{
    const char *file = dwarf_decl_file(die);
    size_t size = file ? strlen(file) : 0;

    int line = 0;

    if (size <= 2 || strcmp(file + size - 2, ".h") != 0 || wanted->header)
        return;
    wanted->header = pf_arena_text(reader->arena, file, size);
    if (dwarf_decl_line(die, &line) == 0 && line > 0)
        wanted->header_line = (unsigned)line;
}

static bool is_definition(Dwarf_Die *die)
{
    return !dwarf_hasattr(die, DW_AT_declaration)
           && (dwarf_hasattr(die, DW_AT_low_pc) || dwarf_hasattr(die, DW_AT_ranges)
               || dwarf_hasattr(die, DW_AT_inline));
}

static bool has_params(Dwarf_Die *die)
{
    Dwarf_Die child;

    for (int more = dwarf_child(die, &child); more == 0; more = dwarf_siblingof(&child, &child))
        if (dwarf_tag(&child) == DW_TAG_formal_parameter)
            return true;
    return false;
}

/* "int f();" says nothing about parameters, "int f() { ... }" that there are none. */
static bool is_usable(Dwarf_Die *die)
{
    return dwarf_hasattr_integrate(die, DW_AT_prototyped) || has_params(die) || is_definition(die);
}

static void note_definition(const struct reader *reader, struct mk_gen_wanted *wanted,
                            Dwarf_Die *die)
{
    struct pf_buf lacks = {0};

    wanted->defined_in = reader->object;
    mk_gen_inside_lacks(&lacks, mk_gen_units_producer(reader->unit),
                        mk_gen_units_describes_calls(die));
    if (lacks.size)
        wanted->lacks = pf_arena_text(reader->arena, (const char *)lacks.at, lacks.size);
    pf_buf_fini(&lacks);
}

static void read_function(const struct reader *reader, struct mk_gen_wanted *wanted, Dwarf_Die *die)
{
    struct mk_gen_speller named = {wanted, reader->arena, false, NULL};
    struct mk_gen_speller plain = {wanted, reader->arena, true, NULL};
    bool has_names = has_param_names(die);

    note_header(reader, wanted, die);
    if (dwarf_hasattr_integrate(die, DW_AT_noreturn))
        wanted->noreturn = true;
    if (is_definition(die))
        note_definition(reader, wanted, die);
    if (!is_usable(die))
        wanted->why_not = "it is declared without a prototype (or built with -g1)";
    if (!is_usable(die) || (wanted->found && (wanted->has_names || !has_names)))
        return;
    if (!read_proto(&named, &wanted->proto, die) || !read_proto(&plain, &wanted->plain, die)) {
        wanted->why_not = named.why ? named.why : plain.why;
        return;
    }
    wanted->found = true;
    wanted->has_names = has_names;
    wanted->object = reader->object;
}

static struct mk_gen_wanted *find_wanted(const struct reader *reader, const char *name)
{
    for (unsigned i = 0; name && i < reader->count; i++)
        if (strcmp(reader->wanted[i].name, name) == 0)
            return &reader->wanted[i];
    return NULL;
}

/* The copies of functions that the compiler put into others. */
static void find_copies(const struct reader *reader, Dwarf_Die *in, const char *function, int depth)
{
    Dwarf_Die child, origin;
    Dwarf_Attribute attr;

    if (depth == MAX_DEPTH)
        return;
    for (int more = dwarf_child(in, &child); more == 0; more = dwarf_siblingof(&child, &child)) {
        int tag = dwarf_tag(&child);
        if (tag == DW_TAG_inlined_subroutine && dwarf_attr(&child, DW_AT_abstract_origin, &attr)
            && dwarf_formref_die(&attr, &origin)) {
            struct mk_gen_wanted *wanted = find_wanted(reader, dwarf_diename(&origin));
            if (wanted && !wanted->inlined_in && function && strcmp(function, wanted->name) != 0)
                wanted->inlined_in = pf_arena_text(reader->arena, function, strlen(function));
        }
        if (tag == DW_TAG_inlined_subroutine || tag == DW_TAG_lexical_block)
            find_copies(reader, &child, function, depth + 1);
    }
}

static void read_unit(struct reader *reader, Dwarf_Die *unit)
{
    Dwarf_Die die;
    bool has_inlined = false;

    reader->unit = unit;
    for (int more = dwarf_child(unit, &die); more == 0; more = dwarf_siblingof(&die, &die)) {
        if (dwarf_tag(&die) != DW_TAG_subprogram)
            continue;
        struct mk_gen_wanted *wanted = find_wanted(reader, dwarf_diename(&die));
        if (wanted)
            read_function(reader, wanted, &die);
        has_inlined = has_inlined || (wanted && dwarf_hasattr(&die, DW_AT_inline));
    }
    for (int more = has_inlined ? dwarf_child(unit, &die) : 1; more == 0;
         more = dwarf_siblingof(&die, &die))
        if (dwarf_tag(&die) == DW_TAG_subprogram)
            find_copies(reader, &die, dwarf_diename(&die), 0);
}

/* Only a skeleton of the unit stands here. */
static void note_split(const struct reader *reader)
{
    for (unsigned i = 0; i < reader->count; i++)
        if (!reader->wanted[i].found && !reader->wanted[i].why_not)
            reader->wanted[i].why_not =
                "its debug information stands in a .dwo file: build it without "
                "-gsplit-dwarf";
}

static void on_unit(Dwarf_Die *unit, bool is_split, void *data)
{
    struct reader *reader = data;

    if (is_split)
        note_split(reader);
    else
        read_unit(reader, unit);
}

static void on_module(Dwfl_Module *module, void *reader)
{
    (void)mk_gen_units_of(module, on_unit, reader);
}

bool mk_gen_dwarf_read(struct mk_gen_wanted *wanted, unsigned count, const char *path,
                       struct pf_arena *arena, struct pf_err *err)
{
    struct reader reader = {wanted, count, pf_arena_text(arena, path, strlen(path)), arena, NULL};

    return mk_gen_units_each(path, on_module, &reader, err);
}

/* SPDX-License-Identifier: MIT */
#include "mocks/generator/gen_dwarf.h"

#include <dwarf.h>
#include <elfutils/libdwfl.h>
#include <stdio.h>
#include <string.h>

#include "profiler/base/buf.h"

enum { MAX_TYPE_DEPTH = 16, MAX_TYPE_BYTES = 1024, MAX_UNITS = 1 << 20 };

struct reader {
    struct mk_gen_wanted *wanted;
    unsigned count;
    const char *object;
    struct pf_arena *arena;
};

/* How types of one prototype are spelled. */
struct speller {
    struct mk_gen_wanted *wanted;
    struct pf_arena *arena;
    bool plain; /* look through typedefs */
    bool failed;
};

static void spell(struct speller *speller, struct pf_buf *out, Dwarf_Die *die, int depth);

static bool type_of(Dwarf_Die *die, Dwarf_Die *out)
{
    Dwarf_Attribute attr;
    return dwarf_attr_integrate(die, DW_AT_type, &attr) && dwarf_formref_die(&attr, out);
}

static void spell_type_of(struct speller *speller, struct pf_buf *out, Dwarf_Die *die, int depth)
{
    Dwarf_Die type;

    if (depth > MAX_TYPE_DEPTH || out->size > MAX_TYPE_BYTES)
        speller->failed = true;
    else if (type_of(die, &type))
        spell(speller, out, &type, depth + 1);
    else
        pf_buf_put_str(out, "void");
}

static void spell_function(struct speller *speller, struct pf_buf *out, Dwarf_Die *die, int depth)
{
    Dwarf_Die child;
    bool any = false;

    pf_buf_put_str(out, "__typeof__(");
    spell_type_of(speller, out, die, depth);
    pf_buf_put_str(out, " (");
    for (int more = dwarf_child(die, &child); more == 0; more = dwarf_siblingof(&child, &child)) {
        pf_buf_put_str(out, any ? ", " : "");
        any = true;
        if (dwarf_tag(&child) == DW_TAG_unspecified_parameters)
            pf_buf_put_str(out, "...");
        else
            spell_type_of(speller, out, &child, depth);
    }
    pf_buf_put_str(out, any ? "))" : "void))");
}

static void need_forward(struct speller *speller, const char *text)
{
    struct mk_gen_wanted *wanted = speller->wanted;

    if (!speller->plain)
        return;
    for (unsigned i = 0; i < wanted->forward_count; i++)
        if (strcmp(wanted->forward[i], text) == 0)
            return;
    if (wanted->forward_count == MK_GEN_MAX_FORWARD)
        speller->failed = true;
    else
        wanted->forward[wanted->forward_count++] =
            pf_arena_text(speller->arena, text, strlen(text));
}

static void spell_record(struct speller *speller, struct pf_buf *out, Dwarf_Die *die)
{
    const char *word = dwarf_tag(die) == DW_TAG_union_type ? "union" : "struct";
    const char *name = dwarf_diename(die);
    char text[256];

    if (!name) {
        /* Only a typedef names it: a pointer to it is as good as void *. */
        pf_buf_put_str(out, "void");
        return;
    }
    (void)snprintf(text, sizeof text, "%s %s", word, name);
    need_forward(speller, text);
    pf_buf_put_str(out, text);
}

static void spell_enum(struct speller *speller, struct pf_buf *out, Dwarf_Die *die, int depth)
{
    const char *name = dwarf_diename(die);

    if (name && !speller->plain)
        pf_buf_printf(out, "enum %s", name);
    else if (dwarf_hasattr(die, DW_AT_type))
        spell_type_of(speller, out, die, depth);
    else
        pf_buf_put_str(out, "unsigned int");
}

static void spell_typedef(struct speller *speller, struct pf_buf *out, Dwarf_Die *die, int depth)
{
    const char *name = dwarf_diename(die);

    if (name && (!speller->plain || strcmp(name, "va_list") == 0))
        pf_buf_put_str(out, name);
    else
        spell_type_of(speller, out, die, depth);
}

static void spell_pointer(struct speller *speller, struct pf_buf *out, Dwarf_Die *die, int depth)
{
    spell_type_of(speller, out, die, depth);
    bool star = out->size && out->at[out->size - 1] == '*';
    pf_buf_put_str(out, star ? "*" : " *");
}

static void spell_qualified(struct speller *speller, struct pf_buf *out, Dwarf_Die *die,
                            const char *word, int depth)
{
    struct pf_buf inner = {0};

    spell_type_of(speller, &inner, die, depth);
    const char *text = pf_buf_cstr(&inner);
    if (inner.size && text[inner.size - 1] == '*')
        pf_buf_printf(out, "%s%s", text, word);
    else
        pf_buf_printf(out, "%s %s", word, text);
    pf_buf_fini(&inner);
}

static void spell(struct speller *speller, struct pf_buf *out, Dwarf_Die *die, int depth)
{
    switch (dwarf_tag(die)) {
    case DW_TAG_base_type:
        pf_buf_put_str(out, dwarf_diename(die) ? dwarf_diename(die) : "int");
        break;
    case DW_TAG_pointer_type:
        spell_pointer(speller, out, die, depth);
        break;
    case DW_TAG_typedef:
        spell_typedef(speller, out, die, depth);
        break;
    case DW_TAG_const_type:
        spell_qualified(speller, out, die, "const", depth);
        break;
    case DW_TAG_volatile_type:
        spell_qualified(speller, out, die, "volatile", depth);
        break;
    case DW_TAG_restrict_type:
    case DW_TAG_atomic_type:
        spell_type_of(speller, out, die, depth);
        break;
    case DW_TAG_structure_type:
    case DW_TAG_union_type:
        spell_record(speller, out, die);
        break;
    case DW_TAG_enumeration_type:
        spell_enum(speller, out, die, depth);
        break;
    case DW_TAG_subroutine_type:
        spell_function(speller, out, die, depth);
        break;
    case DW_TAG_array_type:
        spell_type_of(speller, out, die, depth);
        pf_buf_put_str(out, " *");
        break;
    default:
        speller->failed = true;
        break;
    }
}

/* Past typedefs and qualifiers; false for void. */
static bool peel(Dwarf_Die *die, Dwarf_Die *out)
{
    *out = *die;
    for (int depth = 0; depth < MAX_TYPE_DEPTH; depth++) {
        int tag = dwarf_tag(out);
        if (tag != DW_TAG_typedef && tag != DW_TAG_const_type && tag != DW_TAG_volatile_type
            && tag != DW_TAG_restrict_type && tag != DW_TAG_atomic_type)
            return true;
        Dwarf_Die inner;
        if (!type_of(out, &inner))
            return false;
        *out = inner;
    }
    return false;
}

static enum mk_gen_class base_class(Dwarf_Die *die)
{
    Dwarf_Attribute attr;
    Dwarf_Word encoding = 0;

    if (!dwarf_attr(die, DW_AT_encoding, &attr) || dwarf_formudata(&attr, &encoding) != 0)
        return MK_GEN_INT;
    if (encoding != DW_ATE_float && encoding != DW_ATE_complex_float)
        return dwarf_bytesize(die) > 8 ? MK_GEN_BLOB : MK_GEN_INT;
    return encoding == DW_ATE_float && dwarf_bytesize(die) <= 8 ? MK_GEN_NUM : MK_GEN_BLOB;
}

static enum mk_gen_class class_of(Dwarf_Die *type)
{
    Dwarf_Die peeled;

    if (!peel(type, &peeled))
        return MK_GEN_VOID;
    switch (dwarf_tag(&peeled)) {
    case DW_TAG_base_type:
        return base_class(&peeled);
    case DW_TAG_enumeration_type:
        return MK_GEN_INT;
    case DW_TAG_pointer_type:
    case DW_TAG_array_type:
        return MK_GEN_PTR;
    default:
        return MK_GEN_BLOB;
    }
}

/* debug information is closed before the plan is made. */
static const char *keep(const struct speller *speller, const char *name, const char *otherwise)
{
    const char *text = name ? name : otherwise;
    return pf_arena_text(speller->arena, text, strlen(text));
}

/* A record by value whose only name is a typedef cannot be spelled without its header. */
static void note_unnamed(struct speller *speller, Dwarf_Die *type, enum mk_gen_class class)
{
    Dwarf_Die peeled;

    if (speller->plain && class == MK_GEN_BLOB && peel(type, &peeled)
        && (dwarf_tag(&peeled) == DW_TAG_structure_type || dwarf_tag(&peeled) == DW_TAG_union_type))
        speller->wanted->unnamed = keep(speller, dwarf_diename(type), "a structure");
}

/* What a non-const pointer stores: spelled, NULL if bytes, unknown or incomplete. */
static const char *pointee_of(struct speller *speller, Dwarf_Die *type, unsigned *size)
{
    Dwarf_Die pointer, target, peeled;
    struct pf_buf text = {0};

    if (!peel(type, &pointer) || dwarf_tag(&pointer) != DW_TAG_pointer_type
        || !type_of(&pointer, &target) || dwarf_tag(&target) == DW_TAG_const_type
        || !peel(&target, &peeled) || dwarf_hasattr(&peeled, DW_AT_declaration)
        || dwarf_tag(&peeled) == DW_TAG_subroutine_type)
        return NULL;
    int bytes = dwarf_bytesize(&peeled);
    if (bytes <= 1)
        return NULL;
    *size = (unsigned)bytes;
    spell(speller, &text, &target, 0);
    const char *kept = pf_arena_text(speller->arena, (const char *)text.at, text.size);
    pf_buf_fini(&text);
    return kept;
}

/* A parameter's own const says nothing to callers, and a wrapper assigns to its parameters. */
static void unqualify(Dwarf_Die *type)
{
    Dwarf_Die inner = *type, next;
    bool qualified = false;

    for (int depth = 0; depth < MAX_TYPE_DEPTH; depth++) {
        int tag = dwarf_tag(&inner);
        qualified = qualified || tag == DW_TAG_const_type || tag == DW_TAG_volatile_type;
        if ((tag != DW_TAG_typedef && tag != DW_TAG_const_type && tag != DW_TAG_volatile_type)
            || !type_of(&inner, &next))
            break;
        inner = next;
    }
    if (qualified)
        *type = inner;
}

static void set_type(struct speller *speller, Dwarf_Die *die, const char **spelled,
                     enum mk_gen_class *class)
{
    struct pf_buf text = {0};
    Dwarf_Die type;

    *class = MK_GEN_VOID;
    if (type_of(die, &type)) {
        unqualify(&type);
        *class = class_of(&type);
        note_unnamed(speller, &type, *class);
        spell(speller, &text, &type, 0);
    } else {
        pf_buf_put_str(&text, "void");
    }
    *spelled = pf_arena_text(speller->arena, (const char *)text.at, text.size);
    if (strstr(*spelled, "va_list"))
        *class = MK_GEN_VA_LIST;
    pf_buf_fini(&text);
}

static void add_param(struct speller *speller, struct mk_gen_proto *proto, Dwarf_Die *die)
{
    if (dwarf_tag(die) == DW_TAG_unspecified_parameters)
        proto->variadic = true;
    if (dwarf_tag(die) != DW_TAG_formal_parameter)
        return;
    if (proto->param_count == MK_GEN_MAX_PARAMS) {
        speller->failed = true;
        return;
    }
    struct mk_gen_param *param = &proto->params[proto->param_count++];
    const char *name = dwarf_diename(die);
    char made_up[16];
    Dwarf_Die type;

    (void)snprintf(made_up, sizeof made_up, "arg%u", proto->param_count);
    name = name ? name : made_up;
    param->name = pf_arena_text(speller->arena, name, strlen(name));
    set_type(speller, die, &param->type, &param->class);
    if (param->class == MK_GEN_PTR && type_of(die, &type))
        param->pointee = pointee_of(speller, &type, &param->pointee_size);
    if (param->pointee)
        param->role = MK_GEN_STORES;
}

static bool read_proto(struct speller *speller, struct mk_gen_proto *out, Dwarf_Die *die)
{
    struct mk_gen_proto proto = {.name = speller->wanted->name};
    Dwarf_Die child;

    set_type(speller, die, &proto.ret_type, &proto.ret_class);
    for (int more = dwarf_child(die, &child); more == 0; more = dwarf_siblingof(&child, &child))
        add_param(speller, &proto, &child);
    if (speller->failed)
        return false;
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

/* K&R declarations say nothing about parameters. */
static bool is_usable(Dwarf_Die *die)
{
    return dwarf_hasattr_integrate(die, DW_AT_prototyped) || dwarf_haschildren(die) > 0;
}

static void read_function(const struct reader *reader, struct mk_gen_wanted *wanted, Dwarf_Die *die)
{
    struct speller named = {wanted, reader->arena, false, false};
    struct speller plain = {wanted, reader->arena, true, false};
    bool has_names = has_param_names(die);

    note_header(reader, wanted, die);
    if (dwarf_hasattr_integrate(die, DW_AT_noreturn))
        wanted->noreturn = true;
    if (!is_usable(die) || (wanted->found && (wanted->has_names || !has_names)))
        return;
    if (!read_proto(&named, &wanted->proto, die) || !read_proto(&plain, &wanted->plain, die))
        return;
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

static void read_unit(const struct reader *reader, Dwarf_Die *unit)
{
    Dwarf_Die die;

    for (int more = dwarf_child(unit, &die); more == 0; more = dwarf_siblingof(&die, &die)) {
        if (dwarf_tag(&die) != DW_TAG_subprogram)
            continue;
        struct mk_gen_wanted *wanted = find_wanted(reader, dwarf_diename(&die));
        if (wanted)
            read_function(reader, wanted, &die);
    }
}

/* Objects are relocated by libdwfl; each member of an archive is a module of its own. */
static int read_module(Dwfl_Module *module, void **unused, const char *name, Dwarf_Addr start,
                       void *data)
{
    const struct reader *reader = data;
    Dwarf_Addr bias;
    Dwarf *dwarf = dwfl_module_getdwarf(module, &bias);
    Dwarf_CU *unit = NULL;
    Dwarf_Die die;

    (void)unused, (void)name, (void)start;
    for (unsigned i = 0; dwarf && i < MAX_UNITS; i++) {
        if (dwarf_get_units(dwarf, unit, &unit, NULL, NULL, &die, NULL) != 0)
            break;
        read_unit(reader, &die);
    }
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

bool mk_gen_dwarf_read(struct mk_gen_wanted *wanted, unsigned count, const char *path,
                       struct pf_arena *arena, struct pf_err *err)
{
    static const Dwfl_Callbacks callbacks = {.find_debuginfo = find_no_file,
                                             .section_address = dwfl_offline_section_address};
    struct reader reader = {wanted, count, pf_arena_text(arena, path, strlen(path)), arena};
    Dwfl *dwfl = dwfl_begin(&callbacks);

    if (!dwfl)
        return pf_err_set(err, PF_ERR_SYSTEM, "%s: %s", path, dwfl_errmsg(-1));
    dwfl_report_begin(dwfl);
    Dwfl_Module *module = dwfl_report_offline(dwfl, "", path, -1);
    (void)dwfl_report_end(dwfl, NULL, NULL);
    if (module)
        (void)dwfl_getmodules(dwfl, read_module, &reader, 0);
    dwfl_end(dwfl);
    return true;
}

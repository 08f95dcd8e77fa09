/* SPDX-License-Identifier: MIT */
#include "mocks/generator/gen_spell.h"

#include <dwarf.h>
#include <stdio.h>
#include <string.h>

#include "profiler/base/buf.h"

enum { MAX_TYPE_DEPTH = 16, MAX_TYPE_BYTES = 1024 };

static void spell(struct mk_gen_speller *speller, struct pf_buf *out, Dwarf_Die *die, int depth);

static bool type_of(Dwarf_Die *die, Dwarf_Die *out)
{
    Dwarf_Attribute attr;
    return dwarf_attr_integrate(die, DW_AT_type, &attr) && dwarf_formref_die(&attr, out);
}

static void spell_type_of(struct mk_gen_speller *speller, struct pf_buf *out, Dwarf_Die *die,
                          int depth)
{
    Dwarf_Die type;

    if (depth > MAX_TYPE_DEPTH || out->size > MAX_TYPE_BYTES)
        speller->why = "a type of it is too deep to be spelled";
    else if (type_of(die, &type))
        spell(speller, out, &type, depth + 1);
    else
        pf_buf_put_str(out, "void");
}

static void spell_function(struct mk_gen_speller *speller, struct pf_buf *out, Dwarf_Die *die,
                           int depth)
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

static void need_forward(struct mk_gen_speller *speller, const char *text)
{
    struct mk_gen_wanted *wanted = speller->wanted;

    if (!speller->plain)
        return;
    for (unsigned i = 0; i < wanted->forward_count; i++)
        if (strcmp(wanted->forward[i], text) == 0)
            return;
    if (wanted->forward_count == MK_GEN_MAX_FORWARD)
        speller->why = "it names too many structures";
    else
        wanted->forward[wanted->forward_count++] =
            pf_arena_text(speller->arena, text, strlen(text));
}

static void spell_record(struct mk_gen_speller *speller, struct pf_buf *out, Dwarf_Die *die)
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

static void spell_enum(struct mk_gen_speller *speller, struct pf_buf *out, Dwarf_Die *die,
                       int depth)
{
    const char *name = dwarf_diename(die);

    if (name && !speller->plain)
        pf_buf_printf(out, "enum %s", name);
    else if (dwarf_hasattr(die, DW_AT_type))
        spell_type_of(speller, out, die, depth);
    else
        pf_buf_put_str(out, "unsigned int");
}

static void spell_typedef(struct mk_gen_speller *speller, struct pf_buf *out, Dwarf_Die *die,
                          int depth)
{
    const char *name = dwarf_diename(die);

    if (name && (!speller->plain || strcmp(name, "va_list") == 0))
        pf_buf_put_str(out, name);
    else
        spell_type_of(speller, out, die, depth);
}

static void spell_pointer(struct mk_gen_speller *speller, struct pf_buf *out, Dwarf_Die *die,
                          int depth)
{
    spell_type_of(speller, out, die, depth);
    bool star = out->size && out->at[out->size - 1] == '*';
    pf_buf_put_str(out, star ? "*" : " *");
}

static void spell_qualified(struct mk_gen_speller *speller, struct pf_buf *out, Dwarf_Die *die,
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

static Dwarf_Word encoding_of(Dwarf_Die *die)
{
    Dwarf_Attribute attr;
    Dwarf_Word encoding = 0;

    return dwarf_attr(die, DW_AT_encoding, &attr) && dwarf_formudata(&attr, &encoding) == 0
               ? encoding
               : 0;
}

/* Compilers name complex numbers in their own ways. */
static void spell_base(struct pf_buf *out, Dwarf_Die *die)
{
    int size = dwarf_bytesize(die);

    if (encoding_of(die) == DW_ATE_complex_float)
        pf_buf_put_str(out, size == 8    ? "_Complex float"
                            : size == 16 ? "_Complex double"
                                         : "_Complex long double");
    else
        pf_buf_put_str(out, dwarf_diename(die) ? dwarf_diename(die) : "int");
}

static bool is_vector(Dwarf_Die *die)
{
    return dwarf_hasattr(die, DW_AT_GNU_vector);
}

static void spell(struct mk_gen_speller *speller, struct pf_buf *out, Dwarf_Die *die, int depth)
{
    switch (dwarf_tag(die)) {
    case DW_TAG_base_type:
        spell_base(out, die);
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
        if (is_vector(die))
            speller->why = "it passes a vector";
        spell_type_of(speller, out, die, depth);
        pf_buf_put_str(out, " *");
        break;
    default:
        speller->why = "it has a type that C cannot spell";
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
    Dwarf_Word encoding = encoding_of(die);
    bool is_wide = dwarf_bytesize(die) > 8;

    if (encoding == DW_ATE_complex_float || is_wide)
        return MK_GEN_BLOB;
    return encoding == DW_ATE_float ? MK_GEN_NUM : MK_GEN_INT;
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
static const char *keep(const struct mk_gen_speller *speller, const char *name,
                        const char *otherwise)
{
    const char *text = name ? name : otherwise;
    return pf_arena_text(speller->arena, text, strlen(text));
}

/* A record by value whose only name is a typedef cannot be spelled without its header. */
static void note_unnamed(struct mk_gen_speller *speller, Dwarf_Die *type, enum mk_gen_class class)
{
    Dwarf_Die peeled;

    if (speller->plain && class == MK_GEN_BLOB && peel(type, &peeled)
        && (dwarf_tag(&peeled) == DW_TAG_structure_type || dwarf_tag(&peeled) == DW_TAG_union_type))
        speller->wanted->unnamed = keep(speller, dwarf_diename(type), "a structure");
}

const char *mk_gen_spell_pointee(struct mk_gen_speller *speller, Dwarf_Die *die, unsigned *size)
{
    Dwarf_Die type, pointer, target, peeled;
    struct pf_buf text = {0};

    if (!type_of(die, &type) || !peel(&type, &pointer) || dwarf_tag(&pointer) != DW_TAG_pointer_type
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

void mk_gen_spell_type(struct mk_gen_speller *speller, Dwarf_Die *die, const char **spelled,
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

/* SPDX-License-Identifier: MIT */
#include "mocks/generator/gen_proto.h"

#include <ctype.h>
#include <string.h>

static struct pf_bytes trim(struct pf_bytes text)
{
    const char *at = text.at;
    size_t size = text.size;

    while (size && isspace((unsigned char)*at))
        at++, size--;
    while (size && isspace((unsigned char)at[size - 1]))
        size--;
    return (struct pf_bytes){at, size};
}

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

static bool has_word(const char *text, const char *word)
{
    size_t size = strlen(word);

    for (const char *at = strstr(text, word); at; at = strstr(at + 1, word))
        if ((at == text || !is_word(at[-1])) && !is_word(at[size]))
            return true;
    return false;
}

enum mk_gen_class mk_gen_type_class(const char *type)
{
    /* Typedefs of pointers that hide their star. */
    static const char *const pointers[] = {"__sighandler_t", "sighandler_t", "timer_t", NULL};
    /* Typedefs of structures that the catalogue passes or returns by value. */
    static const char *const blobs[] = {"div_t", "ldiv_t", "mqd_struct", NULL};

    if (has_word(type, "va_list"))
        return MK_GEN_VA_LIST;
    if (strchr(type, '*'))
        return MK_GEN_PTR;
    for (unsigned i = 0; pointers[i]; i++)
        if (has_word(type, pointers[i]))
            return MK_GEN_PTR;
    for (unsigned i = 0; blobs[i]; i++)
        if (has_word(type, blobs[i]))
            return MK_GEN_BLOB;
    if (has_word(type, "struct") || has_word(type, "union"))
        return MK_GEN_BLOB;
    if (has_word(type, "double") || has_word(type, "float"))
        return has_word(type, "long") ? MK_GEN_BLOB : MK_GEN_NUM;
    return strcmp(type, "void") == 0 ? MK_GEN_VOID : MK_GEN_INT;
}

bool mk_gen_param_parse(struct mk_gen_param *out, struct pf_bytes text, struct pf_arena *arena,
                        struct pf_err *err)
{
    struct pf_bytes whole = trim(text);
    const char *at = whole.at;
    size_t name = whole.size;

    while (name && is_word(at[name - 1]))
        name--;
    struct pf_bytes type = trim((struct pf_bytes){at, name});
    if (name == whole.size || type.size == 0)
        return pf_err_set(err, PF_ERR_FORMAT, "'%.*s' is not a type and a name", (int)whole.size,
                          at);
    *out = (struct mk_gen_param){
        .type = pf_arena_text(arena, type.at, type.size),
        .name = pf_arena_text(arena, at + name, whole.size - name),
    };
    out->class = mk_gen_type_class(out->type);
    return true;
}

/* The end of the parameter that begins at text: a comma outside parentheses, or the end. */
static size_t param_end(struct pf_bytes text)
{
    const char *at = text.at;
    int depth = 0;

    for (size_t i = 0; i < text.size; i++) {
        depth += at[i] == '(';
        depth -= at[i] == ')';
        if (at[i] == ',' && depth == 0)
            return i;
    }
    return text.size;
}

static bool add_param(struct mk_gen_proto *proto, struct pf_bytes text, struct pf_arena *arena,
                      struct pf_err *err)
{
    struct pf_bytes one = trim(text);

    if (one.size == 3 && memcmp(one.at, "...", 3) == 0) {
        proto->variadic = true;
        return true;
    }
    if (proto->param_count == MK_GEN_MAX_PARAMS)
        return pf_err_set(err, PF_ERR_LIMIT, "%s: more than %d parameters", proto->name,
                          MK_GEN_MAX_PARAMS);
    return mk_gen_param_parse(&proto->params[proto->param_count++], one, arena, err);
}

static bool parse_params(struct mk_gen_proto *proto, struct pf_bytes text, struct pf_arena *arena,
                         struct pf_err *err)
{
    struct pf_bytes left = trim(text);

    if (left.size == 4 && memcmp(left.at, "void", 4) == 0)
        return true;
    while (left.size) {
        size_t end = param_end(left);
        if (!add_param(proto, (struct pf_bytes){left.at, end}, arena, err))
            return false;
        if (end + 1 == left.size)
            return pf_err_set(err, PF_ERR_FORMAT, "%s: a comma without a parameter behind it",
                              proto->name);
        size_t skip = end < left.size ? end + 1 : end;
        left = (struct pf_bytes){(const char *)left.at + skip, left.size - skip};
    }
    return true;
}

bool mk_gen_proto_parse(struct mk_gen_proto *out, struct pf_bytes text, struct pf_arena *arena,
                        struct pf_err *err)
{
    struct pf_bytes whole = trim(text);
    const char *at = whole.at;
    const char *open = whole.size ? memchr(at, '(', whole.size) : NULL;
    struct mk_gen_param head = {0};

    if (!open || at[whole.size - 1] != ')')
        return pf_err_set(err, PF_ERR_FORMAT, "'%.*s' is not a prototype", (int)whole.size, at);
    if (!mk_gen_param_parse(&head, (struct pf_bytes){at, (size_t)(open - at)}, arena, err))
        return false;

    struct mk_gen_proto proto = {.name = head.name, .ret_type = head.type, .ret_class = head.class};
    size_t inside = whole.size - (size_t)(open - at) - 2;
    if (!parse_params(&proto, (struct pf_bytes){open + 1, inside}, arena, err))
        return false;
    *out = proto;
    return true;
}

int mk_gen_param_find(const struct mk_gen_proto *proto, const char *name)
{
    for (unsigned i = 0; i < proto->param_count; i++)
        if (strcmp(proto->params[i].name, name) == 0)
            return (int)i;
    return -1;
}

/* SPDX-License-Identifier: MIT */
#include "mocks/generator/gen_header_names.h"

#include <ctype.h>
#include <string.h>

#include "profiler/base/file.h"

enum { MAX_DECLARATION_BYTES = 4096 };

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* Words that are part of a type, never a name. */
static bool is_type_word(const char *at, size_t size)
{
    static const char *const words[] = {"int",      "char",     "long",     "short", "unsigned",
                                        "signed",   "float",    "double",   "void",  "const",
                                        "volatile", "restrict", "struct",   "union", "enum",
                                        "_Bool",    "bool",     "register", NULL};

    for (unsigned i = 0; words[i]; i++)
        if (strlen(words[i]) == size && memcmp(words[i], at, size) == 0)
            return true;
    return false;
}

/* Does anything in [at, at + size) name a type, so that what follows can be a name? */
static bool has_type(const char *at, size_t size)
{
    static const char *const qualifiers[] = {"const", "volatile", "register", "struct",
                                             "union", "enum",     NULL};
    for (size_t i = 0; i < size;) {
        size_t word = 0;
        bool qualifies = false;
        while (i + word < size && is_word(at[i + word]))
            word++;
        for (unsigned q = 0; word && qualifiers[q]; q++)
            qualifies = qualifies
                        || (strlen(qualifiers[q]) == word && !memcmp(qualifiers[q], at + i, word));
        if (word && !qualifies)
            return true;
        i += word ? word : 1;
    }
    return false;
}

/* "const char *name" or "int name[4]"; empty if it has no name or is too odd to say. */
static struct pf_bytes name_of(struct pf_bytes param)
{
    const char *at = param.at;
    const char *bracket = param.size ? memchr(at, '[', param.size) : NULL;
    size_t end = bracket ? (size_t)(bracket - at) : param.size;

    while (end && isspace((unsigned char)at[end - 1]))
        end--;
    size_t start = end;
    while (start && is_word(at[start - 1]))
        start--;
    if (start == end || isdigit((unsigned char)at[start]) || memchr(at, '(', param.size)
        || is_type_word(at + start, end - start) || !has_type(at, start))
        return (struct pf_bytes){0};
    return (struct pf_bytes){at + start, end - start};
}

static struct pf_bytes from_line(struct pf_bytes text, unsigned line)
{
    struct pf_cursor cursor = pf_cursor_view(text);
    struct pf_bytes skipped;

    for (unsigned i = 1; i < line; i++)
        if (!pf_cursor_line(&cursor, &skipped))
            return (struct pf_bytes){0};
    return pf_cursor_bytes(&cursor, pf_cursor_left(&cursor));
}

/* What stands between the parentheses behind the function's name. */
static struct pf_bytes parameters(struct pf_bytes text, const char *name)
{
    size_t size = text.size < MAX_DECLARATION_BYTES ? text.size : MAX_DECLARATION_BYTES;
    const char *at = text.at, *end = at + size;
    const char *found = size ? memmem(at, size, name, strlen(name)) : NULL;
    int depth = 0;

    if (!found)
        return (struct pf_bytes){0};
    for (found += strlen(name); found < end && isspace((unsigned char)*found);)
        found++;
    if (found == end || *found != '(')
        return (struct pf_bytes){0};
    for (const char *close = found; close < end; close++) {
        depth += *close == '(';
        depth -= *close == ')';
        if (depth == 0)
            return (struct pf_bytes){found + 1, (size_t)(close - found) - 1};
        if (*close == ';' || *close == '{')
            break;
    }
    return (struct pf_bytes){0};
}

bool mk_gen_names_from_text(struct mk_gen_proto *proto, struct pf_bytes text, unsigned line,
                            struct pf_arena *arena)
{
    struct pf_bytes left = parameters(from_line(text, line), proto->name);
    struct pf_bytes names[MK_GEN_MAX_PARAMS];
    unsigned count = 0;

    while (left.size && count < proto->param_count) {
        const char *comma = memchr(left.at, ',', left.size);
        size_t size = comma ? (size_t)(comma - (const char *)left.at) : left.size;
        names[count] = name_of((struct pf_bytes){left.at, size});
        if (!names[count++].size)
            return false;
        size += comma != NULL;
        left = (struct pf_bytes){(const char *)left.at + size, left.size - size};
    }
    if (count != proto->param_count || (left.size != 0) != proto->variadic)
        return false;
    for (unsigned i = 0; i < count; i++)
        proto->params[i].name = pf_arena_text(arena, names[i].at, names[i].size);
    return true;
}

bool mk_gen_names_from_header(struct mk_gen_proto *proto, const char *path, unsigned line,
                              struct pf_arena *arena)
{
    struct pf_file file = {0};
    struct pf_err ignored;

    if (!pf_file_open(&file, path, &ignored))
        return false;
    bool ok = mk_gen_names_from_text(proto, pf_file_view(&file), line, arena);
    pf_file_close(&file);
    return ok;
}

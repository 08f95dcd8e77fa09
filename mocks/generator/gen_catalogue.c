/* SPDX-License-Identifier: MIT */
#include "mocks/generator/gen_catalogue.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_ENTRIES = 4096 };

/* What is being read: a line at a time, properties belong to the last "fn". */
struct reader {
    struct mk_gen_catalogue *catalogue;
    struct mk_gen_entry *entry; /* NULL before the first fn */
    const char *headers[MK_GEN_MAX_HEADERS];
    unsigned header_count;
};

void mk_gen_catalogue_fini(struct mk_gen_catalogue *catalogue)
{
    free(catalogue->entries);
    pf_arena_fini(&catalogue->arena);
    *catalogue = (struct mk_gen_catalogue){0};
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* The next word of line, which is advanced past it and the blanks behind. */
static struct pf_bytes take_word(struct pf_bytes *line)
{
    const char *at = line->at;
    size_t start = 0, end;

    while (start < line->size && is_blank(at[start]))
        start++;
    for (end = start; end < line->size && !is_blank(at[end]);)
        end++;
    struct pf_bytes word = {at + start, end - start};
    while (end < line->size && is_blank(at[end]))
        end++;
    *line = (struct pf_bytes){at + end, line->size - end};
    return word;
}

static char *take_text(struct reader *reader, struct pf_bytes *line)
{
    struct pf_bytes word = take_word(line);
    return pf_arena_text(&reader->catalogue->arena, word.at, word.size);
}

static bool read_include(struct reader *reader, struct pf_bytes *rest, struct pf_err *err)
{
    reader->header_count = 0;
    while (rest->size) {
        if (reader->header_count == MK_GEN_MAX_HEADERS)
            return pf_err_set(err, PF_ERR_LIMIT, "more than %d headers", MK_GEN_MAX_HEADERS);
        reader->headers[reader->header_count++] = take_text(reader, rest);
    }
    reader->entry = NULL;
    return true;
}

static bool read_fn(struct reader *reader, struct pf_bytes *rest, struct pf_err *err)
{
    struct mk_gen_catalogue *catalogue = reader->catalogue;
    struct mk_gen_entry entry = {.header_count = reader->header_count};

    memcpy(entry.headers, reader->headers, sizeof entry.headers);
    if (!mk_gen_proto_parse(&entry.proto, *rest, &catalogue->arena, err))
        return false;
    if (mk_gen_catalogue_find(catalogue, entry.proto.name))
        return pf_err_set(err, PF_ERR_FORMAT, "%s: listed twice", entry.proto.name);
    if (catalogue->count == MAX_ENTRIES)
        return pf_err_set(err, PF_ERR_LIMIT, "more than %d functions", MAX_ENTRIES);
    for (unsigned i = 0; i < entry.proto.param_count; i++)
        if (strcmp(entry.proto.params[i].type, "const char *") == 0)
            entry.proto.params[i].role = MK_GEN_STRING;
    catalogue->entries = pf_mem_resize(catalogue->entries, catalogue->count + 1, sizeof entry);
    catalogue->entries[catalogue->count] = entry;
    reader->entry = &catalogue->entries[catalogue->count++];
    return true;
}

static bool read_fails(struct reader *reader, struct pf_bytes *rest, struct pf_err *err)
{
    struct mk_gen_entry *entry = reader->entry;

    entry->fail_value = take_text(reader, rest);
    entry->failure =
        strcmp(entry->fail_value, "number") == 0 ? MK_GEN_FAILS_RETURN : MK_GEN_FAILS_ERRNO;
    while (rest->size) {
        if (entry->errno_count == MK_GEN_MAX_ERRNOS)
            return pf_err_set(err, PF_ERR_LIMIT, "more than %d errnos", MK_GEN_MAX_ERRNOS);
        entry->errnos[entry->errno_count++] = take_text(reader, rest);
    }
    return true;
}

static struct mk_gen_param *take_param(struct reader *reader, struct pf_bytes *rest,
                                       struct pf_err *err)
{
    const char *name = take_text(reader, rest);
    int index = mk_gen_param_find(&reader->entry->proto, name);

    if (index >= 0)
        return &reader->entry->proto.params[index];
    (void)pf_err_set(err, PF_ERR_FORMAT, "%s has no parameter '%s'", reader->entry->proto.name,
                     name);
    return NULL;
}

/* "void *" counts bytes, anything else counts items of what it points to. */
static void set_element(struct reader *reader, struct mk_gen_param *param)
{
    const char *type = strncmp(param->type, "const ", 6) == 0 ? param->type + 6 : param->type;
    size_t size = strcspn(type, "*");

    while (size && is_blank(type[size - 1]))
        size--;
    const char *name = pf_arena_text(&reader->catalogue->arena, type, size);
    if (strcmp(name, "void") != 0 && strcmp(name, "char") != 0)
        param->element = name;
}

static bool check_param(struct reader *reader, const char *name, struct pf_err *err)
{
    return mk_gen_param_find(&reader->entry->proto, name) >= 0
           || pf_err_set(err, PF_ERR_FORMAT, "%s has no parameter '%s'", reader->entry->proto.name,
                         name);
}

/* "len", "*len", "nmemb*size": a count of bytes or items, a pointer to it, items of another
 * parameter's size. */
static bool set_length(struct reader *reader, struct mk_gen_param *param, char *length,
                       struct pf_err *err)
{
    char *star = strchr(length, '*');

    param->length_is_object = star == length;
    param->length = length + param->length_is_object;
    if (star && star != length) {
        *star = '\0';
        param->item_size = star + 1;
        if (!check_param(reader, param->item_size, err))
            return false;
    } else if (!param->length_is_object) {
        set_element(reader, param);
    }
    return check_param(reader, param->length, err);
}

/* reads BUF [LEN] / fills BUF [LEN] [returns|returned] */
static bool read_buffer(struct reader *reader, struct pf_bytes *rest, enum mk_gen_role role,
                        struct pf_err *err)
{
    struct mk_gen_param *param = take_param(reader, rest, err);
    if (!param)
        return false;

    param->role = role;
    for (bool has_length = false; rest->size;) {
        char *word = take_text(reader, rest);
        if (strcmp(word, "returns") == 0 && has_length)
            param->fills_return = true;
        else if (strcmp(word, "returned") == 0)
            param->returned = true;
        else if (has_length)
            return pf_err_set(err, PF_ERR_FORMAT, "expected 'returns' or 'returned', not '%s'",
                              word);
        else if (!set_length(reader, param, word, err))
            return false;
        has_length = true;
    }
    return true;
}

static bool read_reads(struct reader *reader, struct pf_bytes *rest, struct pf_err *err)
{
    return read_buffer(reader, rest, MK_GEN_READS, err);
}

static bool read_fills(struct reader *reader, struct pf_bytes *rest, struct pf_err *err)
{
    return read_buffer(reader, rest, MK_GEN_FILLS, err);
}

/* "pipefd[2]": two of them. */
static unsigned take_count(char *name)
{
    char *bracket = strchr(name, '[');

    if (bracket)
        *bracket = '\0';
    return bracket ? (unsigned)strtoul(bracket + 1, NULL, 10) : 0;
}

static bool read_stored(struct reader *reader, char *name, struct pf_err *err)
{
    unsigned count = take_count(name);

    if (!check_param(reader, name, err))
        return false;
    struct mk_gen_proto *proto = &reader->entry->proto;
    struct mk_gen_param *param = &proto->params[mk_gen_param_find(proto, name)];
    const char *star = strrchr(param->type, '*');
    size_t size = star ? (size_t)(star - param->type) : 0;
    if (!star)
        return pf_err_set(err, PF_ERR_FORMAT, "'%s' is not a pointer", name);
    param->role = MK_GEN_STORES;
    param->pointee = pf_arena_text(&reader->catalogue->arena, param->type, size);
    param->pointee_count = count;
    return true;
}

/* stores PARAM... [returned]: the last one is what the function returns. */
static bool read_stores(struct reader *reader, struct pf_bytes *rest, struct pf_err *err)
{
    struct mk_gen_proto *proto = &reader->entry->proto;
    int last = -1;

    while (rest->size) {
        char *name = take_text(reader, rest);
        if (last >= 0 && strcmp(name, "returned") == 0)
            proto->params[last].returned = true;
        else if (!read_stored(reader, name, err))
            return false;
        last = mk_gen_param_find(proto, name);
    }
    return true;
}

static bool read_alias(struct reader *reader, struct pf_bytes *rest, struct pf_err *err)
{
    struct mk_gen_entry *entry = reader->entry;

    if (entry->alias_count == MK_GEN_MAX_ALIASES)
        return pf_err_set(err, PF_ERR_LIMIT, "more than %d aliases", MK_GEN_MAX_ALIASES);
    return mk_gen_proto_parse(&entry->aliases[entry->alias_count++], *rest,
                              &reader->catalogue->arena, err);
}

/* alias of the same parameters under other names */
static bool read_also(struct reader *reader, struct pf_bytes *rest, struct pf_err *err)
{
    struct mk_gen_entry *entry = reader->entry;

    while (rest->size) {
        if (entry->alias_count == MK_GEN_MAX_ALIASES)
            return pf_err_set(err, PF_ERR_LIMIT, "more than %d aliases", MK_GEN_MAX_ALIASES);
        struct mk_gen_proto *alias = &entry->aliases[entry->alias_count++];
        *alias = entry->proto;
        alias->name = take_text(reader, rest);
    }
    return true;
}

/* vararg TYPE NAME [when CONDITION] */
static bool read_vararg(struct reader *reader, struct pf_bytes *rest, struct pf_err *err)
{
    static const char word[] = " when ";
    struct mk_gen_proto *proto = &reader->entry->proto;
    const char *when = memmem(rest->at, rest->size, word, sizeof word - 1);
    size_t size = when ? (size_t)(when - (const char *)rest->at) : rest->size;

    if (!proto->variadic || proto->param_count == MK_GEN_MAX_PARAMS)
        return pf_err_set(err, PF_ERR_FORMAT, "%s takes no variable argument", proto->name);
    struct mk_gen_param *param = &proto->params[proto->param_count];
    if (!mk_gen_param_parse(param, (struct pf_bytes){rest->at, size}, &reader->catalogue->arena,
                            err))
        return false;
    param->optional = true;
    if (when)
        param->when = pf_arena_text(&reader->catalogue->arena, when + sizeof word - 1,
                                    rest->size - size - (sizeof word - 1));
    proto->param_count++;
    return true;
}

static char *rest_text(struct reader *reader, struct pf_bytes *rest)
{
    return pf_arena_text(&reader->catalogue->arena, rest->at, rest->size);
}

static bool read_through(struct reader *reader, struct pf_bytes *rest, struct pf_err *err)
{
    (void)err;
    reader->entry->through = rest_text(reader, rest);
    return true;
}

static bool read_refuse(struct reader *reader, struct pf_bytes *rest, struct pf_err *err)
{
    (void)err;
    reader->entry->refused = rest_text(reader, rest);
    return true;
}

static bool read_becomes(struct reader *reader, struct pf_bytes *rest, struct pf_err *err)
{
    (void)err;
    reader->entry->becomes = rest_text(reader, rest);
    return true;
}

static bool read_optimised(struct reader *reader, struct pf_bytes *rest, struct pf_err *err)
{
    reader->entry->if_optimised = true;
    return read_becomes(reader, rest, err);
}

static bool read_blocks(struct reader *reader, struct pf_bytes *rest, struct pf_err *err)
{
    (void)rest, (void)err;
    reader->entry->blocks = true;
    return true;
}

static bool read_noreturn(struct reader *reader, struct pf_bytes *rest, struct pf_err *err)
{
    (void)rest, (void)err;
    reader->entry->noreturn = true;
    return true;
}

static bool read_clock(struct reader *reader, struct pf_bytes *rest, struct pf_err *err)
{
    reader->entry->clock = true;
    if (!rest->size)
        return true;
    const char *word = take_text(reader, rest);
    reader->entry->clock_beside = strcmp(word, "beside") == 0;
    if (reader->entry->clock_beside)
        return true;
    if (strcmp(word, "with") != 0 || !rest->size)
        return pf_err_set(err, PF_ERR_FORMAT, "expected 'with FUNCTION' after 'clock'");
    reader->entry->clock_with = pf_arena_text(&reader->catalogue->arena, rest->at, rest->size);
    rest->size = 0;
    return true;
}

static const struct {
    const char *word;
    bool (*read)(struct reader *reader, struct pf_bytes *rest, struct pf_err *err);
    bool of_fn;
} keywords[] = {
    {"include", read_include, false},    {"fn", read_fn, false},
    {"fails", read_fails, true},         {"reads", read_reads, true},
    {"fills", read_fills, true},         {"stores", read_stores, true},
    {"alias", read_alias, true},         {"also", read_also, true},
    {"vararg", read_vararg, true},       {"through", read_through, true},
    {"refuse", read_refuse, true},       {"becomes", read_becomes, true},
    {"optimised", read_optimised, true}, {"blocks", read_blocks, true},
    {"noreturn", read_noreturn, true},   {"clock", read_clock, true},
};

static bool read_line(struct reader *reader, struct pf_bytes line, struct pf_err *err)
{
    struct pf_bytes word = take_word(&line);

    while (line.size && is_blank(((const char *)line.at)[line.size - 1]))
        line.size--;
    if (word.size == 0 || *(const char *)word.at == '#')
        return true;
    for (unsigned i = 0; i < sizeof keywords / sizeof *keywords; i++) {
        if (strlen(keywords[i].word) != word.size
            || memcmp(keywords[i].word, word.at, word.size) != 0)
            continue;
        if (keywords[i].of_fn && !reader->entry)
            return pf_err_set(err, PF_ERR_FORMAT, "'%s' before any fn", keywords[i].word);
        return keywords[i].read(reader, &line, err);
    }
    return pf_err_set(err, PF_ERR_FORMAT, "unknown word '%.*s'", (int)word.size,
                      (const char *)word.at);
}

bool mk_gen_catalogue_parse(struct mk_gen_catalogue *catalogue, struct pf_bytes text,
                            const char *file, struct pf_err *err)
{
    struct reader reader = {.catalogue = catalogue};
    struct pf_cursor cursor = pf_cursor_view(text);
    struct pf_bytes line;

    for (unsigned number = 1; pf_cursor_line(&cursor, &line); number++)
        if (!read_line(&reader, line, err))
            return pf_err_prepend(err, "%s:%u", file, number);
    return true;
}

static bool has_name(const struct mk_gen_entry *entry, const char *name)
{
    if (strcmp(entry->proto.name, name) == 0)
        return true;
    for (unsigned i = 0; i < entry->alias_count; i++)
        if (strcmp(entry->aliases[i].name, name) == 0)
            return true;
    return false;
}

const struct mk_gen_entry *mk_gen_catalogue_find(const struct mk_gen_catalogue *catalogue,
                                                 const char *name)
{
    for (unsigned i = 0; i < catalogue->count; i++)
        if (has_name(&catalogue->entries[i], name))
            return &catalogue->entries[i];
    return NULL;
}

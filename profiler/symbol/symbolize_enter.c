/*
 * Which name is shown, of all that were found for an address.
 *
 * DWARF's name of a function, unless the symbol table knows a plainer alias for the same entry
 * point (DWARF says __libc_read where everybody says read).
 *
 * SPDX-License-Identifier: MIT
 */
#include <elf.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "profiler/symbol/demangle.h"
#include "profiler/symbol/symbolize_priv.h"

enum { LINES_MAX = 64 };

static bool is_mangled(const char *symbol)
{
    return symbol && symbol[0] == '_' && (symbol[1] == 'Z' || symbol[1] == 'R');
}

/* Less what compilers append to the names of a function's parts and special versions, and linkers
 * to those of symbol versions ("@@GLIBC_2.34"). */
static size_t plain_size(const char *name)
{
    static const char *const suffixes[] = {".constprop.", ".isra.", ".part.",  ".cold",
                                           ".lto_priv.",  ".llvm.", ".clone.", ".localalias"};
    size_t size = name[0] ? 1 + strcspn(name + 1, "@") : 0;

    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        const char *found = strstr(name, suffixes[i]);
        if (found && found != name && (size_t)(found - name) < size)
            size = (size_t)(found - name);
    }
    return size;
}

/* name NULL: as symbol, plain. */
static uint32_t enter_function(struct pf_profile *profile, const char *symbol, const char *name,
                               const char *file, uint32_t start_line)
{
    char demangled[PF_DEMANGLED_MAX];
    struct pf_function function = {.start_line = start_line};

    if (pf_demangle(symbol, demangled, sizeof demangled))
        name = demangled;
    function.name = name ? pf_profile_string(profile, name)
                         : pf_profile_string_n(profile, symbol, plain_size(symbol));
    function.system_name = pf_profile_string(profile, symbol);
    function.file = pf_profile_string(profile, file ? file : "");
    return pf_profile_function(profile, &function);
}

/* The symbol-table name of a function's entry point, if it is plainer than DWARF's. */
static const char *plainer_alias(const struct pf_query *query, const struct pf_name_frame *frame)
{
    const struct pf_symbol *symbol = &query->symbol;

    if (frame->depth != 0 || !symbol->name || symbol->value != frame->entry
        || symbol->bind == STB_LOCAL /* "foo.constprop.0" */)
        return NULL;
    if (!frame->name || pf_symbol_strangeness(symbol->name) < pf_symbol_strangeness(frame->name))
        return symbol->name;
    /* "__libc_start_main" for "__libc_start_main_impl" */
    size_t size = plain_size(symbol->name);
    bool is_stem = size < strlen(frame->name) && strncmp(frame->name, symbol->name, size) == 0;
    return is_stem ? symbol->name : NULL;
}

/* The mangled name: DWARF leaves it out where only this object can call the function. */
static const char *mangled_name(const struct pf_query *query, const struct pf_name_frame *frame)
{
    if (is_mangled(frame->linkage))
        return frame->linkage;
    if (frame->depth == 0 && is_mangled(query->symbol.name) && query->symbol.value == frame->entry)
        return query->symbol.name;
    return NULL;
}

static uint32_t enter_frame(struct pf_profile *profile, const struct pf_query *query,
                            const struct pf_name_frame *frame, const char *file)
{
    const char *symbol = mangled_name(query, frame);
    const char *alias = symbol ? NULL : plainer_alias(query, frame);
    const char *name = alias ? NULL : frame->name;

    if (!symbol)
        symbol = alias ? alias : name;
    if (!symbol)
        symbol = query->symbol.name && frame->depth == 0 ? query->symbol.name : "?";
    return enter_function(profile, symbol, name, file ? file : frame->decl_file, frame->start_line);
}

/* A compiler that splits a function in two inlines one half into the other: to a reader, one. */
static bool is_half_of(const struct pf_name_frame *frame, const struct pf_name_frame *outer)
{
    return outer && frame->name && outer->name && strcmp(frame->name, outer->name) == 0
           && frame->start_line == outer->start_line;
}

/* Innermost first. Returns how many. */
static uint32_t enter_frames(struct pf_profile *profile, const struct pf_query *query,
                             struct pf_line *lines)
{
    const char *file = query->file;
    uint32_t line = query->line;
    uint32_t count = 0;

    for (const struct pf_name_frame *frame = query->frame; frame; frame = frame->outer) {
        if (is_half_of(frame, frame->outer))
            continue;
        /* Too deep: the outermost, the real function, takes the last place. */
        uint32_t at = count < LINES_MAX ? count : LINES_MAX - 1;
        lines[at].function = enter_frame(profile, query, frame, file);
        lines[at].line = line;
        count = at + 1;
        file = frame->call_file;
        line = frame->call_line;
    }
    return count;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash && slash[1] ? slash + 1 : path;
}

static uint32_t enter_plain(struct pf_profile *profile, const struct pf_query *query,
                            const struct pf_code_ranges *code, const char *object, bool *named)
{
    const struct pf_symbol *symbol = code                 ? pf_symtab_choice(query, code)
                                     : query->symbol.name ? &query->symbol
                                                          : NULL;
    char text[PF_MANGLED_MAX + 8];

    *named = true;
    if (query->plt) {
        char demangled[PF_MANGLED_MAX];
        bool mangled = pf_demangle(query->plt, demangled, sizeof demangled);
        (void)snprintf(text, sizeof text, "%.*s@plt", PF_MANGLED_MAX,
                       mangled ? demangled : query->plt);
        return enter_function(profile, text, text, NULL, 0);
    }
    if (symbol) { /* JIT compilers' names stand as they are */
        bool is_jit = !code && symbol->type == STT_NOTYPE;
        return enter_function(profile, symbol->name, is_jit ? symbol->name : NULL, query->file, 0);
    }
    *named = false;
    (void)snprintf(text, sizeof text, "%.*s+0x%" PRIx64, 512, base_name(object),
                   query->frame_start ? query->frame_start : query->file_addr);
    return enter_function(profile, text, text, NULL, 0);
}

void pf_symbolize_enter(struct pf_profile *profile, const struct pf_queries *queries,
                        const struct pf_code_ranges *code, const char *object,
                        struct pf_entered *entered)
{
    for (size_t i = 0; i < queries->count; i++) {
        const struct pf_query *query = &queries->at[i];
        struct pf_line lines[LINES_MAX];
        uint32_t count = enter_frames(profile, query, lines);
        bool named = count > 0;

        if (count == 0) {
            lines[0].function = enter_plain(profile, query, code, object, &named);
            lines[0].line = query->file ? query->line : 0;
            count = 1;
        }
        pf_profile_set_lines(profile, query->location, lines, count);
        entered->named += named;
        entered->with_lines += lines[0].line != 0;
        entered->with_inlines += count > 1;
    }
}

/* SPDX-License-Identifier: MIT */
#include "profiler/symbol/demangle.h"

#include <libiberty/demangle.h>
#include <setjmp.h>
#include <string.h>

struct text {
    char at[PF_DEMANGLED_MAX];
    size_t size;
    jmp_buf too_long;
};

/* The demangler cannot be told to stop, and holds nothing but its stack frame: leave it by a jump.
 */
static void append(const char *piece, size_t size, void *to)
{
    struct text *text = to;

    if (size == 0)
        return; /* with NULL for piece, from Rust names without an identifier */
    if (size >= sizeof text->at - text->size)
        longjmp(text->too_long, 1);
    memcpy(text->at + text->size, piece, size);
    text->size += size;
}

static bool demangle(const char *symbol, struct text *text)
{
    if (setjmp(text->too_long) != 0)
        return false;
    /* Legacy Rust looks like C++, so Rust is asked first. */
    if (rust_demangle_callback(symbol, DMGL_ANSI, append, text))
        return text->size > 0;
    text->size = 0;
    return cplus_demangle_v3_callback(symbol, DMGL_ANSI, append, text) && text->size > 0;
}

bool pf_demangle(const char *symbol, char *out, size_t size)
{
    struct text text;

    if (symbol[0] != '_' || (symbol[1] != 'Z' && symbol[1] != 'R')
        || strnlen(symbol, PF_MANGLED_MAX) == PF_MANGLED_MAX)
        return false;
    text.size = 0;
    if (!demangle(symbol, &text) || text.size >= size)
        return false;
    memcpy(out, text.at, text.size);
    out[text.size] = '\0';
    return true;
}

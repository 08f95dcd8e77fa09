/* SPDX-License-Identifier: MIT */
#include "mocks/generator/gen_field_names.h"

#include <stdio.h>
#include <string.h>

bool mk_gen_is_reserved(const char *name)
{
    static const char *const reserved[] = {
        "err",    "times",  "nth",    "after", "percent",  "optional", "thread",
        "caller", "ret",    "call",   "seq",   "was_real", "assay_",   "errno",
        "stdin",  "stdout", "stderr", "asm",   "typeof",   "linux",    "unix",
        "bool",   "true",   "false",  "NULL",  "I",        "complex",  NULL};

    for (unsigned i = 0; reserved[i]; i++)
        if (strcmp(reserved[i], name) == 0)
            return true;
    return strncmp(name, "mk_", 3) == 0 && name[strlen(name) - 1] != '_';
}

static bool ends_as(const char *name, const char *base, const char *suffix)
{
    size_t size = strlen(base);
    return strncmp(name, base, size) == 0 && strcmp(name + size, suffix) == 0;
}

/* Would name be a field that belongs to the parameter other? */
static bool is_field_of(const char *name, const char *other)
{
    return strcmp(name, other) == 0 || ends_as(name, other, "_bytes")
           || ends_as(name, "out_", other) || ends_as(name, "with_", other);
}

static bool is_taken(const struct mk_gen_proto *proto, unsigned param, const char *name)
{
    for (unsigned i = 0; i < proto->param_count; i++)
        if (i != param && is_field_of(name, proto->params[i].name))
            return true;
    return mk_gen_is_reserved(name);
}

void mk_gen_name_params(struct mk_gen_proto *proto, struct pf_arena *arena)
{
    for (unsigned i = 0; i < proto->param_count; i++) {
        char name[256];
        int size = snprintf(name, sizeof name, "%s", proto->params[i].name);
        bool changed = false;

        while (is_taken(proto, i, name) && size >= 0 && (size_t)size < sizeof name - 1) {
            name[size++] = '_';
            name[size] = '\0';
            changed = true;
        }
        if (changed)
            proto->params[i].name = pf_arena_text(arena, name, (size_t)size);
    }
}

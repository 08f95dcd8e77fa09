/* SPDX-License-Identifier: MIT */
#include "mocks/generator/gen_seam.h"

#include <stdio.h>
#include <string.h>

/* What lets every call of a function of the project's own be seen. */
#define FOR_A_LIBRARY                                                                              \
    "assay_wrap_inside(LIBRARY) builds a library for it; without CMake: "                          \
    "-fpatchable-function-entry=16 -O0, by gcc -fno-ipa-stack-alignment"

static const struct mk_gen_symbol *symbol_of(const struct mk_gen_case *of)
{
    return mk_gen_symbols_find(of->symbols, of->wanted->name);
}

static const char *remedy(const struct mk_gen_case *of)
{
    return of->inside ? "its file has no room for the jump that INSIDE needs (" FOR_A_LIBRARY ")"
                      : "list it behind INSIDE in assay_wrap() (" FOR_A_LIBRARY ")";
}

/* Compilers replace some calls by others: printf("x\n") by puts("x"). */
static const char *called_instead(const struct mk_gen_case *of)
{
    char words[128], *save = NULL;

    if (!of->entry || !of->entry->becomes || of->entry->if_optimised)
        return NULL;
    (void)snprintf(words, sizeof words, "%s", of->entry->becomes);
    for (char *word = strtok_r(words, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
        const struct mk_gen_symbol *symbol = mk_gen_symbols_find(of->symbols, word);
        if (symbol && (symbol->flags & MK_GEN_CALLED))
            return symbol->name;
    }
    return NULL;
}

bool mk_gen_seam_refuse(const struct mk_gen_case *of, struct pf_err *err)
{
    const struct mk_gen_symbol *symbol = symbol_of(of);
    const char *name = of->wanted->name, *instead = called_instead(of);

    if (symbol && (symbol->flags & (MK_GEN_DEFINED | MK_GEN_STATIC)))
        return pf_err_set(err, PF_ERR_UNSUPPORTED,
                          "%s: %s %s, so its calls do not reach the linker: %s", name,
                          symbol->flags & MK_GEN_STATIC ? "static in" : "defined in",
                          symbol->defined_in, remedy(of));
    if (instead)
        return pf_err_set(err, PF_ERR_NOT_FOUND,
                          "%s: the compiler made calls of %s of it: build the code under test "
                          "with -fno-builtin-%s (fortified: -fno-builtin-__%s_chk too), or wrap %s",
                          name, instead, name, name, instead);
    return pf_err_set(err, PF_ERR_NOT_FOUND,
                      "%s: none of the %u objects calls it (nm -u shows what they call; a function "
                      "that was inlined is gone): a mock of it would do nothing",
                      name, of->object_count);
}

static bool is_seen_by_linker(const struct mk_gen_case *of, unsigned flags)
{
    return (flags & MK_GEN_CALLED)
           && !((flags & MK_GEN_DEFINED)
                && ((flags & MK_GEN_CALLED_AT_HOME) || of->wanted->inlined_in));
}

static bool check_linker(const struct mk_gen_case *of, struct pf_err *err)
{
    const struct mk_gen_symbol *symbol = symbol_of(of);
    const char *name = of->wanted->name, *inlined_in = of->wanted->inlined_in;
    unsigned flags = symbol ? symbol->flags : 0;

    if (is_seen_by_linker(of, flags))
        return true;
    if (!(flags & MK_GEN_CALLED))
        return mk_gen_seam_refuse(of, err);
    if (inlined_in && !(flags & MK_GEN_CALLED_AT_HOME))
        return pf_err_set(err, PF_ERR_UNSUPPORTED,
                          "%s: %s, which defines it, has it inlined in %s, and that copy cannot be "
                          "faked: %s",
                          name, symbol->defined_in, inlined_in, remedy(of));
    return pf_err_set(err, PF_ERR_UNSUPPORTED,
                      "%s: %s, which defines it, calls it as well (or keeps its address), and "
                      "those calls do not reach the linker: %s",
                      name, symbol->defined_in, remedy(of));
}

/* Its callers must not have seen into it. */
static bool check_patch(const struct mk_gen_case *of, const struct mk_gen_symbol *symbol,
                        struct pf_err *err)
{
    const struct mk_gen_wanted *wanted = of->wanted;

    if (symbol->definitions > 1)
        return pf_err_set(err, PF_ERR_UNSUPPORTED,
                          "%s: %u objects define a function of this name (one is %s): which of "
                          "them is meant cannot be said",
                          wanted->name, symbol->definitions, symbol->defined_in);
    if (!wanted->defined_in)
        return pf_err_set(err, PF_ERR_NOT_FOUND,
                          "%s: no debug information in %s tells how it was built: build it with -g",
                          wanted->name, symbol->defined_in);
    if (wanted->lacks)
        return pf_err_set(err, PF_ERR_UNSUPPORTED,
                          "%s: %s was built without %s, so its callers rely on what the compiler "
                          "saw in it: " FOR_A_LIBRARY,
                          wanted->name, symbol->defined_in, wanted->lacks);
    return !wanted->inlined_in
           || pf_err_set(err, PF_ERR_UNSUPPORTED,
                         "%s: inlined in %s in spite of -fno-inline: take always_inline off",
                         wanted->name, wanted->inlined_in);
}

bool mk_gen_seam_choose(enum mk_gen_seam *out, const struct mk_gen_case *of, struct pf_err *err)
{
    const struct mk_gen_symbol *symbol = symbol_of(of);
    unsigned flags = symbol ? symbol->flags : 0;
    bool is_defined = flags & (MK_GEN_DEFINED | MK_GEN_STATIC);
    struct pf_err ignored = {0};

    *out = MK_GEN_SEAM_WRAP;
    if (!is_defined || !(flags & MK_GEN_PATCHABLE))
        return check_linker(of, err);
    if (!of->inside && !check_patch(of, symbol, &ignored) && is_seen_by_linker(of, flags))
        return true;
    *out = MK_GEN_SEAM_PATCH;
    return check_patch(of, symbol, err);
}

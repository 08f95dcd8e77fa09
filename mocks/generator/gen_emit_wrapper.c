/*
 * One wrapper: straight on while nobody watches, else what the runtime decides.
 *
 * Its own names begin with mk_: a parameter may be called ret, call or args.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>

#include "mocks/generator/gen_emit.h"

/* One argument as the runtime's value, in the order of the function's own parameters. */
static void put_arg(struct pf_buf *out, const struct mk_gen_param *param)
{
    switch (param->class) {
    case MK_GEN_INT:
        pf_buf_printf(out, "{.i = (int64_t)%s}", param->name);
        break;
    case MK_GEN_PTR:
        pf_buf_printf(out, "{.p = (const volatile void *)%s}", param->name);
        break;
    case MK_GEN_NUM:
        pf_buf_printf(out, "{.d = %s}", param->name);
        break;
    case MK_GEN_BLOB:
        pf_buf_printf(out, "{.p = &%s}", param->name);
        break;
    default:
        pf_buf_put_str(out, "{0}");
        break;
    }
}

static bool is_passed(const struct mk_gen_proto *link, const struct mk_gen_param *param)
{
    return param->optional ? link->variadic : mk_gen_param_find(link, param->name) >= 0;
}

static void put_args(struct pf_buf *out, const struct mk_gen_entry *entry,
                     const struct mk_gen_proto *link)
{
    for (unsigned i = 0; i < entry->proto.param_count; i++) {
        const struct mk_gen_param *param = &entry->proto.params[i];
        pf_buf_put_str(out, i ? ", " : "");
        if (is_passed(link, param))
            put_arg(out, param);
        else
            pf_buf_put_str(out, "{0}");
    }
}

static void put_altered(struct pf_buf *out, const struct mk_gen_entry *entry,
                        const struct mk_gen_proto *link)
{
    pf_buf_put_str(out, "        if (mk_call.altered) {\n");
    for (unsigned i = 0; i < entry->proto.param_count; i++) {
        const struct mk_gen_param *param = &entry->proto.params[i];
        if (!is_passed(link, param) || !mk_gen_has_with(param))
            continue;
        const char *from = param->class == MK_GEN_PTR   ? "(uintptr_t)mk_call.args[%u].p"
                           : param->class == MK_GEN_NUM ? "mk_call.args[%u].d"
                                                        : "mk_call.args[%u].i";
        /* A parameter may hide the type it is named after. */
        pf_buf_printf(out, "            %s = (__typeof__(%s))", param->name, param->name);
        pf_buf_printf(out, from, i);
        pf_buf_put_str(out, ";\n");
    }
    pf_buf_put_str(out, "        }\n");
}

/* The names of link's parameters, and of the variable arguments it was given. */
static void put_names(struct pf_buf *out, const struct mk_gen_entry *entry,
                      const struct mk_gen_proto *link)
{
    unsigned shown = 0;

    for (unsigned i = 0; i < link->param_count; i++)
        if (!link->params[i].optional)
            pf_buf_printf(out, "%s%s", shown++ ? ", " : "", link->params[i].name);
    for (unsigned i = 0; i < entry->proto.param_count; i++)
        if (entry->proto.params[i].optional && link->variadic)
            pf_buf_printf(out, "%s%s", shown++ ? ", " : "", entry->proto.params[i].name);
}

/* The function's own parameters, those an alias lacks as zero: what a fake is called with. */
static void put_fake_names(struct pf_buf *out, const struct mk_gen_entry *entry,
                           const struct mk_gen_proto *link)
{
    unsigned shown = 0;

    for (unsigned i = 0; i < entry->proto.param_count; i++) {
        const struct mk_gen_param *param = &entry->proto.params[i];
        pf_buf_printf(out, "%s%s", shown++ ? ", " : "", is_passed(link, param) ? param->name : "0");
    }
    if (entry->through)
        pf_buf_put_str(out, shown ? ", mk_ap" : "mk_ap");
}

static const char *last_named(const struct mk_gen_proto *link)
{
    const char *name = "";

    for (unsigned i = 0; i < link->param_count; i++)
        if (!link->params[i].optional)
            name = link->params[i].name;
    return name;
}

static void put_varargs(struct pf_buf *out, const struct mk_gen_entry *entry,
                        const struct mk_gen_proto *link)
{
    if (!link->variadic)
        return;
    pf_buf_printf(out, "    va_list mk_ap;\n    va_start(mk_ap, %s);\n", last_named(link));
    for (unsigned i = 0; i < entry->proto.param_count; i++) {
        const struct mk_gen_param *param = &entry->proto.params[i];
        if (!param->optional)
            continue;
        pf_buf_printf(out, "    %s %s = (%s)0;\n", param->type, param->name, param->type);
        if (param->when)
            pf_buf_printf(out, "    if (%s)\n    ", param->when);
        pf_buf_printf(out, "    %s = va_arg(mk_ap, %s);\n", param->name, param->type);
    }
    if (!entry->through)
        pf_buf_put_str(out, "    va_end(mk_ap);\n");
}

const char *mk_gen_wrap_prefix(const struct mk_gen_fn *fn)
{
    return fn->seam == MK_GEN_SEAM_PATCH ? "mk_patched_" : "__wrap_";
}

const char *mk_gen_real_prefix(const struct mk_gen_fn *fn)
{
    return fn->seam == MK_GEN_SEAM_PATCH ? "mk_real_" : "__real_";
}

static void put_real(struct pf_buf *out, const struct mk_gen_fn *fn,
                     const struct mk_gen_proto *link)
{
    const struct mk_gen_entry *entry = &fn->entry;

    if (entry->through) {
        pf_buf_printf(out, "%s(", entry->through);
        put_fake_names(out, entry, link);
    } else {
        if (entry->clock) {
            pf_buf_printf(out, "mk_clock_is_faked ? mk_fake_%s(", entry->proto.name);
            put_fake_names(out, entry, link);
            pf_buf_put_str(out, ") : ");
        }
        pf_buf_printf(out, "%s%s(", mk_gen_real_prefix(fn), link->name);
        put_names(out, entry, link);
    }
    pf_buf_put_str(out, ")");
}

static void put_idle(struct pf_buf *out, const struct mk_gen_fn *fn,
                     const struct mk_gen_proto *link)
{
    const struct mk_gen_entry *entry = &fn->entry;
    bool has_ret = link->ret_class != MK_GEN_VOID;

    pf_buf_printf(out, "    if (MK_IDLE(mk_fn_%s)) {\n        ", entry->proto.name);
    if (has_ret)
        pf_buf_put_str(out, entry->through ? "mk_ret = " : "return ");
    if (entry->through) {
        put_real(out, fn, link);
        pf_buf_printf(out, ";\n        va_end(mk_ap);\n        return%s", has_ret ? " mk_ret" : "");
    } else {
        pf_buf_printf(out, "%s%s(", mk_gen_real_prefix(fn), link->name);
        put_names(out, entry, link);
        pf_buf_printf(out, ")%s", has_ret || entry->noreturn ? "" : ";\n        return");
    }
    pf_buf_put_str(out, ";\n    }\n");
}

static void put_cases(struct pf_buf *out, const struct mk_gen_fn *fn,
                      const struct mk_gen_proto *link)
{
    const struct mk_gen_entry *entry = &fn->entry;
    const char *take = link->ret_class == MK_GEN_VOID ? "" : "mk_ret = ";

    pf_buf_put_str(out, "    switch (mk_call_begin(&mk_call)) {\n    case MK_DO_REAL:\n");
    put_altered(out, entry, link);
    pf_buf_printf(out, "        %s", take);
    put_real(out, fn, link);
    pf_buf_printf(out,
                  ";\n        break;\n    case MK_DO_CALL:\n        %s((__typeof__(((struct "
                  "assay_rule_%s *)0)->call))mk_call.instead)(",
                  take, entry->proto.name);
    put_fake_names(out, entry, link);
    pf_buf_put_str(out, ");\n        break;\n    case MK_DO_ANSWER:\n");
    if (*take)
        pf_buf_put_str(out, "        __builtin_memcpy(&mk_ret, mk_call.ret, sizeof mk_ret);\n");
    pf_buf_put_str(out, "        break;\n    }\n");
}

static void put_signature(struct pf_buf *out, const char *name, const struct mk_gen_fn *fn,
                          const struct mk_gen_proto *link)
{
    pf_buf_printf(out, "%s__typeof__(%s) %s(", fn->entry.noreturn ? "_Noreturn " : "",
                  link->ret_type, name);
    mk_gen_params(out, link, false);
    pf_buf_put_str(out, ")");
}

void mk_gen_emit_declarations(struct pf_buf *out, const struct mk_gen_fn *fn,
                              const struct mk_gen_proto *link, bool called)
{
    char real[256], wrap[256];

    (void)snprintf(wrap, sizeof wrap, "%s%s", mk_gen_wrap_prefix(fn), link->name);
    if (fn->seam == MK_GEN_SEAM_PATCH) {
        (void)snprintf(real, sizeof real, "(*%s%s)", mk_gen_real_prefix(fn), link->name);
        pf_buf_printf(out, "static __typeof__(%s) %s(", link->ret_type, real);
        mk_gen_params(out, link, false);
        pf_buf_put_str(out, mk_gen_is_handed_on(fn) ? ");\n" : ");\nstatic ");
    } else {
        (void)snprintf(real, sizeof real, "%s%s", mk_gen_real_prefix(fn), link->name);
        pf_buf_put_str(out, called ? "" : "__attribute__((weak)) ");
        put_signature(out, real, fn, link);
        pf_buf_put_str(out, ";\n");
    }
    put_signature(out, wrap, fn, link);
    pf_buf_put_str(out, ";\n");
}

void mk_gen_emit_wrapper(struct pf_buf *out, const struct mk_gen_fn *fn,
                         const struct mk_gen_proto *link)
{
    const struct mk_gen_entry *entry = &fn->entry;
    bool has_ret = link->ret_class != MK_GEN_VOID;
    char wrap[256];

    (void)snprintf(wrap, sizeof wrap, "%s%s", mk_gen_wrap_prefix(fn), link->name);
    pf_buf_put_str(out, fn->seam == MK_GEN_SEAM_PATCH ? "static " : "");
    put_signature(out, wrap, fn, link);
    pf_buf_put_str(out, "\n{\n");
    if (has_ret)
        pf_buf_printf(out, "    __typeof__(%s) mk_ret;\n", link->ret_type);
    put_varargs(out, entry, link);
    put_idle(out, fn, link);
    pf_buf_printf(out, "    struct mk_call mk_call;\n    MK_CALL_INIT(mk_call, mk_fn_%s);\n",
                  entry->proto.name);
    if (entry->proto.param_count) {
        pf_buf_printf(out, "    const union mk_value mk_args[] = {");
        put_args(out, entry, link);
        pf_buf_put_str(out, "};\n    __builtin_memcpy(mk_call.args, mk_args, sizeof mk_args);\n");
    }
    put_cases(out, fn, link);
    if (entry->through)
        pf_buf_put_str(out, "    va_end(mk_ap);\n");
    if (entry->noreturn)
        pf_buf_put_str(out, "    mk_call_cannot_return(&mk_call);\n}\n\n");
    else
        pf_buf_printf(out, "    mk_call_end(&mk_call, %s);\n%s}\n\n", has_ret ? "&mk_ret" : "NULL",
                      has_ret ? "    return mk_ret;\n" : "");
}

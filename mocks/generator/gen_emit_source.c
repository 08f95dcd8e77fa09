/*
 * wraps.c: the wrappers and the tables the runtime reads.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <string.h>

#include "mocks/generator/gen_emit.h"

static const char *class_text(enum mk_gen_class class)
{
    switch (class) {
    case MK_GEN_PTR:
        return "MK_PTR";
    case MK_GEN_NUM:
        return "MK_NUM";
    case MK_GEN_BLOB:
    case MK_GEN_VA_LIST:
        return "MK_BLOB";
    default:
        return "MK_VOID";
    }
}

static void put_class(struct pf_buf *out, const char *type, enum mk_gen_class class)
{
    if (class == MK_GEN_INT)
        pf_buf_printf(out, "MK_CLASS_OF(%s)", type);
    else
        pf_buf_put_str(out, class_text(class));
}

static void put_offset(struct pf_buf *out, const char *field, const char *structure,
                       const struct mk_gen_proto *proto, const struct mk_gen_param *param,
                       const char *prefix_suffix[2])
{
    pf_buf_printf(out, ", .%s = offsetof(struct assay_%s_%s, %s", field, structure, proto->name,
                  prefix_suffix[0]);
    mk_gen_field_name(out, param);
    pf_buf_printf(out, "%s)", prefix_suffix[1]);
}

/* Offsets of the fields a parameter has; MK_NO_FIELD for those it lacks. */
static void put_offsets(struct pf_buf *out, const struct mk_gen_proto *proto,
                        const struct mk_gen_param *param)
{
    const struct {
        bool has;
        const char *field, *structure, *affix[2];
    } fields[] = {
        {mk_gen_has_match(param), "match_at", "rule", {"", ""}},
        {mk_gen_has_with(param), "with_at", "rule", {"with_", ""}},
        {mk_gen_has_out(param), "out_at", "rule", {"out_", ""}},
        {param->class != MK_GEN_VA_LIST && param->class != MK_GEN_BLOB,
         "call_at",
         "call",
         {"", ""}},
        {mk_gen_has_bytes(param), "call_bytes_at", "call", {"", "_bytes"}},
    };

    for (unsigned i = 0; i < sizeof fields / sizeof *fields; i++) {
        const char *affix[2] = {fields[i].affix[0], fields[i].affix[1]};
        if (fields[i].has)
            put_offset(out, fields[i].field, fields[i].structure, proto, param, affix);
        else
            pf_buf_printf(out, ", .%s = MK_NO_FIELD", fields[i].field);
    }
}

static bool is_length(const struct mk_gen_proto *proto, const struct mk_gen_param *param)
{
    for (unsigned i = 0; i < proto->param_count; i++)
        if (proto->params[i].length && !proto->params[i].length_is_object
            && strcmp(proto->params[i].length, param->name) == 0)
            return true;
    return false;
}

static void put_param(struct pf_buf *out, const struct mk_gen_proto *proto,
                      const struct mk_gen_param *param)
{
    static const char *const roles[] = {"MK_PLAIN", "MK_STRING", "MK_READS", "MK_FILLS",
                                        "MK_STORES"};
    bool is_list = param->class == MK_GEN_VA_LIST;

    pf_buf_printf(out, "    {.name = \"%s\", .class = ", param->name);
    put_class(out, param->type, param->class);
    pf_buf_printf(out, ", .role = %s, .size = sizeof(%s), .length_param = %d", roles[param->role],
                  is_list ? "int" : param->type,
                  param->length ? mk_gen_param_find(proto, param->length) : -1);
    if (param->pointee && param->pointee_size)
        pf_buf_printf(out, ", .pointee_size = %u", param->pointee_size);
    else if (param->pointee)
        pf_buf_printf(out, ", .pointee_size = sizeof(%s)", param->pointee);
    if (param->element)
        pf_buf_printf(out, ", .element_size = sizeof(%s)", param->element);
    pf_buf_printf(out, ", .length_is_object = %d, .length_of_other = %d, .fills_return = %d",
                  param->length_is_object, is_length(proto, param), param->fills_return);
    pf_buf_printf(out, ", .out_is_bytes = %d", param->role == MK_GEN_FILLS);
    put_offsets(out, proto, param);
    pf_buf_put_str(out, "},\n");
}

static void put_params_table(struct pf_buf *out, const struct mk_gen_proto *proto)
{
    if (!proto->param_count)
        return;
    pf_buf_printf(out, "static const struct mk_param mk_params_%s[] = {\n", proto->name);
    for (unsigned i = 0; i < proto->param_count; i++)
        put_param(out, proto, &proto->params[i]);
    pf_buf_put_str(out, "};\n");
}

static void put_errnos(struct pf_buf *out, const struct mk_gen_entry *entry)
{
    if (!entry->errno_count)
        return;
    pf_buf_printf(out, "static const int mk_errnos_%s[] = {", entry->proto.name);
    for (unsigned i = 0; i < entry->errno_count; i++)
        pf_buf_printf(out, "%s, ", entry->errnos[i]);
    pf_buf_put_str(out, "0};\n");
}

static void put_failure(struct pf_buf *out, const struct mk_gen_entry *entry)
{
    static const char *const failures[] = {"MK_FAILS_NEVER", "MK_FAILS_ERRNO", "MK_FAILS_RETURN"};
    const char *as = entry->proto.ret_class == MK_GEN_PTR ? ".p = (const void *)" : ".i = ";

    pf_buf_printf(out, "    .failure = %s,\n", failures[entry->failure]);
    if (entry->failure == MK_GEN_FAILS_ERRNO && entry->proto.ret_class != MK_GEN_VOID)
        pf_buf_printf(out, "    .fail_value = {%s(%s)},\n", as, entry->fail_value);
    if (entry->errno_count)
        pf_buf_printf(out, "    .errnos = mk_errnos_%s,\n", entry->proto.name);
}

static void put_fn_table(struct pf_buf *out, const struct mk_gen_entry *entry)
{
    const struct mk_gen_proto *proto = &entry->proto;
    const char *name = proto->name;
    bool has_ret = proto->ret_class != MK_GEN_VOID;

    pf_buf_printf(out, "struct mk_fn mk_fn_%s = {\n    .name = \"%s\",\n", name, name);
    if (proto->param_count)
        pf_buf_printf(out, "    .params = mk_params_%s,\n", name);
    pf_buf_printf(out, "    .param_count = %u,\n    .rule_size = sizeof(struct assay_rule_%s),\n",
                  proto->param_count, name);
    pf_buf_printf(out, "    .rule_call_at = offsetof(struct assay_rule_%s, call),\n", name);
    pf_buf_printf(out, "    .call_size = sizeof(struct assay_call_%s),\n", name);
    if (has_ret) {
        pf_buf_printf(out,
                      "    .rule_ret_at = offsetof(struct assay_rule_%s, ret),\n"
                      "    .call_ret_at = offsetof(struct assay_call_%s, ret),\n"
                      "    .ret_size = sizeof(%s),\n    .ret_class = ",
                      name, name, proto->ret_type);
        put_class(out, proto->ret_type, proto->ret_class);
        pf_buf_put_str(out, ",\n");
    } else {
        pf_buf_put_str(out, "    .rule_ret_at = MK_NO_FIELD,\n    .call_ret_at = MK_NO_FIELD,\n");
    }
    put_failure(out, entry);
    pf_buf_printf(out, "    .links = mk_links_%s,\n", name);
    pf_buf_printf(out, "    .noreturn = %d,\n    .blocks = %d,\n    .clock = %d,\n};\n",
                  entry->noreturn, entry->blocks, entry->clock);
}

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
    pf_buf_put_str(out, "        if (call.altered) {\n");
    for (unsigned i = 0; i < entry->proto.param_count; i++) {
        const struct mk_gen_param *param = &entry->proto.params[i];
        if (!is_passed(link, param) || !mk_gen_has_with(param))
            continue;
        const char *from = param->class == MK_GEN_PTR   ? "(uintptr_t)call.args[%u].p"
                           : param->class == MK_GEN_NUM ? "call.args[%u].d"
                                                        : "call.args[%u].i";
        pf_buf_printf(out, "            %s = (%s)", param->name, param->type);
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

/* The names of the wrapper and of the real function behind it. */
static const char *wrap_prefix(const struct mk_gen_fn *fn)
{
    return fn->seam == MK_GEN_SEAM_PATCH ? "mk_patched_" : "__wrap_";
}

static const char *real_prefix(const struct mk_gen_fn *fn)
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
        pf_buf_printf(out, "%s%s(", real_prefix(fn), link->name);
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
        pf_buf_put_str(out, entry->through ? "ret = " : "return ");
    if (entry->through) {
        put_real(out, fn, link);
        pf_buf_printf(out, ";\n        va_end(mk_ap);\n        return%s", has_ret ? " ret" : "");
    } else {
        pf_buf_printf(out, "%s%s(", real_prefix(fn), link->name);
        put_names(out, entry, link);
        pf_buf_printf(out, ")%s", has_ret || entry->noreturn ? "" : ";\n        return");
    }
    pf_buf_put_str(out, ";\n    }\n");
}

static void put_cases(struct pf_buf *out, const struct mk_gen_fn *fn,
                      const struct mk_gen_proto *link)
{
    const struct mk_gen_entry *entry = &fn->entry;
    const char *take = link->ret_class == MK_GEN_VOID ? "" : "ret = ";

    pf_buf_put_str(out, "    switch (mk_call_begin(&call)) {\n    case MK_DO_REAL:\n");
    put_altered(out, entry, link);
    pf_buf_printf(out, "        %s", take);
    put_real(out, fn, link);
    pf_buf_printf(out,
                  ";\n        break;\n    case MK_DO_CALL:\n        %s((__typeof__(((struct "
                  "assay_rule_%s *)0)->call))call.instead)(",
                  take, entry->proto.name);
    put_fake_names(out, entry, link);
    pf_buf_put_str(out, ");\n        break;\n    case MK_DO_ANSWER:\n");
    if (*take)
        pf_buf_put_str(out, "        __builtin_memcpy(&ret, call.ret, sizeof ret);\n");
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

static void put_declarations(struct pf_buf *out, const struct mk_gen_fn *fn,
                             const struct mk_gen_proto *link)
{
    char real[256], wrap[256];

    (void)snprintf(wrap, sizeof wrap, "%s%s", wrap_prefix(fn), link->name);
    if (fn->seam == MK_GEN_SEAM_PATCH) {
        (void)snprintf(real, sizeof real, "(*%s%s)", real_prefix(fn), link->name);
        pf_buf_printf(out, "static __typeof__(%s) %s(", link->ret_type, real);
        mk_gen_params(out, link, false);
        pf_buf_put_str(out, mk_gen_is_handed_on(fn) ? ");\n" : ");\nstatic ");
    } else {
        (void)snprintf(real, sizeof real, "%s%s", real_prefix(fn), link->name);
        put_signature(out, real, fn, link);
        pf_buf_put_str(out, ";\n");
    }
    put_signature(out, wrap, fn, link);
    pf_buf_put_str(out, ";\n");
}

static void put_wrapper(struct pf_buf *out, const struct mk_gen_fn *fn,
                        const struct mk_gen_proto *link)
{
    const struct mk_gen_entry *entry = &fn->entry;
    bool has_ret = link->ret_class != MK_GEN_VOID;
    char wrap[256];

    (void)snprintf(wrap, sizeof wrap, "%s%s", wrap_prefix(fn), link->name);
    pf_buf_put_str(out, fn->seam == MK_GEN_SEAM_PATCH ? "static " : "");
    put_signature(out, wrap, fn, link);
    pf_buf_put_str(out, "\n{\n");
    if (has_ret)
        pf_buf_printf(out, "    __typeof__(%s) ret;\n", link->ret_type);
    put_varargs(out, entry, link);
    put_idle(out, fn, link);
    pf_buf_printf(out, "    struct mk_call call;\n    MK_CALL_INIT(call, mk_fn_%s);\n",
                  entry->proto.name);
    if (entry->proto.param_count) {
        pf_buf_printf(out, "    const union mk_value args[] = {");
        put_args(out, entry, link);
        pf_buf_put_str(out, "};\n    __builtin_memcpy(call.args, args, sizeof args);\n");
    }
    put_cases(out, fn, link);
    if (entry->through)
        pf_buf_put_str(out, "    va_end(mk_ap);\n");
    if (entry->noreturn)
        pf_buf_put_str(out, "    mk_call_cannot_return(&call);\n}\n\n");
    else
        pf_buf_printf(out, "    mk_call_end(&call, %s);\n%s}\n\n", has_ret ? "&ret" : "NULL",
                      has_ret ? "    return ret;\n" : "");
}

/* Where the runtime finds the wrappers, to put them before what the linker does not reach. */
static void put_links(struct pf_buf *out, const struct mk_gen_fn *fn)
{
    pf_buf_printf(out, "static const struct mk_link mk_links_%s[] = {\n", fn->entry.proto.name);
    for (unsigned i = 0; i < fn->link_count; i++) {
        const char *name = fn->links[i]->name;
        pf_buf_printf(out, "    {\"%s\", (void (*)(void))%s%s, ", name, wrap_prefix(fn), name);
        if (fn->seam == MK_GEN_SEAM_PATCH)
            pf_buf_printf(out, "(void (**)(void))&%s%s},\n", real_prefix(fn), name);
        else
            pf_buf_put_str(out, "NULL},\n");
    }
    pf_buf_put_str(out, "    {NULL, NULL, NULL},\n};\n");
}

static void put_handed_on(struct pf_buf *out, const struct mk_gen_fn *fn)
{
    char wrap[256], real[256];

    (void)snprintf(wrap, sizeof wrap, "%s%s", wrap_prefix(fn), fn->entry.proto.name);
    (void)snprintf(real, sizeof real, "%s%s", real_prefix(fn), fn->entry.proto.name);
    mk_gen_emit_handed_on(out, fn, wrap, real);
}

static void put_function(struct pf_buf *out, const struct mk_gen_fn *fn)
{
    pf_buf_printf(out, "\n/* %s */\n", fn->entry.proto.name);
    put_params_table(out, &fn->entry.proto);
    put_errnos(out, &fn->entry);
    for (unsigned i = 0; i < fn->link_count; i++)
        put_declarations(out, fn, fn->links[i]);
    put_links(out, fn);
    put_fn_table(out, &fn->entry);
    if (mk_gen_is_handed_on(fn))
        put_handed_on(out, fn);
    for (unsigned i = 0; !mk_gen_is_handed_on(fn) && i < fn->link_count; i++)
        put_wrapper(out, fn, fn->links[i]);
}

static void put_all_table(struct pf_buf *out, const struct mk_gen_plan *plan)
{
    pf_buf_put_str(out, "\nstruct mk_fn *const mk_wrapped_fns[] = {\n");
    for (unsigned i = 0; i < plan->count; i++)
        pf_buf_printf(out, "    &mk_fn_%s,\n", plan->functions[i].entry.proto.name);
    pf_buf_put_str(out, "    NULL,\n};\n");
}

static void put_callers(struct pf_buf *out, const struct mk_gen_request *request)
{
    pf_buf_put_str(out, "\nconst char *const mk_wrapped_callers[] = {");
    for (unsigned i = 0; i < request->caller_count; i++)
        pf_buf_printf(out, "\"%s\", ", request->callers[i]);
    pf_buf_put_str(out, "NULL};\n");
}

void mk_gen_emit_source(struct pf_buf *out, const struct mk_gen_plan *plan,
                        const struct mk_gen_request *request)
{
    pf_buf_put_str(out, "/* Made by assay wrap: the wrappers of one test program. Do not edit. */\n"
                        "#ifndef _GNU_SOURCE\n#define _GNU_SOURCE\n#endif\n"
                        "#undef _FORTIFY_SOURCE\n#undef _FILE_OFFSET_BITS\n"
                        "#pragma GCC diagnostic ignored \"-Wpragmas\"\n"
                        "#pragma GCC diagnostic ignored \"-Wunused-parameter\"\n"
                        "#pragma GCC diagnostic ignored \"-Wpedantic\"\n"
                        "#pragma GCC diagnostic ignored \"-Wconversion\"\n"
                        "#pragma GCC diagnostic ignored \"-Wsign-conversion\"\n"
                        "#pragma GCC diagnostic ignored \"-Wcast-qual\"\n"
                        "#pragma GCC diagnostic ignored \"-Wmissing-prototypes\"\n"
                        "#pragma GCC diagnostic ignored \"-Wformat-nonliteral\"\n"
                        "#pragma GCC diagnostic ignored \"-Wcast-function-type\"\n"
                        "#pragma GCC diagnostic ignored \"-Wdeprecated-declarations\"\n"
                        "#pragma GCC diagnostic ignored \"-Wignored-qualifiers\"\n"
                        "#include <errno.h>\n#include <stddef.h>\n\n#include \"assay/wraps.h\"\n"
                        "#include \"assay/clock_fakes.h\"\n");
    for (unsigned i = 0; i < plan->count; i++)
        put_function(out, &plan->functions[i]);
    put_all_table(out, plan);
    put_callers(out, request);
}

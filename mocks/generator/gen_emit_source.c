/*
 * wraps.c: the tables the runtime reads, and the wrappers (gen_emit_wrapper.c).
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

/* Of what a pointer leads to. Items whose size another parameter says count as items whatever it
 * is.
 */
static void put_sizes(struct pf_buf *out, const struct mk_gen_proto *proto,
                      const struct mk_gen_param *param)
{
    if (param->pointee && param->pointee_size)
        pf_buf_printf(out, ", .pointee_size = %u", param->pointee_size);
    else if (param->pointee)
        pf_buf_printf(out, ", .pointee_size = %u * sizeof(%s)",
                      param->pointee_count ? param->pointee_count : 1, param->pointee);
    if (param->item_size)
        pf_buf_printf(out, ", .element_size = 1, .element_param = %d",
                      mk_gen_param_find(proto, param->item_size) + 1);
    else if (param->element)
        pf_buf_printf(out, ", .element_size = sizeof(%s)", param->element);
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
    put_sizes(out, proto, param);
    pf_buf_printf(out, ", .length_is_object = %d, .length_of_other = %d", param->length_is_object,
                  is_length(proto, param));
    pf_buf_printf(out, ", .fills_return = %d, .returned = %d", param->fills_return,
                  param->returned);
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

/* Where the runtime finds the wrappers, to put them before what the linker does not reach. */
static void put_links(struct pf_buf *out, const struct mk_gen_fn *fn)
{
    pf_buf_printf(out, "static const struct mk_link mk_links_%s[] = {\n", fn->entry.proto.name);
    for (unsigned i = 0; i < fn->link_count; i++) {
        const char *name = fn->links[i]->name;
        pf_buf_printf(out, "    {\"%s\", (void (*)(void))%s%s, ", name, mk_gen_wrap_prefix(fn),
                      name);
        if (fn->seam == MK_GEN_SEAM_PATCH)
            pf_buf_printf(out, "(void (**)(void))&%s%s},\n", mk_gen_real_prefix(fn), name);
        else
            pf_buf_put_str(out, "NULL},\n");
    }
    pf_buf_put_str(out, "    {NULL, NULL, NULL},\n};\n");
}

static void put_handed_on(struct pf_buf *out, const struct mk_gen_fn *fn)
{
    char wrap[256], real[256];

    (void)snprintf(wrap, sizeof wrap, "%s%s", mk_gen_wrap_prefix(fn), fn->entry.proto.name);
    (void)snprintf(real, sizeof real, "%s%s", mk_gen_real_prefix(fn), fn->entry.proto.name);
    mk_gen_emit_handed_on(out, fn, wrap, real);
}

static void put_function(struct pf_buf *out, const struct mk_gen_fn *fn)
{
    pf_buf_printf(out, "\n/* %s */\n", fn->entry.proto.name);
    put_params_table(out, &fn->entry.proto);
    put_errnos(out, &fn->entry);
    for (unsigned i = 0; i < fn->link_count; i++)
        mk_gen_emit_declarations(out, fn, fn->links[i], i < fn->called_count);
    put_links(out, fn);
    put_fn_table(out, &fn->entry);
    if (mk_gen_is_handed_on(fn))
        put_handed_on(out, fn);
    for (unsigned i = 0; !mk_gen_is_handed_on(fn) && i < fn->link_count; i++)
        mk_gen_emit_wrapper(out, fn, fn->links[i]);
}

static void put_all_table(struct pf_buf *out, const struct mk_gen_plan *plan)
{
    pf_buf_put_str(out, "\nstruct mk_fn *const mk_wrapped_fns[] = {\n");
    for (unsigned i = 0; i < plan->count; i++)
        pf_buf_printf(out, "    &mk_fn_%s,\n", plan->functions[i].entry.proto.name);
    pf_buf_put_str(out, "    NULL,\n};\n");
}

/* The libraries, and the functions that nothing but a library calls. */
static void put_callers(struct pf_buf *out, const struct mk_gen_plan *plan,
                        const struct mk_gen_request *request)
{
    pf_buf_put_str(out, "\nconst char *const mk_wrapped_callers[] = {");
    for (unsigned i = 0; i < request->caller_count; i++)
        pf_buf_printf(out, "\"%s\", ", request->callers[i]);
    pf_buf_put_str(out, "NULL};\nextern struct mk_fn *const mk_wrapped_for_callers[];\n"
                        "struct mk_fn *const mk_wrapped_for_callers[] = {");
    for (unsigned i = 0; i < plan->count; i++)
        if (!plan->functions[i].called_count)
            pf_buf_printf(out, "&mk_fn_%s, ", plan->functions[i].entry.proto.name);
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
    put_callers(out, plan, request);
}

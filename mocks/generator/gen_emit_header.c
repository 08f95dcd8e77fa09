/*
 * wraps.h: what a test sees of a wrapped function.
 *
 * SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "mocks/generator/gen_emit.h"
#include "mocks/generator/gen_field_names.h"

void mk_gen_field_name(struct pf_buf *out, const struct mk_gen_param *param)
{
    pf_buf_put_str(out, param->name);
    if (mk_gen_is_reserved(param->name))
        pf_buf_put_str(out, "_");
}

void mk_gen_declare(struct pf_buf *out, const char *type, const char *name)
{
    bool star = type[0] && type[strlen(type) - 1] == '*';
    pf_buf_printf(out, star ? "%s%s" : "%s %s", type, name);
}

void mk_gen_params(struct pf_buf *out, const struct mk_gen_proto *proto, bool with_optional)
{
    unsigned shown = 0;

    for (unsigned i = 0; i < proto->param_count; i++) {
        const struct mk_gen_param *param = &proto->params[i];
        if (param->optional && !with_optional)
            continue;
        pf_buf_put_str(out, shown++ ? ", " : "");
        mk_gen_declare(out, param->type, param->name);
    }
    if (proto->variadic && !with_optional)
        pf_buf_put_str(out, shown++ ? ", ..." : "...");
    if (!shown)
        pf_buf_put_str(out, "void");
}

bool mk_gen_has_match(const struct mk_gen_param *param)
{
    return param->class != MK_GEN_VA_LIST;
}

bool mk_gen_has_with(const struct mk_gen_param *param)
{
    return param->class == MK_GEN_INT || param->class == MK_GEN_PTR || param->class == MK_GEN_NUM;
}

bool mk_gen_has_out(const struct mk_gen_param *param)
{
    return param->role == MK_GEN_FILLS || (param->role == MK_GEN_STORES && param->pointee);
}

bool mk_gen_has_bytes(const struct mk_gen_param *param)
{
    return param->role != MK_GEN_PLAIN;
}

static const char *match_type(const struct mk_gen_param *param)
{
    switch (param->class) {
    case MK_GEN_INT:
        return "struct assay_int_match ";
    case MK_GEN_NUM:
        return "struct assay_num_match ";
    default:
        return "struct assay_ptr_match ";
    }
}

static void put_out_field(struct pf_buf *out, const struct mk_gen_param *param)
{
    if (param->role == MK_GEN_FILLS)
        pf_buf_put_str(out, "    struct assay_bytes out_");
    else
        pf_buf_printf(out, "    __typeof__(%s) const *out_", param->pointee);
    mk_gen_field_name(out, param);
    pf_buf_put_str(out, ";\n");
}

static void put_param_fields(struct pf_buf *out, const struct mk_gen_param *param)
{
    if (mk_gen_has_match(param)) {
        pf_buf_printf(out, "    %s", match_type(param));
        mk_gen_field_name(out, param);
        pf_buf_put_str(out, ";\n");
    }
    if (mk_gen_has_out(param))
        put_out_field(out, param);
    if (mk_gen_has_with(param)) {
        pf_buf_put_str(out, "    __typeof__(");
        pf_buf_put_str(out, param->type);
        pf_buf_put_str(out, ") with_");
        mk_gen_field_name(out, param);
        pf_buf_put_str(out, ";\n");
    }
}

/* A fake of a variadic function gets the variable arguments as its va_list form would. */
static void put_call_field(struct pf_buf *out, const struct mk_gen_entry *entry)
{
    struct pf_buf params = {0};

    mk_gen_params(&params, &entry->proto, false);
    if (entry->through) {
        params.size -= 3;
        pf_buf_put_str(&params, "va_list ap");
    }
    pf_buf_printf(out, "    __typeof__(%s) (*call)(%s);\n", entry->proto.ret_type,
                  pf_buf_cstr(&params));
    pf_buf_fini(&params);
}

static void put_rule(struct pf_buf *out, const struct mk_gen_entry *entry)
{
    const struct mk_gen_proto *proto = &entry->proto;

    pf_buf_printf(out, "struct assay_rule_%s {\n    MK_RULE_COMMON;\n", proto->name);
    if (proto->ret_class != MK_GEN_VOID)
        pf_buf_printf(out, "    __typeof__(%s) ret;\n", proto->ret_type);
    put_call_field(out, entry);
    for (unsigned i = 0; i < proto->param_count; i++)
        put_param_fields(out, &proto->params[i]);
    pf_buf_put_str(out, "} MK_NAMED_ONLY;\n\n");
}

static void put_call(struct pf_buf *out, const struct mk_gen_proto *proto)
{
    pf_buf_printf(out, "struct assay_call_%s {\n    MK_CALL_COMMON;\n", proto->name);
    if (proto->ret_class != MK_GEN_VOID)
        pf_buf_printf(out, "    __typeof__(%s) ret;\n", proto->ret_type);
    for (unsigned i = 0; i < proto->param_count; i++) {
        const struct mk_gen_param *param = &proto->params[i];
        if (param->class == MK_GEN_VA_LIST || param->class == MK_GEN_BLOB)
            continue;
        pf_buf_printf(out, "    __typeof__(%s) ", param->type);
        mk_gen_field_name(out, param);
        pf_buf_put_str(out, ";\n");
        if (mk_gen_has_bytes(param)) {
            pf_buf_put_str(out, "    struct assay_bytes ");
            mk_gen_field_name(out, param);
            pf_buf_put_str(out, "_bytes;\n");
        }
    }
    pf_buf_put_str(out, "};\n\n");
}

static void put_verbs(struct pf_buf *out, const char *name)
{
    static const char *const verbs[][2] = {
        {"mock", "MK_MOCK"}, {"spy", "MK_SPY"}, {"fail", "MK_FAIL"}, {"expect", "MK_EXPECT"}};

    pf_buf_printf(out, "extern struct mk_fn mk_fn_%s;\n", name);
    for (unsigned i = 0; i < sizeof verbs / sizeof *verbs; i++)
        pf_buf_printf(out,
                      "#define %s_%s(...) MK_RULE_(mk_fn_%s, %s, struct assay_rule_%s, "
                      "__VA_ARGS__)\n",
                      verbs[i][0], name, name, verbs[i][1], name);
    pf_buf_printf(out,
                  "#define seq_%s(...) MK_RULES_(mk_fn_%s, MK_SEQ, struct assay_rule_%s, "
                  "__VA_ARGS__)\n",
                  name, name, name);
    pf_buf_printf(out, "#define %s_calls() mk_calls(&mk_fn_%s, __FILE__, __LINE__)\n", name, name);
    pf_buf_printf(out,
                  "#define %s_call(i) ((const struct assay_call_%s *)mk_call_view(&mk_fn_%s, (i), "
                  "__FILE__, __LINE__))\n\n",
                  name, name, name);
}

static void put_includes(struct pf_buf *out, const struct mk_gen_plan *plan,
                         const struct mk_gen_request *request)
{
    for (unsigned i = 0; i < request->header_count; i++) {
        const char *header = request->headers[i];
        pf_buf_printf(out, header[0] == '<' ? "#include %s\n" : "#include \"%s\"\n", header);
    }
    for (unsigned i = 0; i < plan->count; i++)
        for (unsigned h = 0; h < plan->functions[i].entry.header_count; h++)
            pf_buf_printf(out, "#include %s\n", plan->functions[i].entry.headers[h]);
    pf_buf_put_str(out, "\n");
    for (unsigned i = 0; i < plan->count; i++)
        for (unsigned f = 0; f < plan->functions[i].forward_count; f++)
            pf_buf_printf(out, "%s;\n", plan->functions[i].forward[f]);
}

void mk_gen_emit_header(struct pf_buf *out, const struct mk_gen_plan *plan,
                        const struct mk_gen_request *request)
{
    pf_buf_put_str(out, "/* Made by assay wrap: the wrapped functions of one test program. Do not "
                        "edit. */\n"
                        "#ifndef ASSAY_WRAPS_H\n#define ASSAY_WRAPS_H\n\n"
                        "#include <stdarg.h>\n#include \"assay/mock.h\"\n");
    put_includes(out, plan, request);
    for (unsigned i = 0; i < plan->count; i++) {
        const struct mk_gen_entry *entry = &plan->functions[i].entry;
        pf_buf_put_str(out, "\n");
        put_rule(out, entry);
        put_call(out, &entry->proto);
        put_verbs(out, entry->proto.name);
    }
    pf_buf_put_str(out, "#endif\n");
}

void mk_gen_emit_options(struct pf_buf *out, const struct mk_gen_plan *plan)
{
    /* Objects that carry both would else be compiled again while linking, past every --wrap. */
    if (plan->has_fat_lto)
        pf_buf_put_str(out, "-fno-lto\n");
    for (unsigned i = 0; i < plan->count; i++)
        for (unsigned l = 0;
             plan->functions[i].seam == MK_GEN_SEAM_WRAP && l < plan->functions[i].link_count; l++)
            pf_buf_printf(out, "-Wl,--wrap=%s\n", plan->functions[i].links[l]->name);
}

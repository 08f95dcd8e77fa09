/*
 * Wrappers of variadic functions whose arguments nobody knows: registers are kept and handed on.
 *
 * Named parameters are read from the registers they arrive in (System V psABI for x86-64, 3.2.3);
 * the rest is not touched. So rules, logs and fakes work, but the result of the real function is
 * not seen.
 *
 * SPDX-License-Identifier: MIT
 */
#include "mocks/generator/gen_emit.h"

enum { GP_REGISTERS = 6, XMM_REGISTERS = 8 };

bool mk_gen_is_handed_on(const struct mk_gen_fn *fn)
{
    return fn->entry.proto.variadic && !fn->from_catalogue;
}

bool mk_gen_can_hand_on(const struct mk_gen_proto *proto)
{
    unsigned gp = 0, xmm = 0;

    for (unsigned i = 0; i < proto->param_count; i++) {
        enum mk_gen_class class = proto->params[i].class;
        gp += class == MK_GEN_INT || class == MK_GEN_PTR;
        xmm += class == MK_GEN_NUM;
        if (class == MK_GEN_BLOB || class == MK_GEN_VA_LIST)
            return false;
    }
    return gp <= GP_REGISTERS && xmm <= XMM_REGISTERS && proto->ret_class != MK_GEN_BLOB;
}

/* "gp[1]" or "xmm[0][0]": where the parameter arrives. */
static void put_register(struct pf_buf *out, const struct mk_gen_proto *proto, unsigned param)
{
    bool is_num = proto->params[param].class == MK_GEN_NUM;
    unsigned before = 0;

    for (unsigned i = 0; i < param; i++)
        before += (proto->params[i].class == MK_GEN_NUM) == is_num;
    pf_buf_printf(out, is_num ? "r->xmm[%u][0]" : "r->gp[%u]", before);
}

static void put_args(struct pf_buf *out, const struct mk_gen_proto *proto)
{
    for (unsigned i = 0; i < proto->param_count; i++) {
        const struct mk_gen_param *param = &proto->params[i];
        pf_buf_printf(out, "    call.args[%u] = (union mk_value){", i);
        if (param->class == MK_GEN_PTR)
            pf_buf_put_str(out, ".p = (const volatile void *)(uintptr_t)");
        else if (param->class == MK_GEN_NUM)
            pf_buf_put_str(out, ".d = ");
        else
            pf_buf_printf(out, ".i = (int64_t)(%s)", param->type);
        put_register(out, proto, i);
        pf_buf_put_str(out, "};\n");
    }
}

static void put_altered(struct pf_buf *out, const struct mk_gen_proto *proto)
{
    for (unsigned i = 0; i < proto->param_count; i++) {
        pf_buf_put_str(out, "        ");
        put_register(out, proto, i);
        pf_buf_printf(out,
                      proto->params[i].class == MK_GEN_NUM ? " = call.args[%u].d;\n"
                                                           : " = call.args[%u].u;\n",
                      i);
    }
}

static void put_decide(struct pf_buf *out, const struct mk_gen_fn *fn)
{
    const struct mk_gen_proto *proto = &fn->entry.proto;
    const char *name = proto->name;
    bool has_ret = proto->ret_class != MK_GEN_VOID;

    pf_buf_printf(out,
                  "static void (*mk_decide_%s(struct mk_registers *r, const void *caller))(void)\n"
                  "{\n    struct mk_call call;\n    MK_CALL_INIT(call, mk_fn_%s);\n"
                  "    call.caller = caller;\n",
                  name, name);
    put_args(out, proto);
    pf_buf_put_str(out, "    enum mk_do what = mk_call_begin(&call);\n    if (call.altered) {\n");
    put_altered(out, proto);
    pf_buf_put_str(out, "    }\n");
    if (fn->entry.noreturn)
        pf_buf_put_str(out, "    if (what == MK_DO_ANSWER)\n"
                            "        mk_call_cannot_return(&call);\n");
    pf_buf_printf(out,
                  "    mk_call_end(&call, what == MK_DO_ANSWER ? %s : NULL);\n"
                  "    if (what != MK_DO_ANSWER)\n"
                  "        return what == MK_DO_CALL ? call.instead : *mk_variadic_%s.real;\n",
                  has_ret ? "call.ret" : "NULL", name);
    if (proto->ret_class == MK_GEN_NUM)
        pf_buf_printf(out, "    r->xmm[0][0] = *(%s *)call.ret;\n", proto->ret_type);
    else if (has_ret)
        pf_buf_printf(out, "    r->gp[0] = (uint64_t)*(%s *)call.ret;\n", proto->ret_type);
    pf_buf_put_str(out, "    return NULL;\n}\n\n");
}

/* The stub says which function it stands for and goes on in the runtime. */
static void put_stub(struct pf_buf *out, const char *wrapper, const char *name)
{
    pf_buf_printf(
        out,
        "__asm__(\".text\\n.p2align 4\\n.globl %s\\n.hidden %s\\n.type %s, @function\\n%s:"
        "\\n    leaq mk_variadic_%s(%%rip), %%r11\\n    jmp mk_variadic_enter\\n"
        ".size %s, . - %s\\n\");\n\n",
        wrapper, wrapper, wrapper, wrapper, name, wrapper, wrapper);
}

void mk_gen_emit_handed_on(struct pf_buf *out, const struct mk_gen_fn *fn, const char *wrapper,
                           const char *real)
{
    const char *name = fn->entry.proto.name;

    if (fn->seam == MK_GEN_SEAM_PATCH)
        pf_buf_printf(out, "#define mk_real_pointer_%s ((void (**)(void))&%s)\n", name, real);
    else
        pf_buf_printf(out,
                      "static void (*mk_real_of_%s)(void) = (void (*)(void))%s;\n"
                      "#define mk_real_pointer_%s (&mk_real_of_%s)\n",
                      name, real, name, name);
    pf_buf_printf(out,
                  "static void (*mk_decide_%s(struct mk_registers *r, const void *caller))(void);\n"
                  "__attribute__((used)) struct mk_variadic mk_variadic_%s = {&mk_fn_%s.armed, "
                  "mk_decide_%s, mk_real_pointer_%s};\n",
                  name, name, name, name, name);
    put_decide(out, fn);
    put_stub(out, wrapper, name);
}

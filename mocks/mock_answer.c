/*
 * What a rule answers: the value returned, errno, what out-parameters are filled with.
 *
 * SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "mocks/mock_priv.h"

void mk_answer_failure(struct mk_call *call, int err)
{
    const struct mk_fn *fn = call->fn;

    if (fn->failure == MK_FAILS_RETURN) {
        mk_store(fn->ret_class, fn->ret_size, call->ret, (union mk_value){.i = err});
        return;
    }
    mk_store(fn->ret_class, fn->ret_size, call->ret, fn->fail_value);
    call->set_errno = err;
}

static struct assay_bytes out_of(const struct mk_rule *rule, unsigned param)
{
    const struct mk_param *of = &rule->fn->params[param];
    struct assay_bytes out = {.at = NULL};

    if (of->out_at == MK_NO_FIELD)
        return out;
    if (of->out_is_bytes) {
        memcpy(&out, rule->fields + of->out_at, sizeof out);
        return out;
    }
    memcpy(&out.at, rule->fields + of->out_at, sizeof out.at);
    out.size = out.at ? of->pointee_size : 0;
    return out;
}

static void set_length(const struct mk_call *call, const struct mk_param *of, size_t size)
{
    uint32_t length = (uint32_t)size;

    if (of->length_is_object && call->args[of->length_param].p)
        memcpy((void *)(uintptr_t)call->args[of->length_param].p, &length, sizeof length);
}

/* fgets, getcwd: the text they return ends with a NUL. */
static void end_text(const struct mk_call *call, unsigned param, char *to, size_t size)
{
    const struct mk_param *of = &call->fn->params[param];

    if (of->returned && of->role == MK_FILLS && size < mk_buffer_size(call->fn, param, call->args))
        to[size] = '\0';
}

/* What the function returns of what it filled, unless the rule says otherwise. */
static void set_return(struct mk_call *call, unsigned param, size_t size)
{
    const struct mk_fn *fn = call->fn;
    const struct mk_param *of = &fn->params[param];
    size_t unit = mk_buffer_unit(fn, param, call->args);

    if ((!of->fills_return && !of->returned) || !mk_is_zero(call->ret, fn->ret_size))
        return;
    union mk_value value = {.p = call->args[param].p};
    if (!of->returned)
        value = (union mk_value){.u = unit ? size / unit : 0};
    mk_store(fn->ret_class, fn->ret_size, call->ret, value);
}

static void fill(struct mk_call *call, const struct mk_rule *rule, unsigned param)
{
    const struct mk_param *of = &call->fn->params[param];
    struct assay_bytes out = out_of(rule, param);
    void *to = (void *)(uintptr_t)call->args[param].p;

    if (!out.at || !to)
        return;
    size_t room = mk_buffer_size(call->fn, param, call->args);
    if (of->length_param >= 0 && out.size > room) {
        mk_fail_at(rule->file, rule->line,
                   "%s_%s: .out_%s has %zu bytes, the caller's buffer only %zu: split the answer "
                   "with seq_%s",
                   mk_verb_name(rule->verb), call->fn->name, of->name, out.size, room,
                   call->fn->name);
        out.size = room;
    }
    memcpy(to, out.at, out.size);
    set_length(call, of, out.size);
    end_text(call, param, to, out.size);
    set_return(call, param, out.size);
}

void mk_fill_outs(struct mk_call *call, const struct mk_rule *rule)
{
    for (unsigned i = 0; i < call->fn->param_count; i++)
        fill(call, rule, i);
}

static enum mk_do answer_fake(struct mk_call *call, const struct mk_rule *rule)
{
    const struct mk_fn *fn = call->fn;

    memcpy(&call->instead, rule->fields + fn->rule_call_at, sizeof call->instead);
    if (call->instead)
        return MK_DO_CALL;
    if (fn->rule_ret_at != MK_NO_FIELD)
        memcpy(call->ret, rule->fields + fn->rule_ret_at, fn->ret_size);
    if (mk_rule_fails(rule)) {
        if (mk_is_zero(call->ret, fn->ret_size))
            mk_answer_failure(call, rule->common.err);
        else
            call->set_errno = rule->common.err;
        return MK_DO_ANSWER;
    }
    if (rule->common.err)
        call->set_errno = rule->common.err;
    mk_fill_outs(call, rule);
    return MK_DO_ANSWER;
}

/* A length is lowered, never raised: the buffer behind it has no more. */
static void alter(struct mk_call *call, const struct mk_rule *rule)
{
    for (unsigned i = 0; i < call->fn->param_count; i++) {
        const struct mk_param *of = &call->fn->params[i];
        if (of->with_at == MK_NO_FIELD || mk_is_zero(rule->fields + of->with_at, of->size))
            continue;
        union mk_value with = mk_load(of->class, of->size, rule->fields + of->with_at);
        if (of->length_of_other && with.u > call->args[i].u)
            continue;
        call->args[i] = with;
        call->altered = true;
    }
}

enum mk_do mk_answer(struct mk_call *call, const struct mk_rule *rule)
{
    switch (rule->verb) {
    case MK_SPY:
        if (rule->plan)
            mk_cut(call, rule->plan->short_bytes);
        else
            alter(call, rule);
        return MK_DO_REAL;
    case MK_FAIL:
        mk_answer_failure(call, rule->common.err   ? rule->common.err
                                : call->fn->errnos ? call->fn->errnos[0]
                                                   : 0);
        return MK_DO_ANSWER;
    case MK_MOCK:
    case MK_EXPECT:
    case MK_SEQ:
        return answer_fake(call, rule);
    }
    return MK_DO_REAL;
}

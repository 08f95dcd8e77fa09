/*
 * Rules that could not do what they say are refused where they stand.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <string.h>

#include "mocks/mock_priv.h"

static bool refuse(const struct mk_rule *rule, const char *what)
{
    mk_fail_at(rule->file, rule->line, "%s_%s: %s", mk_verb_name(rule->verb), rule->fn->name, what);
    return false;
}

static bool has_ret(const struct mk_rule *rule)
{
    const struct mk_fn *fn = rule->fn;
    return fn->rule_ret_at != MK_NO_FIELD
           && !mk_is_zero(rule->fields + fn->rule_ret_at, fn->ret_size);
}

static bool has_call(const struct mk_rule *rule)
{
    return !mk_is_zero(rule->fields + rule->fn->rule_call_at, sizeof(void (*)(void)));
}

static bool has_with(const struct mk_rule *rule)
{
    for (unsigned i = 0; i < rule->fn->param_count; i++) {
        const struct mk_param *of = &rule->fn->params[i];
        if (of->with_at != MK_NO_FIELD && !mk_is_zero(rule->fields + of->with_at, of->size))
            return true;
    }
    return false;
}

static bool has_out(const struct mk_rule *rule)
{
    for (unsigned i = 0; i < rule->fn->param_count; i++) {
        const struct mk_param *of = &rule->fn->params[i];
        size_t size = of->out_is_bytes ? sizeof(struct assay_bytes) : sizeof(void *);
        if (of->out_at != MK_NO_FIELD && !mk_is_zero(rule->fields + of->out_at, size))
            return true;
    }
    return false;
}

bool mk_rule_is_bare(const struct mk_rule *rule)
{
    struct mk_rule_common common = rule->common;

    common.optional = false;
    return mk_is_zero(&common, sizeof common)
           && mk_is_zero(rule->fields + sizeof common, rule->fn->rule_size - sizeof common);
}

bool mk_rule_fails(const struct mk_rule *rule)
{
    const struct mk_fn *fn = rule->fn;

    if (!rule->common.err)
        return false;
    return !has_ret(rule)
           || mk_returned_failure(
               fn, mk_load(fn->ret_class, fn->ret_size, rule->fields + fn->rule_ret_at));
}

static bool is_legal(const int *errnos, int err)
{
    for (; errnos && *errnos; errnos++)
        if (*errnos == err)
            return true;
    return false;
}

static bool spy_is_sound(const struct mk_rule *rule)
{
    if (has_ret(rule) || has_call(rule) || rule->common.err)
        return refuse(rule, ".ret, .err and .call would do nothing: a spy runs the real function "
                            "(use mock_ or fail_)");
    return true;
}

static bool fail_is_sound(const struct mk_rule *rule)
{
    const struct mk_fn *fn = rule->fn;
    char text[256];

    if (has_ret(rule) || has_call(rule) || has_with(rule) || has_out(rule))
        return refuse(rule, ".ret, .call, .with_ and .out_ would do nothing: fail_ returns the "
                            "failure value (use mock_)");
    if (fn->failure == MK_FAILS_NEVER)
        return refuse(rule, "it is not known how this function fails: use mock_ with .ret");
    if (rule->common.err && fn->errnos && !is_legal(fn->errnos, rule->common.err)) {
        (void)snprintf(text, sizeof text,
                       "%s is not an error it reports: a test of what cannot happen (mock_ with "
                       ".ret and .err insists)",
                       strerrorname_np(rule->common.err) ? strerrorname_np(rule->common.err)
                                                         : "this number");
        return refuse(rule, text);
    }
    return true;
}

static bool fake_is_sound(const struct mk_rule *rule)
{
    const struct mk_fn *fn = rule->fn;

    if (has_with(rule))
        return refuse(rule, ".with_ would do nothing: the real function does not run (use spy_)");
    if (has_call(rule) && (has_ret(rule) || has_out(rule) || rule->common.err))
        return refuse(rule, ".ret, .err and .out_ would do nothing: .call answers");
    if (rule->common.err && fn->failure == MK_FAILS_NEVER && !has_ret(rule)
        && fn->ret_class != MK_VOID)
        return refuse(rule, ".err alone: it is not known how this function fails, give .ret too");
    if (mk_rule_fails(rule) && has_out(rule))
        return refuse(rule, ".out_ would do nothing: a call that fails stores nothing");
    return true;
}

/* The calls it names are some, and can all be there. */
static bool count_is_sound(const struct mk_rule *rule)
{
    const struct mk_rule_common *common = &rule->common;

    if (common->nth && common->times > 1)
        return refuse(rule, ".nth is one call, .times more: it would never be met");
    if (common->percent > 100)
        return refuse(rule, ".percent is of 100 calls");
    return true;
}

bool mk_rule_is_sound(const struct mk_rule *rule)
{
    if (!count_is_sound(rule))
        return false;
    switch (rule->verb) {
    case MK_SPY:
        return spy_is_sound(rule);
    case MK_FAIL:
        return fail_is_sound(rule);
    case MK_MOCK:
    case MK_EXPECT:
    case MK_SEQ:
        return fake_is_sound(rule);
    }
    return true;
}

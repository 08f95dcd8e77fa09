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

    if (has_ret(rule) || has_call(rule) || has_with(rule))
        return refuse(rule, ".ret, .call and .with_ would do nothing: fail_ returns the failure "
                            "value (use mock_)");
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

bool mk_rule_is_sound(const struct mk_rule *rule)
{
    switch (rule->verb) {
    case MK_SPY:
        return spy_is_sound(rule);
    case MK_FAIL:
        return fail_is_sound(rule);
    case MK_MOCK:
    case MK_EXPECT:
    case MK_SEQ:
        break;
    }
    if (has_with(rule))
        return refuse(rule, ".with_ would do nothing: the real function does not run (use spy_)");
    if (rule->common.err && rule->fn->failure == MK_FAILS_NEVER && !has_ret(rule)
        && rule->fn->ret_class != MK_VOID)
        return refuse(rule, ".err alone: it is not known how this function fails, give .ret too");
    return true;
}

/*
 * The verdict at a test's end: which rules were never met, and why.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>

#include "mocks/mock_priv.h"

/* How many calls a rule must answer before its test may pass. */
static unsigned demanded(const struct mk_rule *rule)
{
    if (rule->common.optional || rule->plan)
        return 0;
    switch (rule->verb) {
    case MK_EXPECT:
        return rule->limit;
    case MK_SPY:
        if (rule->fn->asked && mk_rule_is_bare(rule))
            return 0;
        break;
    case MK_MOCK:
    case MK_FAIL:
    case MK_SEQ:
        break;
    }
    return rule->common.times ? rule->common.times : 1;
}

/* Chance answers the calls that fit as it likes: that there were any is all there is to demand. */
static unsigned met(const struct mk_rule *rule)
{
    bool by_chance = rule->common.percent && rule->matched && rule->verb != MK_EXPECT;
    return by_chance ? demanded(rule) : rule->hits;
}

static void explain_miss(char *text, size_t size, const struct mk_rule *rule)
{
    const struct mk_param *param = &rule->fn->params[rule->nearest_param];
    char value[64], matcher[160], caller[128];

    mk_text_value(value, sizeof value, param, rule->nearest_value);
    mk_text_matcher(matcher, sizeof matcher, mk_rule_matcher(rule, rule->nearest_param), param);
    mk_symbol_name(caller, sizeof caller, rule->nearest_caller);
    (void)snprintf(text, size, "the nearest call, from %s, had %s = %s, wanted %s", caller,
                   param->name, value, matcher);
}

static void explain(char *text, size_t size, const struct mk_rule *rule)
{
    const struct mk_fn *fn = rule->fn;

    if (!fn->entered)
        (void)snprintf(text, size,
                       "%s was wrapped but never called in this test (is the code reached, and "
                       "is the call one that wrapping sees?)",
                       fn->name);
    else if (rule->matched)
        (void)snprintf(text, size, "%u calls fit it, of %lu", rule->matched, fn->entered);
    else if (rule->nearest_misses)
        explain_miss(text, size, rule);
    else
        (void)snprintf(text, size, "%lu calls were answered by earlier rules or other callers",
                       fn->entered);
}

static void judge(const struct mk_rule *rule)
{
    unsigned needed = demanded(rule);
    char why[512];

    if (met(rule) >= needed) {
        if (needed && rule->verb != MK_SPY)
            mk_pass_at(rule->file, rule->line);
        return;
    }
    explain(why, sizeof why, rule);
    mk_fail_at(rule->file, rule->line, "%s_%s: met %u times, expected %u: %s",
               mk_verb_name(rule->verb), rule->fn->name, rule->hits, needed, why);
}

static void judge_plan(const struct mk_plan *plan)
{
    if (plan->optional)
        return;
    if (plan->by_chance ? plan->matched : plan->hits)
        mk_pass_at(plan->file, plan->line);
    else
        mk_fail_at(plan->file, plan->line,
                   "fault_plan: no call met it: this test shows nothing about the fault");
}

/* A demand that held all through the test is something the test asserted. */
static void judge_demands(const struct mk_fn *fn)
{
    if ((fn->strict || fn->forbidden) && !fn->defied)
        mk_pass_at(fn->rule_file, fn->rule_line);
}

void mk_judge(void)
{
    for (const struct mk_rule *rule = mk_state.rules; rule; rule = rule->next_any)
        judge(rule);
    for (const struct mk_plan *plan = mk_state.plans; plan; plan = plan->older)
        judge_plan(plan);
    for (struct mk_fn *const *fn = mk_all_fns(); fn && *fn; fn++)
        judge_demands(*fn);
    if (mk_state.log_full)
        mk_fail_at("mocks", 0, "more than %d watched calls in one test: the log is cut",
                   MK_LOG_MAX);
}

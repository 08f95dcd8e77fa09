/*
 * Rules: added by the five verbs, and the one that answers a call.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <string.h>

#include "mocks/mock_priv.h"

/* mock, spy and fail go on; expect and seq are met once. */
static unsigned default_limit(enum mk_verb verb, const struct mk_rule_common *common)
{
    if (common->times)
        return common->times;
    if (common->nth)
        return 1;
    return verb == MK_EXPECT || verb == MK_SEQ ? 1 : 0;
}

static void link_rule(struct mk_rule *rule)
{
    struct mk_fn *fn = rule->fn;

    if (!fn->rules_end)
        fn->rules_end = &fn->rules;
    *fn->rules_end = rule;
    fn->rules_end = &rule->next;
    if (!mk_state.rules_end)
        mk_state.rules_end = &mk_state.rules;
    *mk_state.rules_end = rule;
    mk_state.rules_end = &rule->next_any;
}

/* Once a test, where chance is first asked for. */
static void tell_seed(const struct mk_rule *rule)
{
    if (!rule->common.percent || mk_state.seed_told)
        return;
    mk_state.seed_told = true;
    (void)fprintf(stderr, "%s:%d: chance by ASSAY_SEED=%llu\n", rule->file, rule->line,
                  (unsigned long long)mk_state.seed);
}

static void add(struct mk_rule *rule)
{
    struct mk_fn *fn = rule->fn;

    memcpy(&rule->common, rule->fields, sizeof rule->common);
    tell_seed(rule);
    rule->limit = default_limit(rule->verb, &rule->common);
    if (!mk_rule_is_sound(rule))
        return;
    mk_order_join(rule);
    link_rule(rule);
    mk_arm(fn);
}

static struct mk_rule *new_rule(const struct mk_rule *rule)
{
    return mk_copy(rule, sizeof *rule);
}

void mk_rule_add(struct mk_fn *fn, enum mk_verb verb, struct mk_plan *plan,
                 const unsigned char *fields)
{
    add(new_rule(&(struct mk_rule){.fn = fn,
                                   .verb = verb,
                                   .plan = plan,
                                   .file = plan->file,
                                   .line = plan->line,
                                   .fields = fields}));
}

void mk_rules_add(struct mk_fn *fn, enum mk_verb verb, const char *file, int line,
                  const void *rules, size_t count)
{
    if (!mk_enter())
        return;
    mk_lock();
    for (size_t i = 0; i < count; i++)
        add(new_rule(&(struct mk_rule){
            .fn = fn,
            .verb = verb,
            .file = file,
            .line = line,
            .fields = mk_copy((const unsigned char *)rules + i * fn->rule_size, fn->rule_size),
        }));
    mk_unlock();
    mk_leave();
}

const struct mk_matcher *mk_rule_matcher(const struct mk_rule *rule, unsigned param)
{
    uint16_t at = rule->fn->params[param].match_at;
    return at == MK_NO_FIELD ? NULL : (const struct mk_matcher *)(const void *)(rule->fields + at);
}

static void remember_miss(struct mk_rule *rule, const struct mk_call *call, unsigned misses,
                          unsigned param)
{
    if (rule->nearest_misses && rule->nearest_misses <= misses)
        return;
    rule->nearest_misses = misses;
    rule->nearest_param = param;
    rule->nearest_value = call->args[param];
    rule->nearest_caller = call->caller;
}

static bool arguments_fit(struct mk_rule *rule, const struct mk_call *call)
{
    unsigned misses = 0, first = 0;

    for (unsigned i = 0; i < rule->fn->param_count; i++) {
        const struct mk_matcher *matcher = mk_rule_matcher(rule, i);
        if (!matcher || mk_matches(matcher, rule->fn, i, call->args))
            continue;
        if (misses++ == 0)
            first = i;
    }
    if (misses)
        remember_miss(rule, call, misses, first);
    return misses == 0;
}

static bool is_asked_for(struct mk_rule *rule, const struct mk_call *call)
{
    const struct mk_rule_common *common = &rule->common;

    if (rule->limit && rule->hits >= rule->limit)
        return false;
    if (common->thread && common->thread != mk_thread_id())
        return false;
    if (common->caller && !mk_symbol_is(call->caller, common->caller))
        return false;
    return arguments_fit(rule, call);
}

/* splitmix64, so that a seed printed by a red run repeats it. */
static unsigned roll_percent(void)
{
    uint64_t z = (mk_state.seed += 0x9e3779b97f4a7c15U);

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return (unsigned)((z ^ (z >> 31)) % 100);
}

/* The arguments fit: is it this one of the fitting calls? */
static bool is_its_turn(struct mk_rule *rule)
{
    const struct mk_rule_common *common = &rule->common;

    rule->matched++;
    if (rule->plan)
        rule->plan->matched++;
    if (rule->matched <= common->after)
        return false;
    if (common->nth && rule->matched - common->after != common->nth)
        return false;
    return !common->percent || roll_percent() < common->percent;
}

struct mk_rule *mk_rules_pick(struct mk_call *call)
{
    for (struct mk_rule *rule = call->fn->rules; rule; rule = rule->next) {
        if (!is_asked_for(rule, call) || !is_its_turn(rule))
            continue;
        rule->hits++;
        if (rule->plan)
            rule->plan->hits++;
        for (unsigned i = 0; i < rule->fn->param_count; i++) {
            const struct mk_matcher *matcher = mk_rule_matcher(rule, i);
            if (matcher)
                mk_capture(matcher, &rule->fn->params[i], call->args[i]);
        }
        mk_order_met(rule);
        return rule;
    }
    return NULL;
}

static void demand(struct mk_fn *fn, bool *what, const char *file, int line)
{
    if (!mk_enter())
        return;
    mk_lock();
    *what = true;
    fn->rule_file = file;
    fn->rule_line = line;
    mk_arm(fn);
    mk_unlock();
    mk_leave();
}

void mk_strict(struct mk_fn *fn, const char *file, int line)
{
    demand(fn, &fn->strict, file, line);
}

void mk_forbid(struct mk_fn *fn, const char *file, int line)
{
    demand(fn, &fn->forbidden, file, line);
}

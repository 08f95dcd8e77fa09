/*
 * in_order: a list of rules, of which one is due.
 *
 * SPDX-License-Identifier: MIT
 */
#include "mocks/mock_priv.h"

bool mk_order_open(void)
{
    if (mk_enter()) {
        mk_lock();
        mk_state.open_order = mk_new(sizeof *mk_state.open_order);
        mk_unlock();
        mk_leave();
    }
    return true;
}

bool mk_order_close(void)
{
    mk_state.open_order = NULL;
    return false;
}

void mk_order_join(struct mk_rule *rule)
{
    struct mk_order *order = mk_state.open_order;

    if (!order)
        return;
    rule->order = order;
    rule->position = ++order->count;
    if (order->last)
        order->last->next_in_order = rule;
    else
        order->due = rule;
    order->last = rule;
}

/* A rule without a limit has done its part once it was met; it may be met again. */
static bool has_done_its_part(const struct mk_rule *rule)
{
    if (rule->common.optional || rule->common.percent)
        return true;
    return rule->hits >= (rule->limit ? rule->limit : 1);
}

static void complain(const struct mk_rule *rule, const struct mk_rule *other)
{
    mk_fail_at(rule->file, rule->line,
               "%s_%s: called out of order: this is position %u, %s is position %u, %s_%s (%s:%d)",
               mk_verb_name(rule->verb), rule->fn->name, rule->position,
               other->position < rule->position ? "next due" : "met before it", other->position,
               mk_verb_name(other->verb), other->fn->name, other->file, other->line);
}

void mk_order_met(struct mk_rule *rule)
{
    struct mk_order *order = rule->order;

    if (!order)
        return;
    struct mk_rule *due = order->due;
    while (due->position < rule->position && has_done_its_part(due))
        due = due->next_in_order;
    if (due != rule)
        complain(rule, due);
    else
        order->due = due;
}

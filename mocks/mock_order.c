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

void mk_order_met(struct mk_rule *rule)
{
    struct mk_order *order = rule->order;

    if (!order)
        return;
    if (order->due && order->due != rule) {
        const struct mk_rule *due = order->due;
        mk_fail_at(rule->file, rule->line,
                   "%s_%s: called out of order: this is position %u, next due is position %u, "
                   "%s_%s (%s:%d)",
                   mk_verb_name(rule->verb), rule->fn->name, rule->position, due->position,
                   mk_verb_name(due->verb), due->fn->name, due->file, due->line);
    }
    while (order->due && order->due->limit && order->due->hits >= order->due->limit)
        order->due = order->due->next_in_order;
}

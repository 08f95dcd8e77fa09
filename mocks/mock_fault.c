/*
 * Fault plans: rules made for every wrapped function that a fault fits.
 *
 * SPDX-License-Identifier: MIT
 */
#include "assay/mock_fault.h"

#include <string.h>

#include "mocks/mock_priv.h"

/* The parameter that says how much is moved; NULL if the function moves nothing. */
static const struct mk_param *moved_length(const struct mk_fn *fn)
{
    for (unsigned i = 0; i < fn->param_count; i++) {
        const struct mk_param *of = &fn->params[i];
        bool moves = of->role == MK_READS || (of->role == MK_FILLS && of->fills_return);
        if (moves && of->length_param >= 0 && !of->length_is_object && !of->element_size)
            return &fn->params[of->length_param];
    }
    return NULL;
}

/* A short transfer is one that returns how much it moved. */
static bool can_be_short(const struct mk_fn *fn)
{
    const struct mk_param *length = moved_length(fn);
    return length && length->with_at != MK_NO_FIELD && fn->ret_class == MK_INT
           && fn->ret_size == sizeof(long);
}

static bool reports(const struct mk_fn *fn, int err)
{
    for (const int *legal = fn->errnos; legal && *legal; legal++)
        if (*legal == err)
            return true;
    return false;
}

static bool fits(const struct mk_fn *fn, const struct assay_fault *fault)
{
    if (fault->functions && !mk_is_named(fault->functions, fn->name))
        return false;
    return fault->short_bytes ? can_be_short(fn)
                              : fn->failure != MK_FAILS_NEVER && reports(fn, fault->err);
}

static void add_rule(struct mk_fn *fn, const struct assay_fault *fault, struct mk_plan *plan)
{
    unsigned char *fields = mk_new(fn->rule_size);
    struct mk_rule_common common;

    memcpy(&common, fault, sizeof common);
    if (fault->short_bytes) {
        const struct mk_param *length = moved_length(fn);
        common.err = 0;
        mk_store(length->class, length->size, fields + length->with_at,
                 (union mk_value){.u = fault->short_bytes});
    }
    memcpy(fields, &common, sizeof common);
    mk_rule_add(fn, fault->short_bytes ? MK_SPY : MK_FAIL, plan, fields);
}

static const char *plan_fault(const struct assay_fault *fault, struct mk_plan *plan)
{
    bool any = false;

    if (!fault->err == !fault->short_bytes)
        return "a fault is .err or .short_bytes, one of them";
    for (struct mk_fn *const *fn = mk_all_fns(); fn && *fn; fn++) {
        if (!fits(*fn, fault))
            continue;
        any = true;
        add_rule(*fn, fault, plan);
    }
    if (any)
        return NULL;
    return fault->err ? "no wrapped function it names reports this error"
                      : "no wrapped function it names reads or writes a buffer";
}

void assay_fault_plan(const char *file, int line, const struct assay_fault *fault)
{
    if (!mk_enter())
        return;
    mk_lock();
    struct mk_plan *plan = mk_new(sizeof *plan);
    *plan = (struct mk_plan){mk_state.plans, file, line, fault->optional || fault->percent, 0};
    const char *why = plan_fault(fault, plan);
    if (why)
        mk_fail_at(file, line, "fault_plan: %s", why);
    else
        mk_state.plans = plan;
    mk_unlock();
    mk_leave();
}

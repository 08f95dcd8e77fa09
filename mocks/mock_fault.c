/*
 * Fault plans: rules made for every wrapped function that a fault fits.
 *
 * SPDX-License-Identifier: MIT
 */
#include "assay/mock_fault.h"

#include <string.h>

#include "mocks/mock_priv.h"

static bool reports(const struct mk_fn *fn, int err)
{
    for (const int *legal = fn->errnos; legal && *legal; legal++)
        if (*legal == err)
            return true;
    return false;
}

static bool can_follow(const struct mk_fn *fn, const struct assay_fault *fault)
{
    return fault->short_bytes ? mk_can_be_short(fn)
                              : fn->failure != MK_FAILS_NEVER && reports(fn, fault->err);
}

static void add_rule(struct mk_fn *fn, const struct assay_fault *fault, struct mk_plan *plan)
{
    unsigned char *fields = mk_new(fn->rule_size);
    struct mk_rule_common common;

    memcpy(&common, fault, sizeof common);
    memcpy(fields, &common, sizeof common);
    mk_rule_add(fn, fault->short_bytes ? MK_SPY : MK_FAIL, plan, fields);
}

static struct mk_fn *find(const char *name, size_t length)
{
    for (struct mk_fn *const *fn = mk_all_fns(); fn && *fn; fn++)
        if (strlen((*fn)->name) == length && strncmp((*fn)->name, name, length) == 0)
            return *fn;
    return NULL;
}

/* What a name of the plan cannot do; NULL if it can. */
static const char *why_not(const struct mk_fn *fn, const struct assay_fault *fault)
{
    if (!fn)
        return "is not wrapped";
    if (can_follow(fn, fault))
        return NULL;
    return fault->short_bytes ? "never moves fewer bytes than asked without a reason"
                              : "does not report this error";
}

/* Each name must be able to follow: a plan that half of them ignore shows less than it says. */
static bool names_can_follow(const struct assay_fault *fault, const struct mk_plan *plan)
{
    const char *at = fault->functions;

    for (size_t length; at && *(at += strspn(at, ", ")); at += length) {
        length = strcspn(at, ", ");
        const char *why = why_not(find(at, length), fault);
        if (!why)
            continue;
        mk_fail_at(plan->file, plan->line, "fault_plan: %.*s %s", (int)length, at, why);
        return false;
    }
    return true;
}

static bool add_rules(const struct assay_fault *fault, struct mk_plan *plan)
{
    bool any = false;

    for (struct mk_fn *const *fn = mk_all_fns(); fn && *fn; fn++) {
        if (!can_follow(*fn, fault)
            || (fault->functions && !mk_is_named(fault->functions, (*fn)->name)))
            continue;
        any = true;
        add_rule(*fn, fault, plan);
    }
    return any;
}

/* What the counts of an ordinary rule refuse, once for the plan instead of for each function. */
static const char *why_unsound(const struct assay_fault *fault)
{
    if (!fault->err == !fault->short_bytes)
        return "a fault is .err or .short_bytes, one of them";
    if (fault->percent > 100)
        return ".percent is of 100 calls";
    if (fault->nth && fault->times > 1)
        return ".nth is one call, .times more: it would never be met";
    return NULL;
}

void assay_fault_plan(const char *file, int line, const struct assay_fault *fault)
{
    if (!mk_enter())
        return;
    mk_lock();
    struct mk_plan *plan = mk_new(sizeof *plan);
    *plan = (struct mk_plan){.older = mk_state.plans,
                             .file = file,
                             .line = line,
                             .optional = fault->optional,
                             .by_chance = fault->percent != 0,
                             .short_bytes = fault->short_bytes};
    const char *why = why_unsound(fault);
    if (why)
        mk_fail_at(file, line, "fault_plan: %s", why);
    else if (names_can_follow(fault, plan)) {
        if (add_rules(fault, plan))
            mk_state.plans = plan;
        else
            mk_fail_at(file, line, "fault_plan: no wrapped function %s",
                       fault->err ? "reports this error" : "moves bytes by a count");
    }
    mk_unlock();
    mk_leave();
}

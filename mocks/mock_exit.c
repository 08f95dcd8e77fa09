/*
 * EXPECT_EXIT: a place to go on from when the code under test ends the process.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>

#include "mocks/mock_priv.h"

static _Thread_local struct mk_exit_trap *innermost;

bool mk_trap_is_set(void)
{
    return innermost != NULL;
}

void mk_trap_forget(void)
{
    innermost = NULL;
}

/* abort() is told as a shell tells it: 128 + SIGABRT. */
static int exit_code(const struct mk_call *call)
{
    if (strcmp(call->fn->name, "abort") == 0)
        return 134;
    return call->fn->param_count ? (int)call->args[0].i : 0;
}

void mk_trap_spring(const struct mk_call *call)
{
    struct mk_exit_trap *trap = innermost;

    innermost = trap->outer;
    trap->got = exit_code(call);
    trap->step = MK_TRAP_SPRUNG;
    siglongjmp(trap->back, 1);
}

/* True if any function that ends a process is wrapped. */
static bool arm_exits(void)
{
    bool any = false;

    for (struct mk_fn *const *fn = mk_all_fns(); fn && *fn; fn++) {
        if (!(*fn)->noreturn)
            continue;
        mk_arm(*fn);
        any = true;
    }
    return any;
}

static void report(const struct mk_exit_trap *trap)
{
    if (trap->step == MK_TRAP_BODY)
        mk_fail_at(trap->file, trap->line, "EXPECT_EXIT(%d): the body did not end the process",
                   trap->expected);
    else if (trap->got != trap->expected)
        mk_fail_at(trap->file, trap->line, "EXPECT_EXIT(%d): it ended with %d", trap->expected,
                   trap->got);
    else
        mk_pass_at(trap->file, trap->line);
}

bool mk_trap_more(struct mk_exit_trap *trap, int jumped)
{
    bool first = !jumped && trap->step == MK_TRAP_SET;

    if (!mk_enter())
        return false;
    mk_lock();
    if (first) {
        trap->step = MK_TRAP_BODY;
        trap->outer = innermost;
        innermost = trap;
        if (!arm_exits()) {
            mk_fail_at(trap->file, trap->line,
                       "EXPECT_EXIT(%d): no function that ends a process is wrapped: add exit, "
                       "_exit or abort to assay_wrap()",
                       trap->expected);
            innermost = trap->outer;
            first = false;
        }
    } else {
        if (trap->step == MK_TRAP_BODY)
            innermost = trap->outer;
        report(trap);
    }
    mk_unlock();
    mk_leave();
    return first;
}

_Noreturn void mk_call_cannot_return(const struct mk_call *call)
{
    const struct mk_rule *rule = call->rule;
    bool entered = mk_enter();

    mk_lock();
    mk_fail_at(rule ? rule->file : "", rule ? rule->line : 0,
               "%s does not return, and there is no EXPECT_EXIT around this call to go on from",
               call->fn->name);
    mk_unlock();
    if (entered)
        mk_leave();
    abort();
}

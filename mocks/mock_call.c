/*
 * One call of a wrapped function that somebody watches: before it and after it.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <string.h>

#include "mocks/mock_priv.h"

/* While a rule's .call runs, the function it stands for is the real one in this thread. */
enum { MAX_STANDING = 16 };
static _Thread_local const struct mk_fn *standing[MAX_STANDING];
static _Thread_local unsigned standing_count;

unsigned mk_standing(void)
{
    return standing_count;
}

void mk_standing_reset(unsigned count)
{
    standing_count = count;
}

static bool stands_in(const struct mk_fn *fn)
{
    for (unsigned i = 0; i < standing_count; i++)
        if (standing[i] == fn)
            return true;
    return false;
}

/* The fake is about to run: false if it is the innermost of too many. */
static bool stand_in(struct mk_call *call)
{
    if (standing_count == MAX_STANDING) {
        mk_fail_at(call->rule->file, call->rule->line, "%s_%s: .call inside %d others",
                   mk_verb_name(call->rule->verb), call->fn->name, MAX_STANDING);
        call->instead = NULL;
        return false;
    }
    call->standing = standing_count;
    standing[standing_count++] = call->fn;
    return true;
}

static void complain(const struct mk_call *call, const char *demand)
{
    struct mk_fn *fn = call->fn;
    char caller[128];

    fn->defied = true;

    mk_symbol_name(caller, sizeof caller, call->caller);
    mk_fail_at(fn->rule_file, fn->rule_line, "%s(%s): unexpected call to %s from %s", demand,
               fn->name, fn->name, caller);
}

static enum mk_do decide(struct mk_call *call)
{
    struct mk_fn *fn = call->fn;

    if (mk_torture_is_due(call))
        return MK_DO_ANSWER;
    call->rule = mk_rules_pick(call);
    if (call->rule)
        return mk_answer(call, call->rule);
    if (fn->forbidden) {
        complain(call, "forbid");
        if (fn->failure != MK_FAILS_NEVER)
            mk_answer_failure(call, fn->errnos ? fn->errnos[0] : 0);
        return MK_DO_ANSWER;
    }
    if (fn->strict)
        complain(call, "strict");
    return MK_DO_REAL;
}

/* Armed only for the clock or EXPECT_EXIT: passed on without a record. */
static bool is_watching(const struct mk_call *call)
{
    const struct mk_fn *fn = call->fn;

    return mk_state.active && (fn->rules || fn->strict || fn->forbidden || fn->tortured)
           && !stands_in(fn);
}

enum mk_do mk_call_begin(struct mk_call *call)
{
    enum mk_do what = MK_DO_REAL;

    call->errno_at_entry = errno;
    call->set_errno = -1;
    memset(call->ret, 0, call->fn->ret_size);
    if (!mk_enter()) {
        call->nested = true;
        return MK_DO_REAL;
    }
    mk_lock();
    if (is_watching(call)) {
        call->fn->entered++;
        call->record = mk_log_open(call);
        what = decide(call);
        if (call->record)
            call->record->was_real = what == MK_DO_REAL;
    } else {
        call->nested = true;
    }
    if (what == MK_DO_CALL && !stand_in(call))
        what = MK_DO_REAL;
    struct mk_exit_trap *trap = call->fn->noreturn ? mk_trap_for(call, what) : NULL;
    mk_unlock();
    mk_leave();
    if (trap)
        mk_trap_spring(trap);
    errno = call->errno_at_entry;
    return what;
}

void mk_call_end(struct mk_call *call, const void *ret)
{
    int err = call->set_errno >= 0 ? call->set_errno : errno;

    if (call->instead)
        standing_count = call->standing;
    if (!call->nested && mk_enter()) {
        mk_lock();
        if (mk_state.active && call->rule && call->rule->verb == MK_SPY)
            mk_fill_outs(call, call->rule);
        if (mk_state.active && call->rule && call->rule->plan && call->rule->plan->short_bytes)
            mk_cut_end(call);
        if (mk_state.active && call->record)
            mk_log_close(call->record, call, ret, err);
        mk_unlock();
        mk_leave();
    }
    errno = err;
}

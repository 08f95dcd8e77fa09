/*
 * EXPECT_EXIT: a place to go on from when the code under test ends the process.
 *
 * A trap belongs to the thread of the process that set it: nobody else can jump to its frame.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "mocks/mock_priv.h"

enum { NO_CODE = -1 };

/* Of all threads, the latest first. */
static struct mk_exit_trap *traps;

void mk_trap_forget(void)
{
    traps = NULL;
}

static void take_out(const struct mk_exit_trap *trap)
{
    struct mk_exit_trap **at = &traps;

    while (*at && *at != trap)
        at = &(*at)->outer;
    if (*at)
        *at = trap->outer;
}

/* In a forked child no thread has the number of one of its parent. */
static struct mk_exit_trap *trap_of_this_thread(void)
{
    pid_t thread = (pid_t)syscall(SYS_gettid);
    struct mk_exit_trap *trap = traps;

    while (trap && trap->thread != thread)
        trap = trap->outer;
    return trap;
}

static bool ends_process(const struct mk_fn *fn)
{
    return mk_is_named("exit _exit _Exit quick_exit abort", fn->name);
}

/* True if any function that ends the process itself is wrapped. */
static bool are_ends_seen(void)
{
    for (struct mk_fn *const *fn = mk_all_fns(); fn && *fn; fn++)
        if (ends_process(*fn))
            return true;
    return false;
}

/* As a parent sees it; abort() as a shell tells it: 128 + SIGABRT. */
static int exit_code(const struct mk_call *call)
{
    const struct mk_fn *fn = call->fn;

    if (strcmp(fn->name, "abort") == 0)
        return 134;
    if (!fn->param_count || (fn->params[0].class != MK_INT && fn->params[0].class != MK_UINT))
        return NO_CODE;
    return (int)call->args[0].i & 0xff;
}

static void tell_other_thread(const struct mk_call *call)
{
    const struct mk_exit_trap *trap = traps;

    if (trap && trap->process == getpid())
        mk_fail_at(trap->file, trap->line,
                   "EXPECT_EXIT(%d): %s was called in another thread than the block's: the "
                   "process ends, the test cannot go on",
                   trap->expected, call->fn->name);
}

struct mk_exit_trap *mk_trap_for(const struct mk_call *call, enum mk_do what)
{
    struct mk_exit_trap *trap = trap_of_this_thread();

    if (!mk_state.active || what == MK_DO_CALL)
        return NULL;
    if (!ends_process(call->fn) && what == MK_DO_REAL && are_ends_seen())
        return NULL; /* it runs, and ends by what it calls */
    if (!trap) {
        tell_other_thread(call);
        return NULL;
    }
    trap->got = exit_code(call);
    trap->got_by = call->fn->name;
    /* Faked, a function of the user's own has no code, and needs none. */
    if (trap->got == NO_CODE && what == MK_DO_ANSWER)
        trap->got = trap->expected;
    trap->step = MK_TRAP_SPRUNG;
    return trap;
}

void mk_trap_spring(struct mk_exit_trap *trap)
{
    mk_standing_reset(trap->standing);
    siglongjmp(trap->back, 1);
}

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

static bool enter(struct mk_exit_trap *trap)
{
    trap->expected &= 0xff;
    trap->process = getpid();
    trap->thread = (pid_t)syscall(SYS_gettid);
    trap->standing = mk_standing();
    trap->step = MK_TRAP_BODY;
    if (!arm_exits()) {
        mk_fail_at(trap->file, trap->line,
                   "EXPECT_EXIT(%d): no function that ends a process is wrapped: add exit, _exit "
                   "or abort to assay_wrap()",
                   trap->expected);
        trap->step = MK_TRAP_JUDGED;
        return false;
    }
    trap->outer = traps;
    traps = trap;
    return true;
}

static void report(const struct mk_exit_trap *trap)
{
    if (trap->step == MK_TRAP_BODY)
        mk_fail_at(trap->file, trap->line, "EXPECT_EXIT(%d): the body did not end the process",
                   trap->expected);
    else if (trap->got == NO_CODE)
        mk_fail_at(trap->file, trap->line,
                   "EXPECT_EXIT(%d): it ended by %s, which does not say its code: wrap what it "
                   "calls (exit, _exit or abort), or fake it by mock_%s",
                   trap->expected, trap->got_by, trap->got_by);
    else if (trap->got != trap->expected)
        mk_fail_at(trap->file, trap->line, "EXPECT_EXIT(%d): it ended with %d", trap->expected,
                   trap->got);
    else
        mk_pass_at(trap->file, trap->line);
}

static void judge(struct mk_exit_trap *trap)
{
    /* A child that came out of the block, as a daemon does: the test goes on in its parent only. */
    if (trap->process != getpid())
        _exit(0);
    take_out(trap);
    report(trap);
    trap->step = MK_TRAP_JUDGED;
}

bool mk_trap_more(struct mk_exit_trap *trap, int jumped)
{
    bool more = false;

    if (!mk_enter())
        return false;
    mk_lock();
    if (!jumped && trap->step == MK_TRAP_SET)
        more = enter(trap);
    else if (trap->step != MK_TRAP_JUDGED)
        judge(trap);
    mk_unlock();
    mk_leave();
    return more;
}

void mk_trap_left(struct mk_exit_trap *trap)
{
    if (trap->step == MK_TRAP_BODY)
        (void)mk_trap_more(trap, 0);
}

_Noreturn void mk_call_cannot_return(const struct mk_call *call)
{
    const struct mk_rule *rule = call->rule;
    bool entered = mk_enter();

    mk_lock();
    mk_fail_at(rule ? rule->file : call->fn->rule_file, rule ? rule->line : call->fn->rule_line,
               "%s does not return, and there is no EXPECT_EXIT around this call to go on from",
               call->fn->name);
    mk_unlock();
    if (entered)
        mk_leave();
    abort();
}

/*
 * When mocks are in force: between the beginning and the end of a test's body.
 *
 * The runtime is linked with the code it watches, so what it calls itself may be wrapped as well.
 * A thread inside the runtime is marked, and wrappers let a marked thread straight through; so a
 * wrapped malloc, write or clock_gettime here is always the real one. A signal handler that
 * interrupts the runtime is let through for the same reason, and cannot deadlock on the lock.
 *
 * A fork takes the lock first: its child has one thread, and would wait for another's for ever.
 *
 * SPDX-License-Identifier: MIT
 */
#include <pthread.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "mocks/mock_priv.h"

/* The generated file defines it; a program without one has no wrapped functions. */
extern struct mk_fn *const mk_wrapped_fns[] __attribute__((weak));

struct mk_state mk_state;

struct mk_fn *const *mk_all_fns(void)
{
    return mk_wrapped_fns;
}

_Thread_local volatile bool mk_inside;
_Atomic(const volatile bool *) mk_lock_owner;

void mk_lock_slowly(void)
{
    while (!mk_try_lock())
        (void)syscall(SYS_sched_yield);
}

static bool is_lock_mine(void)
{
    return atomic_load_explicit(&mk_lock_owner, memory_order_relaxed) == &mk_inside;
}

/* A forked child has copied what its parent's threads remembered. */
static atomic_uint forks;
/* By the thread that forks: what it had before. */
static _Thread_local bool fork_was_inside, fork_had_lock;

/* Inside, so that the handlers of others, which run between these, do not wait for the lock. */
static void before_fork(void)
{
    bool was_inside = !mk_enter();

    fork_had_lock = is_lock_mine();
    if (!fork_had_lock)
        mk_lock();
    fork_was_inside = was_inside;
}

static void after_fork(void)
{
    if (!fork_had_lock)
        mk_unlock();
    if (!fork_was_inside)
        mk_leave();
}

static void after_fork_in_child(void)
{
    atomic_fetch_add(&forks, 1U);
    after_fork();
}

pid_t mk_thread_id(void)
{
    static _Thread_local pid_t thread;
    static _Thread_local unsigned as_of;
    unsigned now = atomic_load_explicit(&forks, memory_order_relaxed);

    if (!thread || as_of != now) {
        thread = (pid_t)syscall(SYS_gettid);
        as_of = now;
    }
    return thread;
}

static void reset_fn(struct mk_fn *fn)
{
    atomic_store(&fn->armed, 0U);
    fn->rules = NULL;
    fn->rules_end = NULL;
    fn->records = fn->records_end = NULL;
    fn->entered = fn->logged = 0;
    fn->asked = fn->strict = fn->forbidden = fn->defied = false;
    fn->rule_file = NULL;
}

static void forget(void)
{
    for (struct mk_fn *const *fn = mk_all_fns(); fn && *fn; fn++)
        reset_fn(*fn);
    mk_got_restore();
    mk_clock_end();
    mk_trap_forget();
    mk_readable_forget();
    mk_arena_reset();
    mk_state = (struct mk_state){.report = mk_state.report, .seed = mk_state.seed};
}

/* exit() inside a body runs coverage and other destructors: they must see the real calls. */
static void at_exit(void)
{
    for (struct mk_fn *const *fn = mk_all_fns(); fn && *fn; fn++)
        atomic_store(&(*fn)->armed, 0U);
}

static void arm_ruled(void)
{
    for (struct mk_fn *const *fn = mk_all_fns(); fn && *fn; fn++)
        if ((*fn)->rules || (*fn)->strict || (*fn)->forbidden)
            mk_arm(*fn);
}

void mk_arm(struct mk_fn *fn)
{
    if (mk_state.active)
        atomic_store(&fn->armed, 1U);
}

/* The same for all tests of a process, unlike from run to run unless ASSAY_SEED fixes it. */
static void choose_seed(void)
{
    const char *given = getenv("ASSAY_SEED");
    struct timespec now;

    if (given) {
        mk_state.seed = strtoull(given, NULL, 10);
        return;
    }
    (void)clock_gettime(CLOCK_REALTIME, &now);
    mk_state.seed = ((uint64_t)now.tv_nsec ^ (uint64_t)getpid() << 32) % 1000000007U;
}

void assay_mock_begin(assay_mock_report report)
{
    static bool registered;

    if (!mk_enter())
        return;
    mk_lock();
    if (!registered) {
        (void)atexit(at_exit);
        (void)pthread_atfork(before_fork, after_fork, after_fork_in_child);
    }
    registered = true;
    if (!mk_state.rules) /* else the suite's .init has drawn from it */
        choose_seed();
    mk_state.active = true;
    mk_state.report = report;
    mk_patch_all();
    mk_got_divert();
    arm_ruled(); /* rules of the suite's .init */
    mk_torture_begin();
    mk_unlock();
    mk_leave();
}

void assay_mock_end(void)
{
    if (!mk_enter())
        return;
    mk_lock();
    mk_torture_end();
    mk_judge();
    forget();
    mk_unlock();
    mk_leave();
}

void assay_mock_forget(void)
{
    bool entered = mk_enter();

    /* A test that was aborted inside the runtime (a failing report jumps) may hold the lock. */
    if (!is_lock_mine())
        mk_lock();
    mk_standing_reset(0);
    forget();
    mk_unlock();
    if (entered)
        mk_leave();
    mk_inside = false;
}

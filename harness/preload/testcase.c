/*
 * The life of one test: its fixtures, its body, its end, all in a fresh process.
 *
 * Stands in for what libcriterion puts around a test: the three calls of the Test() macro, and the
 * ways to leave a test early. A child that the test forked and that returns from the body ends
 * here, instead of becoming a second runner.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "harness/preload/preload.h"

/* Weak: tools that start the binary load us, too, and have no libcriterion. */
#pragma weak criterion_current_test
#pragma weak criterion_current_suite

enum { STACK_CLEARED = 16 * 1024 };

/* Where a failed assertion goes on: the end of the current phase, or the next data point. */
static jmp_buf *escape;

jmp_buf *hn_case_escape_set(jmp_buf *to)
{
    jmp_buf *before = escape;

    escape = to;
    return before;
}

bool hn_case_is_here(void)
{
    return getpid() == hn_preload.test_pid;
}

static bool is_test_thread(void)
{
    return (pid_t)syscall(SYS_gettid) == hn_preload.test_tid;
}

/* Leave from where no longjmp may reach: another thread, or a forked child. */
static void leave_now(void) __attribute__((noreturn));

static void leave_now(void)
{
    if (hn_case_is_here()) {
        hn_record_text(HN_RECORD_NOTE,
                       "an assertion failed in a thread other than the test's: the test ended "
                       "there, without its .fini");
        hn_phase_set(HN_PHASE_ABORTED);
    }
    (void)fflush(NULL);
    hn_coverage_dump();
    _exit(1);
}

HN_INTERPOSE void criterion_abort_test(void)
{
    void (*real)(void);

    if (hn_preload.mode != HN_MODE_FORK) {
        *(void **)&real = hn_real("criterion_abort_test");
        real();
        _exit(1);
    }
    if (!escape || !hn_case_is_here() || !is_test_thread())
        leave_now();
    _longjmp(*escape, 1);
}

/* A child the test forked came back out of the body. */
static void end_forked_child(void)
{
    (void)fflush(NULL);
    _exit(hn_preload.shared->failures ? 1 : 0);
}

static void call_fixture(void (*fixture)(void))
{
    if (fixture)
        fixture();
}

HN_INTERPOSE void criterion_internal_test_setup(void)
{
    const struct criterion_suite *suite = criterion_current_suite;
    jmp_buf here;
    void (*real)(void);

    if (hn_preload.mode != HN_MODE_FORK) {
        *(void **)&real = hn_real("criterion_internal_test_setup");
        real();
        return;
    }
    hn_phase_set(HN_PHASE_SETUP);
    escape = &here;
    if (_setjmp(here)) { /* without its fixture a test has no meaning: end it */
        escape = NULL;
        hn_phase_set(HN_PHASE_ABORTED);
        exit(1);
    }
    if (suite->data)
        call_fixture(suite->data->init);
    call_fixture(criterion_current_test->data->init);
    escape = NULL;
}

static void note_start(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    hn_preload.shared->main_ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
    hn_phase_set(HN_PHASE_MAIN);
}

static void call_body(void (*body)(void))
{
    void (*with_param)(void *);

    if (!criterion_current_test->data->param_) {
        body();
        return;
    }
    memcpy(&with_param, &body, sizeof with_param); /* Criterion's own cast, made without one */
    with_param(hn_preload.param);
}

HN_INTERPOSE void criterion_internal_test_main(void (*body)(void))
{
    jmp_buf here;
    void (*real)(void (*)(void));

    if (hn_preload.mode != HN_MODE_FORK) {
        *(void **)&real = hn_real("criterion_internal_test_main");
        hn_worker_phase(HN_PHASE_MAIN);
        real(body);
        hn_worker_phase(HN_PHASE_TEARDOWN);
        return;
    }
    hn_hooks_run("cr_prt", (void *)(uintptr_t)criterion_current_test);
    note_start();
    escape = &here;
    if (!_setjmp(here))
        call_body(body);
    escape = NULL;
    if (!hn_case_is_here())
        end_forked_child();
    hn_phase_set(HN_PHASE_TEARDOWN);
}

HN_INTERPOSE void criterion_internal_test_teardown(void)
{
    const struct criterion_suite *suite = criterion_current_suite;
    jmp_buf here;
    void (*real)(void);

    if (hn_preload.mode != HN_MODE_FORK) {
        *(void **)&real = hn_real("criterion_internal_test_teardown");
        real();
        return;
    }
    escape = &here;
    if (!_setjmp(here)) {
        call_fixture(criterion_current_test->data->fini);
        if (suite->data)
            call_fixture(suite->data->fini);
    }
    escape = NULL;
}

static void leave_with_text(enum hn_record_kind kind, enum hn_wire_phase phase, const char *text)
    __attribute__((noreturn));

static void leave_with_text(enum hn_record_kind kind, enum hn_wire_phase phase, const char *text)
{
    hn_record_text(kind, text);
    if (!hn_case_is_here()) {
        (void)fflush(NULL);
        _exit(0);
    }
    hn_phase_set(phase);
    exit(0);
}

HN_INTERPOSE void criterion_skip_test(const char *fmt, ...)
{
    char text[2048] = "";
    va_list args;
    void (*real)(const char *, ...);

    va_start(args, fmt);
    if (*fmt)
        (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (hn_preload.mode == HN_MODE_FORK)
        leave_with_text(HN_RECORD_SKIP, HN_PHASE_SKIPPED, text);
    *(void **)&real = hn_real("criterion_skip_test");
    real(*text ? "%s" : "", text);
    _exit(0);
}

HN_INTERPOSE void criterion_test_die(const char *fmt, ...)
{
    char text[2048];
    va_list args;
    void (*real)(const char *, ...);

    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (hn_preload.mode == HN_MODE_FORK)
        leave_with_text(HN_RECORD_ERROR, HN_PHASE_ABORTED, text);
    *(void **)&real = hn_real("criterion_test_die");
    real("%s", text);
    _exit(1);
}

/*
 * What is looked at for pointers at a test's end has this file's frames in it: what earlier calls
 * left on the stack there, and where the test's own frames come to lie, would pass for a pointer to
 * a block that the test lost. So no function with room to spare is inlined, and the rest is
 * cleared.
 */
__attribute__((noinline)) static void clear_stack(void)
{
    char room[STACK_CLEARED];

    explicit_bzero(room, sizeof room);
}

/* A process of its own session, that dies with the lane, with the lane's socket closed. */
__attribute__((noinline)) static void settle(pid_t lane)
{
    sigset_t none;

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != lane)
        _exit(3);
    (void)setsid();
    (void)close(hn_preload.control_fd);
    (void)signal(HN_WIRE_SIGNAL_GONE, SIG_DFL);
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    /* What a test printed before it crashed, hung or left must be there to read, with or without a
     * newline. */
    (void)setvbuf(stdout, NULL, _IONBF, 0);
}

void hn_case_run(const struct hn_item *item, const struct hn_wire_run *run)
{
    settle(getppid());
    hn_preload.test_pid = getpid();
    hn_preload.test_tid = getpid();
    hn_preload.expected_signal = item->test->data->signal;
    hn_preload.may_park = !(run->flags & HN_WIRE_RUN_NO_STACKS);
    hn_preload.param =
        item->params ? (void *)(uintptr_t)(item->params + run->param * item->param_size) : NULL;
    /* libcriterion declares them const for tests; they are plain variables to be set by runners. */
    *(const struct criterion_test **)(uintptr_t)&criterion_current_test = item->test;
    *(const struct criterion_suite **)(uintptr_t)&criterion_current_suite = item->suite;

    if (hn_valgrind_is_here()) /* which opened a log for this process just now */
        hn_fds_remember(-1);
    hn_agent_connect(run);
    hn_isolate(run);
    hn_crash_install();
    hn_ending_watch();
    hn_hooks_run("cr_pri", item->test);
    if (run->flags & HN_WIRE_RUN_LEAKS)
        clear_stack();
    hn_valgrind_begin(run->flags & HN_WIRE_RUN_LEAKS);
    hn_agent_begin(run);
    if (item->test->test)
        item->test->test();
    hn_clean_up();
    if (run->flags & HN_WIRE_RUN_LEAKS)
        clear_stack();
    hn_agent_end(run);
    hn_valgrind_ask(run->flags & HN_WIRE_RUN_LEAKS);
    hn_fds_compare();
    hn_phase_set(HN_PHASE_DONE);
    exit(0);
}

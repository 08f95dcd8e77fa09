/*
 * Mocks: any function the code under test calls, faked by name.
 *
 *     assay_wrap(my_tests read write connect malloc)         # CMakeLists.txt
 *
 *     #include <assay/mock.h>
 *     Test(http, eof_on_first_read)
 *     {
 *         mock_read(.ret = 0);
 *         cr_assert_eq(conn_pump(&c), CONN_CLOSED);
 *     }
 *
 * Five verbs for each function F, their arguments named after F's parameters:
 *   mock_F    a fake: F itself does not run, .ret is returned (0 unless given)
 *   spy_F     F runs, watched, perhaps with altered arguments (.with_X)
 *   fail_F    fails with .err, otherwise F runs
 *   expect_F  a mock that must be met, once unless .times says otherwise
 *   seq_F     answers one call after the other: seq_F({ ... }, { ... })
 * The first rule that matches and is not used up wins; where none does, F runs.
 *
 * Rules end with the test. A rule that was never met fails the test at the rule's own line: a mock
 * that does nothing is a defect of the test. Outside the body of a test nothing is faked, so the
 * runner and coverage counters keep working.
 *
 * Threads: rules may be added and met in any thread.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ASSAY_MOCK_H
#define ASSAY_MOCK_H

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "assay/mock_abi.h"
#include "assay/mock_fault.h"
#include "assay/mock_match.h"

#ifdef __cplusplus
#error "assay/mock.h speaks C: its verbs are designated initialisers of C. Write this test in C."
#endif

/* A wrong type or a name that was not wrapped must not compile. */
#pragma GCC diagnostic error "-Wint-conversion"
#pragma GCC diagnostic error "-Wincompatible-pointer-types"
#pragma GCC diagnostic error "-Wimplicit-function-declaration"
#ifdef __clang__
#pragma GCC diagnostic ignored "-Wgnu-zero-variadic-macro-arguments"
#endif

/*
 * Expectations added inside must be met in the order they stand; everything else stays free.
 *     in_order {
 *         expect_connect();
 *         expect_send(.buf = MEM("HELLO\n", 6), .ret = 6);
 *     }
 */
#define assay_in_order for (bool mk_open_ = mk_order_open(); mk_open_; mk_open_ = mk_order_close())
bool mk_order_open(void);
bool mk_order_close(void);

/*
 * Every call of F that no rule answers fails the test, naming its caller (the real F still runs).
 * Any call at all fails it and F does not run.
 */
#define assay_strict(F) mk_strict(&mk_fn_##F, __FILE__, __LINE__)
#define assay_forbid(F) mk_forbid(&mk_fn_##F, __FILE__, __LINE__)

/*
 * The body must end the process, by exit, _exit, _Exit, quick_exit or abort (wrapped ones), with
 * this code as a parent sees it (of 8 bits; abort: 134); instead the test goes on after the block.
 * What the body holds is not released: it never unwinds.
 *     EXPECT_EXIT(2) { die("no such file"); }
 * A function of your own that does not return runs, and ends by what it calls. With a rule that
 * answers it, or where nothing it could call is wrapped, it ends the body itself: by its first
 * argument if that is an integer.
 *
 * Only the process and the thread that entered the block come out of it. A child that is forked
 * inside ends as it says, or with 0 where it would go on after the block; an exit in another thread
 * fails the test.
 */
/* clang-format off */
#define ASSAY_EXPECT_EXIT(code) MK_TRAP_AT_(__LINE__, code)
#define MK_TRAP_AT_(number, code) MK_TRAP_(mk_trap_, number, code)
#define MK_TRAP_(name, number, code)                                                               \
    for (struct mk_exit_trap name##number __attribute__((cleanup(mk_trap_left))) =                 \
             {.file = __FILE__, .line = __LINE__, .expected = (code), .step = MK_TRAP_SET};        \
         mk_trap_more(&name##number, sigsetjmp(name##number.back, 1));)
/* clang-format on */

enum mk_trap_step { MK_TRAP_SET, MK_TRAP_BODY, MK_TRAP_SPRUNG, MK_TRAP_JUDGED };

struct mk_exit_trap {
    sigjmp_buf back;
    const char *file;
    int line;
    int expected;
    volatile int got; /* -1: the function does not say */
    const char *volatile got_by;
    volatile enum mk_trap_step step;
    pid_t process, thread; /* that entered the block */
    unsigned standing;
    struct mk_exit_trap *outer;
};
bool mk_trap_more(struct mk_exit_trap *trap, int jumped);
/* However the block is left: return and break do not pass mk_trap_more. */
void mk_trap_left(struct mk_exit_trap *trap);

#ifndef ASSAY_LONG_NAMES
#define in_order assay_in_order
#define strict(F) assay_strict(F)
#define forbid(F) assay_forbid(F)
#define EXPECT_EXIT(code) ASSAY_EXPECT_EXIT(code)
#endif

/*
 * For runners other than Criterion: call begin before a test's body and end after it. report is
 * called for every failure, from any thread, and with text NULL for every expectation that was met.
 * With Criterion, assay_wrap() does all this.
 */
typedef void (*assay_mock_report)(const char *file, int line, const char *text);
void assay_mock_begin(assay_mock_report report);
void assay_mock_end(void);    /* judges the expectations, then forgets all rules */
void assay_mock_forget(void); /* forgets all rules without judging */

/* The functions of this target, generated. */
#if defined(__has_include)
#if __has_include("assay/wraps.h")
#include "assay/wraps.h"
#endif
#endif

#endif

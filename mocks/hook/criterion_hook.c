/*
 * Ties mocks to Criterion: compiled into the user's test program by assay_wrap().
 *
 * The linker sends every test's body through here (--wrap=criterion_internal_test_main), so rules
 * begin and end with the body, and an unmet expectation is an assertion that failed inside it. (In
 * .fini it would be printed and the test would still pass.) Parameters of parameterized tests are
 * passed on.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <criterion/event.h>

#include "assay/mock.h"

void __real_criterion_internal_test_main(void (*body)(void));
void __wrap_criterion_internal_test_main(void (*body)(void));

static void (*current_body)(void *);

static void report(const char *file, int line, const char *text)
{
    struct criterion_assert_stats stats = {
        .message = text,
        .passed = false,
        .line = (unsigned)line,
        .file = file,
    };
    if (text)
        criterion_send_assert(&stats);
    else
        cri_asserts_passed_incr();
}

static void run_body(void *parameter)
{
    assay_mock_begin(report);
    current_body(parameter);
    assay_mock_end();
}

void __wrap_criterion_internal_test_main(void (*body)(void))
{
    current_body = (void (*)(void *))body;
    __real_criterion_internal_test_main((void (*)(void))run_body);
    assay_mock_forget(); /* a failed cr_assert jumped over the end */
}

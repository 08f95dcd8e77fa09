/* SPDX-License-Identifier: MIT */
#include "harness/runner/torture.h"

#include <criterion/criterion.h>

#include "harness/runner/watch.h"

Test(torture, the_mocks_log_is_read)
{
    struct hn_torture_log log;

    hn_torture_read(&log, "failed 3 malloc ENOMEM store_put\ncalls 7\n");

    cr_expect(log.has_calls);
    cr_expect_eq(log.calls, 7);
    cr_expect(log.has_failed);
    cr_expect_str_eq(log.failed, "malloc (ENOMEM), called from store_put");
}

Test(torture, names_that_nothing_wraps_are_collected)
{
    struct hn_torture_log log;

    hn_torture_read(&log, "unwrapped opn\nunwrapped writev\ncalls 0\n");

    cr_expect_str_eq(log.unwrapped, "opn, writev");
}

Test(torture, garbage_in_the_log_is_nothing)
{
    static const char *const texts[] = {"",         "\n\n",          "calls",
                                        "calls x",  "failed",        "failed 3 malloc",
                                        "\xff\xfe", "callsfailed 1", "unwrapped"};

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct hn_torture_log log;
        hn_torture_read(&log, texts[i]);
        cr_expect_not(log.has_calls || log.has_failed || log.unwrapped[0], "%s", texts[i]);
    }
}

Test(watch, sources_are_told_from_products)
{
    cr_expect(hn_watch_is_source("x.c"));
    cr_expect(hn_watch_is_source("CMakeLists.txt"));
    cr_expect(hn_watch_is_source("a.snap"));
    cr_expect_not(hn_watch_is_source("x.o"));
    cr_expect_not(hn_watch_is_source(".x.c.swp"));
    cr_expect_not(hn_watch_is_source(".#x.c"));
    cr_expect_not(hn_watch_is_source("4913"));
}

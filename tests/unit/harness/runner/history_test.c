/* SPDX-License-Identifier: MIT */
#include "harness/runner/history.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/harness/runner/runner_plan_support.h"

static const char *const ids[] = {"s/a", "s/b with space", NULL};

static const char golden[] = "assay-history 2\n"
                             "t fail 1.500000 7 bin/s/a\n"
                             "t pass 0.250000 6 bin/s/b with space\n"
                             "t pass 9.000000 5 other/s/a\n";

static unsigned apply(struct hn_plan *plan, const char *text, size_t size)
{
    return hn_history_apply(plan, (struct pf_bytes){text, size});
}

Test(history, a_good_file_is_applied)
{
    struct hn_plan plan = ts_plan(ids);

    cr_expect_eq(apply(&plan, golden, strlen(golden)), 0);

    cr_expect(plan.tests[0].last_failed);
    cr_expect_eq(plan.tests[0].last_duration_s, 1.5);
    cr_expect_not(plan.tests[1].last_failed);
    cr_expect_eq(plan.tests[1].last_duration_s, 0.25);
    cr_expect_eq(plan.tests[0].last_stamp, 7);
    cr_expect_eq(plan.tests[1].last_stamp, 6);
    hn_plan_fini(&plan);
}

Test(history, without_one_everything_is_new)
{
    struct hn_plan plan = ts_plan(ids);

    cr_expect_eq(apply(&plan, "", 0), 0);
    cr_expect_eq(plan.tests[0].last_stamp, 0);
    cr_expect_lt(plan.tests[0].last_duration_s, 0);
    hn_plan_fini(&plan);
}

Test(history, a_file_cut_anywhere_does_no_harm)
{
    struct hn_plan plan = ts_plan(ids);

    for (size_t cut = 0; cut < strlen(golden); cut++) {
        char *copy = malloc(cut + 1);
        memcpy(copy, golden, cut);
        (void)apply(&plan, copy, cut);
        free(copy);
    }
    hn_plan_fini(&plan);
}

Test(history, hostile_lines_are_counted_and_left_out)
{
    static const char *const lines[] = {"x\n",
                                        "t\n",
                                        "t pass\n",
                                        "t pass x 7 y\n",
                                        "t pass -1 7 y\n",
                                        "t pass nan 7 y\n",
                                        "t pass 1 zz y\n",
                                        "t pass 1 7\n",
                                        "b 7 ./bin\n",
                                        "\n"};
    char text[128];

    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct hn_plan plan = ts_plan(ids);
        int size = snprintf(text, sizeof text, "assay-history 2\n%s", lines[i]);
        cr_expect_eq(apply(&plan, text, (size_t)size), 1, "%s", lines[i]);
        hn_plan_fini(&plan);
    }
}

static void write_file(char path[64], const char *text)
{
    (void)strcpy(path, "/tmp/assay-history-XXXXXX");
    FILE *file = fdopen(mkstemp(path), "w");

    (void)fputs(text, file);
    (void)fclose(file);
}

/* Of a run of one test in a new binary: the other still has to run there. */
Test(history, a_test_that_did_not_run_keeps_its_old_binary)
{
    char path[64];
    struct hn_plan plan = ts_plan(ids), again = ts_plan(ids);
    struct pf_err err = {0};

    write_file(path, golden);
    (void)hn_history_load(&plan, path);
    plan.binaries[0].stamp = 8;
    struct hn_attempt attempt = {.status = HN_PASS, .duration_s = 0.5};
    plan.tests[1].attempts = &attempt;
    plan.tests[1].status = HN_PASS;
    cr_assert(hn_history_save(&plan, path, &err), "%s", err.text);

    cr_expect_eq(hn_history_load(&again, path), 0);
    cr_expect_eq(again.tests[0].last_stamp, 7);
    cr_expect(again.tests[0].last_failed);
    cr_expect_eq(again.tests[1].last_stamp, 8);
    (void)unlink(path);
    hn_plan_fini(&plan);
    hn_plan_fini(&again);
}

Test(history, files_put_together_balance_as_one)
{
    char path[64];
    struct hn_plan plan = ts_plan(ids);
    struct pf_err err = {0};

    write_file(path, "assay-history 2\nt pass 1.5 7 bin/s/a\n"
                     "assay-history 2\nt pass 2.5 7 bin/s/b with space\n");

    cr_assert(hn_history_balance(&plan, path, &err), "%s", err.text);
    cr_expect_eq(plan.tests[0].balance_s, 1.5);
    cr_expect_eq(plan.tests[1].balance_s, 2.5);
    cr_expect_lt(plan.tests[0].last_duration_s, 0, "it is not this machine's memory");
    (void)unlink(path);
    hn_plan_fini(&plan);
}

Test(history, what_cannot_balance_is_refused)
{
    static const char *const texts[] = {"", "garbage", "assay-history 2\ngarbage\n"};

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char path[64];
        struct hn_plan plan = ts_plan(ids);
        struct pf_err err = {0};
        write_file(path, texts[i]);
        cr_expect_not(hn_history_balance(&plan, path, &err), "%s", texts[i]);
        (void)unlink(path);
        cr_expect_not(hn_history_balance(&plan, path, &err), "there is no file");
        cr_expect(strstr(err.text, "--balance"), "%s", err.text);
        hn_plan_fini(&plan);
    }
}

Test(history, what_is_saved_is_read_again_and_strangers_stay)
{
    char path[64];
    struct hn_plan plan = ts_plan(ids), again = ts_plan(ids);
    struct pf_err err = {0};

    write_file(path, golden);
    struct hn_attempt attempt = {.status = HN_CRASH, .duration_s = 0.5};
    plan.tests[1].attempts = &attempt;
    plan.tests[1].status = HN_CRASH;
    cr_assert(hn_history_save(&plan, path, &err), "%s", err.text);

    cr_expect_eq(hn_history_load(&again, path), 0);
    cr_expect(again.tests[1].last_failed);
    cr_expect_eq(again.tests[1].last_duration_s, 0.5);
    char text[1024] = "";
    FILE *file = fopen(path, "r");
    cr_expect_gt(fread(text, 1, sizeof text - 1, file), 0);
    (void)fclose(file);
    cr_expect_not_null(strstr(text, "t pass 9.000000 5 other/s/a\n"));
    (void)unlink(path);
    hn_plan_fini(&plan);
    hn_plan_fini(&again);
}

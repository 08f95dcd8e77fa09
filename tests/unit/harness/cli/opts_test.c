/* SPDX-License-Identifier: MIT */
#include "harness/cli/opts.h"

#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <string.h>

enum { OPT_FORMAT = 256, OPT_QUIET };

static int run_nothing(const struct hn_verb *verb, int argc, char **argv)
{
    (void)verb, (void)argc, (void)argv;
    return 0;
}

static const struct hn_opt table[] = {
    {'p', "pid", "PID", "Process.\nSecond line."},
    {OPT_FORMAT, "format", "F", "Format."},
    {OPT_QUIET, "quiet", NULL, "Say less."},
    {0, NULL, NULL, NULL},
};
static const char *const examples[] = {"assay try -p 1", "tries", NULL};
static const struct hn_verb verb = {"try", "tries it", "-p PID\n-- CMD", "About it.",
                                    table, examples,   run_nothing};

static struct hn_opts parse(char **words)
{
    struct hn_opts opts;
    int count = 0;

    while (words[count])
        count++;
    hn_opts_init(&opts, &verb, count, words);
    return opts;
}

TestSuite(opts, .init = cr_redirect_stderr);

Test(opts, values_come_attached_or_as_the_next_word)
{
    char *words[] = {"-p", "1", "-p2", "--pid=3", "--pid", "4", NULL};
    static const char *const expected[] = {"1", "2", "3", "4"};
    char *copies[sizeof words / sizeof *words];

    memcpy(copies, words, sizeof words);
    struct hn_opts opts = parse(copies);
    for (unsigned i = 0; i < 4; i++) {
        cr_assert_eq(hn_opts_next(&opts), 'p');
        cr_assert_str_eq(opts.value, expected[i]);
    }
    cr_assert_eq(hn_opts_next(&opts), HN_OPT_END);
}

Test(opts, operands_keep_their_order_between_options)
{
    char *words[] = {"a", "--quiet", "b", "-", NULL};
    struct hn_opts opts = parse(words);

    cr_assert_eq(hn_opts_next(&opts), OPT_QUIET);
    cr_assert_eq(hn_opts_next(&opts), HN_OPT_END);
    cr_assert_eq(opts.operand_count, 3);
    cr_assert_str_eq(opts.operands[0], "a");
    cr_assert_str_eq(opts.operands[1], "b");
    cr_assert_str_eq(opts.operands[2], "-");
    cr_assert_null(opts.command);
}

Test(opts, command_after_two_dashes_is_left_alone)
{
    char *words[] = {"--quiet", "--", "server", "--quiet", NULL};
    struct hn_opts opts = parse(words);

    cr_assert_eq(hn_opts_next(&opts), OPT_QUIET);
    cr_assert_eq(hn_opts_next(&opts), HN_OPT_END);
    cr_assert_str_eq(opts.command[0], "server");
    cr_assert_str_eq(opts.command[1], "--quiet");
    cr_assert_null(opts.command[2]);
}

Test(opts, wrong_words_are_refused)
{
    static char *const table_of_wrong[][3] = {
        {"--nope", NULL}, {"-z", NULL},       {"--quiet=1", NULL},
        {"--pid", NULL},  {"-p", "--", NULL}, {"--form", "x", NULL},
    };

    for (unsigned i = 0; i < sizeof table_of_wrong / sizeof *table_of_wrong; i++) {
        char *words[3];
        memcpy(words, table_of_wrong[i], sizeof words);
        struct hn_opts opts = parse(words);
        cr_expect_eq(hn_opts_next(&opts), HN_OPT_BAD, "row %u", i);
    }
}

Test(opts, numbers_are_read_whole_and_in_range)
{
    static const struct {
        const char *text;
        bool ok;
    } rows[] = {{"1", true}, {"100", true}, {"0", false},  {"101", false},
                {"", false}, {"1x", false}, {"-1", false}, {"99999999999999999999999", false}};

    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *words[] = {"--pid", (char *)(uintptr_t)rows[i].text, NULL};
        struct hn_opts opts = parse(words);
        uint64_t value = 0;
        (void)hn_opts_next(&opts);
        cr_expect_eq(hn_opts_u64(&opts, 1, 100, &value), rows[i].ok, "row %u", i);
    }
}

Test(opts, seconds_take_units)
{
    static const struct {
        const char *text;
        double seconds;
    } rows[] = {{"2", 2},    {"0.5", 0.5}, {"500ms", 0.5}, {"3s", 3},
                {"2m", 120}, {"nan", -1},  {"1h", -1}};

    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *words[] = {"--pid", (char *)(uintptr_t)rows[i].text, NULL};
        struct hn_opts opts = parse(words);
        double value = -1;
        (void)hn_opts_next(&opts);
        (void)!hn_opts_seconds(&opts, 0, 1000, &value);
        cr_expect_float_eq(value, rows[i].seconds, 1e-9, "row %u", i);
    }
}

static int take_until_quiet(const struct hn_opts *opts, int key, void *to)
{
    *(unsigned *)to += 1;
    return key == OPT_QUIET ? hn_opts_usage(opts, "quiet is not wanted") : 0;
}

Test(opts, taking_ends_with_the_first_status_that_is_not_zero)
{
    static const struct {
        const char *words[4];
        bool goes_on;
        int status;
        unsigned taken;
    } cases[] = {
        {{"-p", "1", "x", NULL}, true, 0, 1},
        {{"-p1", "--quiet", "-p2", NULL}, false, 2, 2},
        {{"-p1", "--nonsense", "-p2", NULL}, false, 2, 1},
    };

    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        char copies[3][16] = {"", "", ""};
        char *words[4] = {NULL};
        for (int at = 0; cases[i].words[at]; at++) {
            (void)snprintf(copies[at], sizeof copies[at], "%s", cases[i].words[at]);
            words[at] = copies[at];
        }
        struct hn_opts opts = parse(words);
        unsigned taken = 0;
        int status = -1;
        cr_assert_eq(hn_opts_take(&opts, take_until_quiet, &taken, &status), cases[i].goes_on);
        cr_assert_eq(status, cases[i].status, "case %u", i);
        cr_assert_eq(taken, cases[i].taken, "case %u", i);
    }
}

Test(opts, help_ends_taking_with_success)
{
    char option[] = "--help";
    char *words[] = {option, NULL};
    struct hn_opts opts = parse(words);
    unsigned taken = 0;
    int status = -1;

    cr_redirect_stdout();

    cr_assert(!hn_opts_take(&opts, take_until_quiet, &taken, &status));
    cr_assert_eq(status, 0);
    cr_assert_eq(taken, 0);
}

Test(opts, help_and_man_page_name_every_option)
{
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);

    hn_help_print(&verb, to);
    hn_help_man(&verb, to);
    (void)fclose(to);
    cr_assert_not_null(strstr(text, "usage: assay try -p PID\n       assay try -- CMD\n"));
    cr_assert_not_null(strstr(text, "-p, --pid PID"));
    cr_assert_not_null(strstr(text, "--format F"));
    cr_assert_not_null(strstr(text, ".B \\-\\-quiet"));
    free(text);
}

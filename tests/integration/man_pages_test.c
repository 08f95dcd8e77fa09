/*
 * Every verb has a man page; readers of man's language accept it; it tells what --help tells.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/command.h"

#define PAGES ASSAY_BINARY_DIR "/man"

enum { VERBS_MAX = 64, NAME_MAX_SIZE = 32 };

struct names {
    char at[VERBS_MAX][NAME_MAX_SIZE];
    unsigned count;
};

static struct names list_verbs(void)
{
    struct ts_result listed = ts_run("assay --verbs | cut -f1");
    struct names names = {0};
    char *save = NULL;

    cr_assert_eq(listed.status, 0);
    for (char *name = strtok_r((char *)(uintptr_t)ts_out(&listed), "\n", &save); name;
         name = strtok_r(NULL, "\n", &save)) {
        cr_assert_lt(names.count, VERBS_MAX);
        (void)snprintf(names.at[names.count++], NAME_MAX_SIZE, "%s", name);
    }
    ts_result_fini(&listed);
    return names;
}

static void expect_accepted(const char *page)
{
    struct ts_result lint = ts_run("mandoc -T lint -W warning %s", page);

    cr_expect_eq(lint.status, 0, "%s: %s%s", page, ts_out(&lint), ts_err(&lint));
    ts_result_fini(&lint);
}

/* Each "--name" a line of verb's help begins with, also's too, that the rendered page has not. */
static struct ts_result missing_options(const char *verb, const char *also)
{
    return ts_run("cd %s && mandoc -T ascii -O width=200 " PAGES
                  "/assay-%s.1 | sed 's/.\b//g' > page;"
                  "{ assay %s --help; echo '%s'; }"
                  " | sed -nE 's/^  (-., |    )(--[a-z0-9-]+).*/\\2/p' > options;"
                  "test -s options || echo no options;"
                  "while read -r option; do grep -qE -- \"^ +(-., )?$option( |\\$)\" page"
                  " || echo \"$option\"; done < options",
                  ts_temp_dir(), verb, verb, also);
}

Test(man_pages, every_verb_has_one_without_a_warning)
{
    struct names verbs = list_verbs();
    char page[512];

    cr_assert_geq(verbs.count, 9);
    for (unsigned i = 0; i < verbs.count; i++) {
        (void)snprintf(page, sizeof page, PAGES "/assay-%s.1", verbs.at[i]);
        expect_accepted(page);
    }
    expect_accepted(PAGES "/assay.1");
}

Test(man_pages, name_every_option_of_help)
{
    struct names verbs = list_verbs();

    for (unsigned i = 0; i < verbs.count; i++) {
        struct ts_result missing = missing_options(verbs.at[i], "");
        cr_expect_eq(missing.status, 0);
        cr_expect_str_eq(ts_out(&missing), "", "assay-%s.1 lacks: %s", verbs.at[i],
                         ts_out(&missing));
        ts_result_fini(&missing);
    }
}

Test(man_pages, the_check_for_options_sees_one_that_is_missing)
{
    struct ts_result missing = missing_options("test", "      --no-such-option X  none");

    cr_expect_str_eq(ts_out(&missing), "--no-such-option\n");
    ts_result_fini(&missing);
}

Test(man_pages, the_overview_names_every_verb)
{
    struct names verbs = list_verbs();

    for (unsigned i = 0; i < verbs.count; i++) {
        struct ts_result found =
            ts_run("grep -c 'BR assay\\\\-%s (1)' " PAGES "/assay.1", verbs.at[i]);
        cr_expect_str_eq(ts_out(&found), "2\n", "%s: %s", verbs.at[i], ts_out(&found));
        ts_result_fini(&found);
    }
}

Test(man_pages, man_without_a_verb_says_where_they_are)
{
    struct ts_result none = ts_run("assay --man");
    struct ts_result other = ts_run("assay --man nothing");

    cr_expect_eq(none.status, 2);
    cr_expect_eq(other.status, 2);
    cr_expect_not_null(strstr(ts_err(&other), "assay --verbs"), "%s", ts_err(&other));
    ts_result_fini(&none);
    ts_result_fini(&other);
}

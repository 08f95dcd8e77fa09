/*
 * What README and docs show is what compiles.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>

#include "tests/support/command.h"

/* Each block of C that includes this header is a whole file. */
static void check_examples(const char *document, const char *header)
{
    struct ts_result result =
        ts_run("cd %s && rm -f example*.c && awk '/^```c$/ {count++; inside "
               "= 1; next} /^```$/ {inside = 0}"
               " inside {print > (\"example\" count \".c\")}' %s/%s && "
               "files=$(grep -l '%s' example*.c) && [ -n "
               "\"$files\" ] && for file in $files; do "
               "cc -std=gnu17 -Wall -Wextra -Werror -fsyntax-only "
               "-I%s/harness/include $file || exit 1; done",
               ts_temp_dir(), ASSAY_SOURCE_DIR, document, header, ASSAY_SOURCE_DIR);

    cr_expect_eq(result.status, 0, "%s: %s", document, ts_err(&result));
    ts_result_fini(&result);
}

Test(docs_examples, of_the_readme_compile)
{
    check_examples("README.md", "assay/short.h");
}

Test(docs_examples, of_testing_a_server_compile)
{
    check_examples("docs/testing-a-server.md", "assay/short.h");
}

Test(docs_examples, of_running_tests_compile)
{
    check_examples("docs/running-tests.md", "criterion/criterion.h");
}

/* Every option the page names is one. */
Test(docs_examples, options_of_running_tests_exist)
{
    struct ts_result run =
        ts_run("cd %s && assay test --help > help; grep -oE -- '`-[-a-z]+' "
               "$SRC/docs/running-tests.md | "
               "grep -v -e '`-Wl' -e '`-D' -e 'gc-sections' | tr -d '`' | sort -u | "
               "while read -r option; do grep -qE -- \"(^|[ ,])$option([ ,]|$)\" help || "
               "echo \"$option\"; done",
               ts_temp_dir());

    cr_expect_eq(run.status, 0);
    cr_expect_str_eq(ts_out(&run), "");
}

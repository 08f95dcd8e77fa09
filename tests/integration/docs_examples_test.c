/*
 * What README and docs show is what compiles.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>

#include "tests/support/command.h"

/* Each block of C that includes the short names is a whole file. */
static void check_examples(const char *document)
{
    struct ts_result result = ts_run("cd %s && rm -f example*.c && awk '/^```c$/ {count++; inside "
                                     "= 1; next} /^```$/ {inside = 0}"
                                     " inside {print > (\"example\" count \".c\")}' %s/%s && "
                                     "files=$(grep -l 'assay/short.h' example*.c) && [ -n "
                                     "\"$files\" ] && for file in $files; do "
                                     "cc -std=gnu17 -Wall -Wextra -Werror -fsyntax-only "
                                     "-I%s/harness/include $file || exit 1; done",
                                     ts_temp_dir(), ASSAY_SOURCE_DIR, document, ASSAY_SOURCE_DIR);

    cr_expect_eq(result.status, 0, "%s: %s", document, ts_err(&result));
    ts_result_fini(&result);
}

Test(docs_examples, of_the_readme_compile)
{
    check_examples("README.md");
}

Test(docs_examples, of_testing_a_server_compile)
{
    check_examples("docs/testing-a-server.md");
}

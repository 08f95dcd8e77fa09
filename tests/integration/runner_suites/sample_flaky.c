/*
 * Fails unless it is a retry, or unless a file says otherwise.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <unistd.h>

Test(flaky, passes_on_retry)
{
    cr_assert_not_null(getenv("ASSAY_ATTEMPT"), "first attempt");
}

Test(flaky, never_passes)
{
    cr_assert(0, "always");
}

Test(flaky, steady)
{
    cr_assert(1);
}

Test(flaky, as_file_says)
{
    const char *path = getenv("FLAKY_FILE");

    cr_assert(!path || access(path, F_OK) != 0, "the file is there");
}

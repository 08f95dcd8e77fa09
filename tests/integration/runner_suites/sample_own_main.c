/* A suite with a main of its own that runs Criterion. SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <stdio.h>

Test(own_main, pass)
{
    cr_assert(1);
}

int main(int argc, char **argv)
{
    struct criterion_test_set *tests = criterion_initialize();
    int result = 0;

    printf("garbage from main\n");
    if (criterion_handle_args(argc, argv, true))
        result = !criterion_run_all_tests(tests);
    criterion_finalize(tests);
    return result;
}

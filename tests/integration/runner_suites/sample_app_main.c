/* Tests linked with an application's main: nothing would run. SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <stdio.h>

Test(app_main, never_runs)
{
    cr_assert(0);
}

int main(void)
{
    puts("APP MAIN");
    return 0;
}

/*
 * Breaks before its tests can be listed, in the way BROKEN says.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int is_broken(const char *how)
{
    const char *wanted = getenv("BROKEN");

    return wanted && strcmp(wanted, how) == 0;
}

__attribute__((constructor)) static void start(void)
{
    if (is_broken("crash"))
        abort();
    while (is_broken("hang"))
        pause();
    if (is_broken("exit"))
        exit(5);
    if (is_broken("fork") || is_broken("fork_twice"))
        (void)fork();
    if (is_broken("fork_twice"))
        (void)fork();
    if (is_broken("close"))
        for (int fd = 0; fd < 100000; fd++)
            close(fd);
    if (is_broken("garbage"))
        for (int i = 0; i < 100000; i++)
            printf("\x01\xff garbage %d\n", i);
}

ParameterizedTestParameters(broken, params)
{
    static int values[] = {1};

    if (is_broken("params"))
        abort();
    return cr_make_param_array(int, values, 1);
}

ParameterizedTest(int *value, broken, params)
{
    cr_assert_eq(*value, 1);
}

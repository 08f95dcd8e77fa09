/*
 * A test that fails, and one that waits for a child as long as WAITING_SECONDS says: what Ctrl-C
 * meets.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

Test(waiting, fails_first)
{
    cr_assert(0, "told before the end");
}

Test(waiting, waits_for_its_child)
{
    pid_t child = fork();

    if (child == 0) {
        execlp("sleep", "sleep", getenv("WAITING_SECONDS"), (char *)NULL);
        _exit(1);
    }
    waitpid(child, NULL, 0);
}

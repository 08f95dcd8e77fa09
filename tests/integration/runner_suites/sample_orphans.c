/*
 * Leaves a daemon and a file behind while it waits to be killed.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

Test(orphans, daemon_and_file)
{
    char path[256];

    (void)snprintf(path, sizeof path, "%s/file", getenv("TMPDIR"));
    fclose(fopen(path, "w"));
    if (fork() == 0) {
        (void)setsid();
        if (fork() == 0)
            (void)execlp("sleep", "sleep", "3863", (char *)NULL);
        _exit(0);
    }
    for (;;)
        (void)pause();
}

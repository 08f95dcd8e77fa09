/*
 * A program whose coverage data is written by a libgcov that is wrapped like the rest of it.
 *
 * SPDX-License-Identifier: MIT
 */
#include <assay/mock.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

int covered(const char *path);

static void report(const char *file, int line, const char *text)
{
    if (!text)
        return;
    fprintf(stderr, "%s:%d: %s\n", file, line, text);
}

int main(void)
{
    assay_mock_begin(report);
    fail_open(.err = EACCES);
    fail_fcntl(.err = EBADF, .optional = true);
    mock_write(.ret = 0, .optional = true);
    if (covered("/etc/passwd") != -1)
        return 1;
    exit(0); /* inside the body: the rules are still there when libgcov opens its files */
}

/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>

#include "sample_ends.h"

_Noreturn void die(const char *why)
{
    fprintf(stderr, "%s\n", why);
    exit(9);
}

_Noreturn void quit(int code)
{
    exit(code);
}

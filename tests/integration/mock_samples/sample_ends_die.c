/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
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

_Noreturn void give_up(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    exit(8);
}

/* SPDX-License-Identifier: MIT */
#include "sample_log.h"

#include <stdarg.h>
#include <stdio.h>

char log_last[256];

int log_put(int level, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    int size = vsnprintf(log_last, sizeof log_last, format, args);
    va_end(args);
    return size + level;
}

double log_scale(double factor, const char *what, ...)
{
    va_list args;
    double sum = 0;

    va_start(args, what);
    for (; *what; what++)
        sum += *what == 'd' ? va_arg(args, double) : va_arg(args, int);
    va_end(args);
    return sum * factor;
}

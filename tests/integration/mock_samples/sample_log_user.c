/* SPDX-License-Identifier: MIT */
#include "sample_log.h"

/* Arguments in registers of both kinds and on the stack. */
int log_user_report(int a, double b)
{
    return log_put(3, "%d %.2f %s %d %d %d %d %d %.1f", a, b, "six", 4, 5, 6, 7, 8, b * 2);
}

double log_user_scale(void)
{
    return log_scale(2.0, "didi", 1.5, 2, 3.5, 4);
}

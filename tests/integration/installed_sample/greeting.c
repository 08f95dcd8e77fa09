/* SPDX-License-Identifier: MIT */
#include "greeting.h"

#include <stdio.h>
#include <stdlib.h>

const char *greeting(void)
{
    static char text[64];
    const char *name = getenv("GREET");

    (void)snprintf(text, sizeof text, "hello, %s", name ? name : "world");
    return text;
}

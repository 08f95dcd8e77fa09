/* A shared library that calls libc. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "sample_parser.h"

char *plugin_home(void)
{
    const char *home = getenv("PLUGIN_HOME");
    size_t size = home ? strlen(home) + 1 : 0;
    char *copy = home ? malloc(size) : NULL;

    return copy ? memcpy(copy, home, size) : NULL;
}

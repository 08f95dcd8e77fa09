/*
 * Any bytes as a mangled name.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/symbol/demangle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char out[PF_DEMANGLED_MAX];
    char *symbol = strndup((const char *)data, size);

    (void)pf_demangle(symbol ? symbol : "", out, sizeof out);
    free(symbol);
    return 0;
}

/*
 * Suppression files, and every template of them against a name.
 *
 * SPDX-License-Identifier: MIT
 */
#include "profiler/leak/leak_suppress.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pf_leak_suppress list = {0};
    struct pf_err err = {0};

    if (pf_leak_suppress_parse(&list, (struct pf_bytes){data, size}, "fuzz", &err))
        (void)pf_leak_suppress_matches(&list, "function", "dir/file.c", "/lib/object.so");
    pf_leak_suppress_fini(&list);
    return 0;
}

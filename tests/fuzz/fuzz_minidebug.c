/*
 * Any bytes as .gnu_debugdata.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdint.h>

#include "profiler/symbol/minidebug.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pf_buf unpacked = {0};
    struct pf_err err;

    (void)pf_minidebug_unpack(&unpacked, (struct pf_bytes){data, size}, &err);
    pf_buf_fini(&unpacked);
    return 0;
}

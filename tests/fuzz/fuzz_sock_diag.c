/* SPDX-License-Identifier: MIT */
#include <stdint.h>

#include "harness/server/sock_diag.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hn_listeners out = {0};
    struct pf_err err = {0};
    bool done = false;

    (void)!hn_listeners_parse(&out, (struct pf_bytes){data, size}, &done, &err);
    hn_listeners_fini(&out);
    return 0;
}

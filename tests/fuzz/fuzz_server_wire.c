/* SPDX-License-Identifier: MIT */
#include <stdint.h>

#include "harness/server/server_wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hn_server_spec spec;
    struct pf_err err = {0};

    if (hn_server_spec_decode(&spec, (struct pf_bytes){data, size}, &err)) {
        struct pf_buf again = {0};
        hn_server_spec_encode(&again, &spec);
        pf_buf_fini(&again);
    }
    return 0;
}

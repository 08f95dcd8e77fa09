/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/fuzz_report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_reader(pf_folded_read, data, size);
    return 0;
}

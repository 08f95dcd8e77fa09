/* Any text as a catalogue of functions. SPDX-License-Identifier: MIT */
#include <stdint.h>

#include "mocks/generator/gen_catalogue.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mk_gen_catalogue catalogue = {0};
    struct pf_err err = {0};

    if (mk_gen_catalogue_parse(&catalogue, (struct pf_bytes){data, size}, "fuzz", &err))
        (void)mk_gen_catalogue_find(&catalogue, "read");
    mk_gen_catalogue_fini(&catalogue);
    return 0;
}

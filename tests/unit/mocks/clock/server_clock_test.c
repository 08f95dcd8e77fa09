/* SPDX-License-Identifier: MIT */
#include "assay/server_clock.h"

#include <criterion/criterion.h>
#include <string.h>
#include <unistd.h>

Test(server_clock, moves_as_told_and_leaves_nothing)
{
    struct assay_server_clock clock = {0};

    cr_assert(assay_server_clock_open(&clock, 1000, 0));
    const char *path = strchr(clock.env, '=') + 1;
    cr_assert_eq(access(path, F_OK), 0);
    cr_assert_eq(assay_server_clock_waiting(&clock), 0);
    cr_assert(assay_server_clock_advance_ms(&clock, 500));
    cr_assert_eq(assay_server_clock_now_ms(&clock), 1500);
    char kept[96];
    strcpy(kept, path);
    assay_server_clock_close(&clock);
    cr_assert_neq(access(kept, F_OK), 0);
    assay_server_clock_close(&clock);
}

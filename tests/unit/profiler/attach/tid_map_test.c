/* SPDX-License-Identifier: MIT */
#include "profiler/attach/tid_map.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

Test(tid_map, what_was_put_is_found_and_what_was_removed_is_not)
{
    struct pf_tid_map map = {0};

    cr_expect_eq(pf_tid_map_find(&map, 5), PF_TID_NONE);
    pf_tid_map_remove(&map, 5);
    pf_tid_map_put(&map, 5, 50);
    pf_tid_map_put(&map, 5, 51);
    pf_tid_map_put(&map, 0, 1);
    cr_expect_eq(pf_tid_map_find(&map, 5), 51u);
    cr_expect_eq(map.count, 1u);
    pf_tid_map_remove(&map, 5);
    cr_expect_eq(pf_tid_map_find(&map, 5), PF_TID_NONE);
    cr_expect_eq(map.count, 0u);
    pf_tid_map_fini(&map);
}

/* Against an array indexed by id: enough removals that chains are broken and mended everywhere. */
Test(tid_map, agrees_with_a_plain_array_through_churn)
{
    enum { IDS = 3000, STEPS = 200000 };
    static uint32_t truth[IDS + 1];
    struct pf_tid_map map = {0};
    uint64_t random = 88172645463325252;

    memset(truth, 0xff, sizeof truth);
    for (uint32_t step = 0; step < STEPS; step++) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        pid_t tid = (pid_t)(random % IDS) + 1;
        if (random >> 40 & 1) {
            pf_tid_map_put(&map, tid, step);
            truth[tid] = step;
        } else {
            pf_tid_map_remove(&map, tid);
            truth[tid] = PF_TID_NONE;
        }
    }
    for (pid_t tid = 1; tid <= IDS; tid++)
        cr_assert_eq(pf_tid_map_find(&map, tid), truth[tid], "%d", (int)tid);
    pf_tid_map_fini(&map);
}

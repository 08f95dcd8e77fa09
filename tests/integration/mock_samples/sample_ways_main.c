/*
 * Waits in every way, 5 s each, and says how long each took by its clock.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>

#include "sample_timed.h"

int main(void)
{
    for (const struct timed_way *way = timed_ways; way->name; way++) {
        int64_t before_ms = timed_now_ms();
        bool ok = way->wait(5000);
        printf("%s %s %lld\n", way->name, ok ? "ok" : "FAILED",
               (long long)(timed_now_ms() - before_ms));
        (void)fflush(stdout);
    }
    return 0;
}

/*
 * A program without a dynamic loader: no agent can be in it. Works for a while.
 *
 * SPDX-License-Identifier: MIT
 */
#include <time.h>

enum { WORK_MS = 1200, CLOCKS_A_MS = CLOCKS_PER_SEC / 1000 };

int main(void)
{
    clock_t end = clock() + (clock_t)WORK_MS * CLOCKS_A_MS;

    while (clock() < end)
        for (volatile int i = 0; i < 100000; i++)
            continue;
    return 0;
}

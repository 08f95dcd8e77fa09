/*
 * What a test's own tools hold (a server, a connection, a cache) is let go before `assay test`
 * looks for what the test left behind; it would be taken for the test's.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ASSAY_AT_END_H
#define ASSAY_AT_END_H

#include <stdlib.h>

/* Provided by the runner; absent when the binary runs on its own. */
extern void assay_runner_at_end(void (*clean)(void)) __attribute__((weak));

/*
 * Call clean when the test of this process has ended, the latest registered first.
 *
 * It is called again at exit, which is the only time without the runner, after a skip or an exit()
 * in the test: with nothing left to let go it must do nothing.
 */
static inline void assay_at_end(void (*clean)(void))
{
    (void)atexit(clean);
    if (assay_runner_at_end)
        assay_runner_at_end(clean);
}

#endif

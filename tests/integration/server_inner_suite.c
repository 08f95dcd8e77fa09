/*
 * Tests that end badly under Criterion's own runner, each with a server: run by
 * server_endings_test.c, which looks at what is left.
 *
 * SPDX-License-Identifier: MIT
 */
#include <assay/test.h>
#include <stdlib.h>
#include <unistd.h>

#include <assay/short.h>

SERVER(family, .argv = {NAUGHTY_BINARY, "family", "{name}-inner-suite"}, .ready = ready_http("/"),
       .stop_ms = 300);

Test(inner, passes)
{
    http(family, get("/"), expect(200));
}

Test(inner, fails)
{
    http(family, get("/"), expect(500));
}

Test(inner, crashes)
{
    http(family, get("/"), expect(200));
    abort();
}

Test(inner, hangs, .timeout = 1)
{
    http(family, get("/"), expect(200));
    for (;;)
        (void)pause();
}

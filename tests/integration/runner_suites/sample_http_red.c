/*
 * A test of a server that is red: what its tools hold is not its own.
 *
 * SPDX-License-Identifier: MIT
 */
#include <assay/short.h>
#include <assay/test.h>

SERVER(api, .argv = {API_BINARY}, .ready = ready_http("/healthz"));

Test(red, asks_for_too_much)
{
    http(api, get("/healthz"), expect(204));
}

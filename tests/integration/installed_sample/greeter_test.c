/*
 * A server under test, and a function of its own with what it calls mocked.
 *
 * SPDX-License-Identifier: MIT
 */
#include <assay/mock.h>
#include <assay/test.h>

#include <assay/short.h>

#include "greeting.h"

SERVER(greeter, .argv = {GREETER}, .env = {"GREET=you"}, .ready = ready_listening());

Test(greeter, greets_over_http)
{
    http(greeter, get("/"), expect(200), expect_body("hello, you"));
}

Test(greeting, greets_whom_the_environment_names)
{
    mock_getenv(.name = STR("GREET"), .ret = "mock");

    cr_assert_str_eq(greeting(), "hello, mock");
}

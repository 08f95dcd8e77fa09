/* SPDX-License-Identifier: MIT */
#include "harness/server/probe.h"

#include <criterion/criterion.h>

Test(probe, status_lines_are_read_and_all_else_is_none)
{
    static const struct {
        const char *answer;
        int status;
    } lines[] = {
        {"HTTP/1.1 200 OK\r\n", 200},
        {"HTTP/1.0 503", 503},
        {"HTTP/1.1 204\r\n", 204},
        {"", 0},
        {"HTTP/1.1", 0},
        {"HTTP/1.1 ", 0},
        {"HTTP/1.1 20", 0},
        {"HTTP/1.1 2000", 0},
        {"HTTP/2 200", 0},
        {"HTTP/1.x 200", 0},
        {"220 smtp", 0},
        {"-ERR unknown command", 0},
    };

    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        cr_assert_eq(hn_probe_status(lines[i].answer), lines[i].status, "%s", lines[i].answer);
}

/*
 * However trap_calls.c was built, its calls are mocked under their plain names. No test framework:
 * prints what failed, exits 1.
 *
 * SPDX-License-Identifier: MIT
 */
#include <assay/mock.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trap_calls.h"

static int failures;

static void report(const char *file, int line, const char *text)
{
    if (!text)
        return;
    fprintf(stderr, "%s:%d: %s\n", file, line, text);
    failures++;
}

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition))                                                                          \
            report(__FILE__, __LINE__, "not so: " #condition);                                     \
    } while (0)

static void faked(void)
{
    char buf[64];

    mock_read(.fd = IS(3), .out_buf = BYTES("A"));
    CHECK(trap_read(3, 16) == 1065);
    CHECK(trap_pointer(3, buf, 16) == 1);
    mock_open(.pathname = STR("/no/such"), .flags = IS(O_RDONLY), .ret = 77);
    CHECK(trap_open("/no/such", O_RDONLY) == 77);
    mock_sscanf(.str = STR("5"), .ret = 0);
    CHECK(trap_scan("5") == -1);
    mock_printf(.format = STR("hello\n"), .ret = 6);
    trap_hello();
    CHECK(printf_calls() == 1);
    mock_snprintf(.ret = 3);
    CHECK(trap_format(buf, sizeof buf, 1, 2) == 3);
    mock_fcntl(.cmd = IS(F_SETFL), .arg = BITS(O_NONBLOCK), .ret = 40);
    mock_fcntl(.cmd = IS(F_GETFD), .ret = 2);
    CHECK(trap_control(9) == 42);
    fail_stat(.err = EACCES);
    errno = 0;
    CHECK(trap_size("/") == -1 && errno == EACCES);
}

static int fake_format(char *str, size_t size, const char *format, va_list ap)
{
    (void)size, (void)format;
    int n = va_arg(ap, int);
    double d = va_arg(ap, double);
    return sprintf(str, "fake %d %.2f", n, d);
}

static void spied(void)
{
    char buf[64];

    spy_snprintf();
    CHECK(trap_format(buf, sizeof buf, 7, 1.5) > 0);
    CHECK(strcmp(buf, "7 1.5 str 1 2 3 4 3.0") == 0);
    spy_sscanf();
    CHECK(trap_scan("123") == 123);
    spy_open();
    CHECK(trap_open("/dev/null", O_RDONLY) >= 0);
    CHECK(open_call(0)->ret >= 0 && open_call(0)->was_real);
    CHECK(open_call(0)->pathname_bytes.size == 9);
}

static void faked_by_function(void)
{
    char buf[64];

    mock_snprintf(.call = fake_format);
    CHECK(trap_format(buf, sizeof buf, 7, 1.25) == 11);
    CHECK(strcmp(buf, "fake 7 1.25") == 0);
}

int main(void)
{
    assay_mock_begin(report);
    faked();
    assay_mock_end();
    assay_mock_begin(report);
    spied();
    assay_mock_end();
    assay_mock_begin(report);
    faked_by_function();
    assay_mock_end();
    CHECK(trap_scan("9") == 9); /* outside a body: real */
    if (!failures)
        fprintf(stderr, "all seen\n");
    return failures ? 1 : 0;
}

/*
 * Out-parameters of the catalogue: arrays, items, texts, whatever a function returns of them.
 * Prints what failed.
 *
 * SPDX-License-Identifier: MIT
 */
#include <assay/mock.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "trap_outs.h"

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

static void check_objects(void)
{
    int sum = 0, two[2] = {3, 4};
    struct tm parts = {.tm_year = 99};
    timer_t timer = &sum;

    mock_pipe(.out_pipefd = two);
    mock_pipe2(.out_pipefd = (int[]){5, 6});
    mock_socketpair(.out_sv = (int[]){10, 20});
    CHECK(outs_pairs(&sum) == 0 && sum == 5 + 6 + 10 + 20);
    mock_timer_create(.out_timerid = &timer);
    CHECK(outs_timer() == timer);
    mock_gmtime_r(.out_result = &parts);
    CHECK(outs_year() == 99);
}

static void check_buffers(void)
{
    short three[] = {7, 8, 9}, items[4] = {0};
    char text[32] = "", host[16] = "", service[16] = "", name[16] = "xXXXXXX", path[4096] = "";
    struct in_addr address, given = {.s_addr = 77};

    seq_fread({.out_ptr = OBJECT(three)}, {.err = EIO});
    CHECK(outs_items(stdin, items) == 3 && items[2] == 9 && items[3] == 0);
    CHECK(fread_call(0)->ptr_bytes.size == sizeof three);
    CHECK(outs_items(stdin, items) == 0 && errno == EIO);
    mock_fgets(.out_s = BYTES_OF("line\n", 6));
    mock_getcwd(.out_buf = BYTES_OF("/here", 6));
    CHECK(outs_text(text, stdin) == text);
    CHECK(strcmp(text, "line\n") == 0 && strcmp(text + 8, "/here") == 0);
    mock_inet_pton(.ret = 1, .out_dst = OBJECT(given));
    mock_getnameinfo(.out_host = BYTES_OF("h", 2), .out_serv = BYTES_OF("s", 2));
    CHECK(outs_address(&address, host, service) == 0 && address.s_addr == 77);
    CHECK(host[0] == 'h' && service[0] == 's');
    mock_mkstemp(.ret = 9, .out_template = BYTES_OF("x123456", 8));
    mock_realpath(.path = STR("x123456"), .out_resolved_path = BYTES_OF("/x", 3));
    CHECK(outs_path(name, path) == path && strcmp(path, "/x") == 0);
}

static void check_texts(void)
{
    char text[32] = "", given[] = "given", *line = NULL, *made = NULL;
    size_t room = 0, six = 6;

    char *const lines = given;
    mock_getline(.ret = 5, .out_lineptr = &lines, .out_n = &six);
    CHECK(outs_line(stdin, &line, &room) == 5 && line == given && room == 6);
    mock_snprintf(.ret = 2, .out_str = BYTES_OF("ab", 3));
    mock_sprintf(.ret = 3, .out_str = BYTES_OF("cde", 4));
    mock_asprintf(.ret = 4, .out_strp = &lines);
    CHECK(outs_formatted(text, &made, 12345) == 9 && made == given);
    CHECK(strcmp(text, "ab") == 0 && strcmp(text + 16, "cde") == 0);
}

/* Faults that happen on a real system are not refused. */
static void check_faults(void)
{
    fail_fread(.err = EINTR);
    fail_pipe(.err = EMFILE);
    CHECK(outs_items(stdin, (short[4]){0}) == 0 && errno == EINTR);
    CHECK(outs_pairs(&(int){0}) == 1 && errno == EMFILE);
}

int main(void)
{
    void (*const checks[])(void) = {check_objects, check_buffers, check_texts, check_faults};

    for (unsigned i = 0; i < sizeof checks / sizeof *checks; i++) {
        assay_mock_begin(report);
        checks[i]();
        assay_mock_end();
    }
    if (!failures)
        fprintf(stderr, "all seen\n");
    return failures ? 1 : 0;
}

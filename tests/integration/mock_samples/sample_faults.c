/*
 * Fault plans over the sample connection and store. Every one passes.
 *
 * SPDX-License-Identifier: MIT
 */
#include <assay/mock.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "sample_conn.h"
#include "sample_db.h"

#define DB_PATH "/dev/null"

static int sv[2];
static struct conn c;

static void connect_pair(void)
{
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, sv), 0);
    c = (struct conn){.fd = sv[0]};
}

static void ask(void)
{
    cr_assert_eq(write(sv[1], "GET / HTTP/1.1\r\n\r\n", 18), 18);
}

TestSuite(faults, .init = connect_pair);

Test(faults, interrupted_reads_are_tried_again)
{
    ask();
    fault_plan(.err = EINTR, .functions = "read", .times = 5);
    cr_assert_eq(conn_pump(&c), CONN_REQUEST);
    cr_assert_eq(read_calls(), 6);
}

Test(faults, a_storm_of_again_leaves_it_open)
{
    ask();
    fault_plan(.err = EAGAIN, .functions = "read", .times = 100);
    for (int i = 0; i < 100; i++)
        cr_assert_eq(conn_pump(&c), CONN_OPEN);
    cr_assert_eq(conn_pump(&c), CONN_REQUEST);
}

Test(faults, one_byte_a_transfer_is_enough)
{
    ask();
    fault_plan(.short_bytes = 1);
    cr_assert_eq(conn_pump(&c), CONN_REQUEST);
    cr_assert_eq(read_calls(), 18);
    cr_assert_eq(conn_write_all(sv[0], "hello", 5), 0);
}

Test(faults, short_writes_alone)
{
    char text[8] = "";

    fault_plan(.short_bytes = 2, .functions = "write");
    cr_assert_eq(conn_write_all(sv[0], "hello", 5), 0);
    cr_assert_eq(write_calls(), 3);
    cr_assert_eq(recv(sv[1], text, sizeof text, 0), 5);
    cr_assert_str_eq(text, "hello");
}

Test(faults, short_reads_alone)
{
    ask();
    fault_plan(.short_bytes = 4, .functions = "read");
    cr_assert_eq(conn_pump(&c), CONN_REQUEST);
    cr_assert_eq(read_calls(), 5); /* 18 bytes */
}

Test(faults, interruptions_by_chance)
{
    ask();
    fault_plan(.err = EINTR, .functions = "read", .percent = 60);
    cr_assert_eq(conn_pump(&c), CONN_REQUEST);
    cr_assert_eq(read_call(read_calls() - 1)->ret, 18);
}

Test(faults, the_third_connection_finds_no_descriptor)
{
    struct sockaddr_un where = {.sun_family = AF_UNIX};
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0), fds[8], clients[5];

    snprintf(where.sun_path + 1, sizeof where.sun_path - 1, "faults-%d", getpid());
    cr_assert_eq(bind(listener, (struct sockaddr *)&where, sizeof where), 0);
    cr_assert_eq(listen(listener, 5), 0);
    for (int i = 0; i < 5; i++) {
        clients[i] = socket(AF_UNIX, SOCK_STREAM, 0);
        cr_assert_eq(connect(clients[i], (struct sockaddr *)&where, sizeof where), 0);
    }
    fault_plan(.err = EMFILE, .functions = "accept", .nth = 3);
    cr_assert_eq(conn_accept_some(listener, fds, 8), 6); /* nobody is lost: it is taken later */
    for (int i = 0; i < 6; i++)
        cr_assert_eq(fds[i] < 0, i == 2, "%d: %d", i, fds[i]);
}

Test(faults, the_second_allocation_fails)
{
    fault_plan(.err = ENOMEM, .functions = "malloc", .nth = 2);
    cr_assert_null(db_open(DB_PATH));
    cr_assert_eq(malloc_calls(), 2);
    struct db *db = db_open(DB_PATH);
    cr_assert_not_null(db);
    db_close(db);
}

Test(faults, allocations_of_one_caller_fail)
{
    fault_plan(.err = ENOMEM, .caller = "db_open");
    cr_assert_null(db_open(DB_PATH));
    void *other = malloc(10);
    cr_assert_not_null(other);
    free(other);
}

Test(faults, a_full_disk_from_the_first_byte)
{
    struct db *db = db_open(DB_PATH);

    fault_plan(.err = ENOSPC, .functions = "write");
    cr_assert_eq(db_put(db, "a", "1"), -1);
    cr_assert_eq(errno, ENOSPC);
    db_close(db);
}

Test(faults, a_reset_after_some_reads)
{
    ask();
    fault_plan(.err = ECONNRESET, .functions = "read", .after = 1);
    cr_assert_eq(conn_pump(&c), CONN_REQUEST);
    cr_assert_eq(conn_pump(&c), CONN_ERROR);
}

Test(faults, a_reset_by_one_caller_only)
{
    char byte;

    ask();
    fault_plan(.err = ECONNRESET, .functions = "read", .caller = "conn_pump");
    cr_assert_eq(conn_pump(&c), CONN_ERROR);
    cr_assert_eq(read(sv[0], &byte, 1), 1);
}

Test(faults, a_full_disk_is_told)
{
    char path[32];
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", memfd_create("db", MFD_CLOEXEC));
    struct db *db = db_open(path);

    fault_plan(.err = ENOSPC, .functions = "write fsync", .after = 1);
    cr_assert_eq(db_put(db, "a", "1"), 0);
    cr_assert_eq(db_put(db, "b", "2"), -1);
    db_close(db);
}

Test(faults, chance_is_the_same_for_the_same_seed)
{
    unsigned failed = 0;

    fault_plan(.err = ENOMEM, .functions = "malloc", .percent = 30);
    for (int i = 0; i < 200; i++) {
        struct db *db = db_open(DB_PATH);
        failed += !db;
        db_close(db);
    }
    /* Three allocations each: 1 - 0.7^3 is 66 %. Far from both ends whatever the seed. */
    cr_assert(failed > 60 && failed < 195, "%u", failed);
    fprintf(stderr, "failed %u\n", failed);
}

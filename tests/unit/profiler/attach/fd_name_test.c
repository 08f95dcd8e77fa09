/* SPDX-License-Identifier: MIT */
#include "profiler/attach/fd_name.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char tcp[] =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout "
    "inode\n"
    "   0: 0100007F:18EB 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 "
    "4711 1 0000000000000000 100 0 0 10 0\n"
    "   1: 0100007F:18EB 0200007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 "
    "4712 1 0000000000000000 20 4 30 10 -1\n";
static const char tcp6[] =
    "   0: 00000000000000000000000001000000:0050 00000000000000000000000001000000:1F90 01 "
    "00000000:00000000 00:00000000 00000000     0        0 99 1 0 20 4 30 10 -1\n";
static const char unix_table[] = "Num       RefCount Protocol Flags    Type St Inode Path\n"
                                 "0000000000000000: 00000002 00000000 00010000 0001 01 815 "
                                 "/run/my server.sock\n"
                                 "0000000000000000: 00000003 00000000 00000000 0001 03 816\n";

static const char *name(const char *text, const char *table, uint64_t inode)
{
    static char out[128];

    if (!pf_socket_name((struct pf_bytes){text, strlen(text)}, table, inode, out, sizeof out))
        return NULL;
    return out;
}

Test(fd_name, sockets_are_named_by_their_tables)
{
    cr_expect_str_eq(name(tcp, "tcp", 4711), "tcp listening on 127.0.0.1:6379");
    cr_expect_str_eq(name(tcp, "tcp", 4712), "tcp 127.0.0.1:6379 with 127.0.0.2:50000");
    cr_expect_str_eq(name(tcp6, "tcp6", 99), "tcp [::1]:80 with [::1]:8080");
    cr_expect_str_eq(name(unix_table, "unix", 815), "unix socket /run/my server.sock");
    cr_expect_str_eq(name(unix_table, "unix", 816), "unix socket");
    cr_expect_null(name(tcp, "tcp", 1));
    cr_expect_null(name("", "tcp", 1));
    cr_expect_null(name("garbage\n\n: : :\n", "tcp", 0));
}

Test(fd_name, tables_cut_anywhere_name_rightly_or_not_at_all)
{
    char out[128];

    for (size_t size = 0; size < sizeof tcp; size++)
        if (pf_socket_name((struct pf_bytes){tcp, size}, "tcp", 4712, out, sizeof out))
            cr_expect_str_eq(out, "tcp 127.0.0.1:6379 with 127.0.0.2:50000");
}

Test(fd_name, descriptors_of_a_process_are_named)
{
    char out[128];
    char expected[64];
    int pair[2];
    cr_assert_eq(pipe(pair), 0);

    pf_fd_name(getpid(), pair[0], out, sizeof out);
    cr_expect_eq(strncmp(out, "pipe:[", 6), 0, "%s", out);
    pf_fd_name(getpid(), 999, out, sizeof out);
    cr_expect_str_eq(out, "");
    (void)close(pair[0]);
    (void)close(pair[1]);
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    pf_fd_name(getpid(), pair[0], out, sizeof out);
    (void)snprintf(expected, sizeof expected, "unix socket");
    cr_expect_eq(strncmp(out, expected, strlen(expected)), 0, "%s", out);
    (void)close(pair[0]);
    (void)close(pair[1]);
}

/*
 * A stand-in for a test that ends badly: starts a server with children, says so, and ends in the
 * way it is told.
 *
 *     server_victim END SERVER-MODE MARKER
 *
 * SPDX-License-Identifier: MIT
 */
#include <assay/server.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static assay_server server[1] = {{.conf = {.name = "victim",
                                           .ready = assay_ready_listening(),
                                           .port = ASSAY_PORT_ZERO,
                                           .stop_ms = 300}}};

/* A copy of the test that lives on with all its descriptors, the supervisor's line among them. */
static void leave_a_copy(const char *marker)
{
    if (fork() != 0)
        return;
    (void)marker;
    for (int i = 0; i < 200; i++)
        (void)usleep(100 * 1000);
    _exit(0);
}

int main(int argc, char **argv)
{
    if (argc < 4)
        return 2;
    server->conf.argv[0] = NAUGHTY_BINARY;
    server->conf.argv[1] = argv[2];
    server->conf.argv[2] = argv[3];
    if (!assay_server_try_start(server)) {
        (void)fprintf(stderr, "%s\n", assay_server_problem(server));
        return 1;
    }
    (void)printf("started %d\n", assay_server_pid(server));
    (void)fflush(stdout);

    const char *end = argv[1];
    if (strcmp(end, "return") == 0)
        return 0;
    if (strcmp(end, "_exit") == 0)
        _exit(0);
    if (strcmp(end, "abort") == 0)
        abort();
    if (strcmp(end, "kill") == 0)
        (void)raise(SIGKILL);
    if (strcmp(end, "exec") == 0)
        (void)execlp("true", "true", NULL);
    if (strcmp(end, "copy") == 0) {
        leave_a_copy(argv[3]);
        (void)raise(SIGKILL);
    }
    for (;;) /* "hang": until somebody kills us */
        (void)pause();
}

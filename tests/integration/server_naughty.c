/*
 * A small HTTP server with every bad habit the supervisor must bear, one a mode:
 *
 *     server_naughty MODE [MARKER]
 *
 * SPDX-License-Identifier: MIT
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char *mode;

static bool is_mode(const char *name)
{
    return strcmp(mode, name) == 0;
}

static void serve_one(int client)
{
    static const char answer[] =
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nhi\n";
    static const char refusal[] =
        "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    char request[4096];

    ssize_t size = read(client, request, sizeof request - 1);
    request[size > 0 ? size : 0] = '\0';
    if (strstr(request, "GET /crash"))
        raise(SIGSEGV);
    if (strstr(request, "GET /exit"))
        _exit(9);
    if (is_mode("busy"))
        (void)!write(client, refusal, sizeof refusal - 1);
    else if (!is_mode("mute"))
        (void)!write(client, answer, sizeof answer - 1);
    if (is_mode("mute"))
        return; /* keeps the connection open and never answers */
    (void)shutdown(client, SHUT_WR);
    (void)close(client);
}

static int listen_somewhere(void)
{
    const char *port = getenv("PORT");
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (getenv("LISTEN_FDS"))
        return 3;
    address.sin_port = htons((uint16_t)(port && !is_mode("wrong-port") ? atoi(port) : 0));
    if (!is_mode("no-reuse"))
        (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 64) != 0) {
        perror("bind"); /* "Address already in use" */
        exit(1);
    }
    return fd;
}

/* A family of depth generations, each process with two children, all of them deaf to SIGTERM. */
static void breed(int depth)
{
    for (int i = 0; depth > 0 && i < 2; i++)
        if (fork() == 0) {
            if (depth % 2)
                (void)setsid(); /* half of them leave the group and session, too */
            breed(depth - 1);
            for (;;)
                (void)pause();
        }
}

/* A process that is never the same one for long: hard to hit by its pid. */
static void run_away(bool change_session)
{
    if (fork() != 0)
        return;
    for (;;) {
        if (fork() != 0)
            _exit(0);
        if (change_session)
            (void)setsid();
    }
}

static void become_daemon(void)
{
    if (fork() != 0)
        _exit(0);
    (void)setsid();
    if (fork() != 0)
        _exit(0);
}

static void flood(void)
{
    static char line[1 << 16];

    memset(line, 'x', sizeof line);
    line[sizeof line - 1] = '\n';
    for (int i = 0; i < 1600; i++) /* 100 MiB */
        (void)!write(STDOUT_FILENO, line, sizeof line);
    (void)!write(STDOUT_FILENO, "flood over\n", 11);
}

static void misbehave_first(void)
{
    if (is_mode("exit-at-start")) {
        (void)fprintf(stderr, "no configuration, giving up\n");
        exit(42);
    }
    if (is_mode("crash-at-start"))
        abort();
    if (is_mode("never-ready"))
        for (;;)
            (void)pause();
    if (is_mode("deaf") || is_mode("family") || is_mode("runaway") || is_mode("runaway-sessions"))
        (void)signal(SIGTERM, SIG_IGN);
    if (is_mode("daemon") || is_mode("deaf-daemon"))
        become_daemon();
    if (is_mode("deaf-daemon"))
        (void)signal(SIGTERM, SIG_IGN);
    if (is_mode("family"))
        breed(5); /* 62 descendants */
    if (is_mode("runaway") || is_mode("runaway-sessions"))
        run_away(is_mode("runaway-sessions"));
    if (is_mode("close-fds"))
        (void)syscall(SYS_close_range, 0, ~0u, 0);
}

int main(int argc, char **argv)
{
    mode = argc > 1 ? argv[1] : "";
    misbehave_first();
    int listener = listen_somewhere();
    if (is_mode("flood"))
        flood();
    for (;;) {
        int client = accept(listener, NULL, NULL);
        if (client >= 0)
            serve_one(client);
    }
}

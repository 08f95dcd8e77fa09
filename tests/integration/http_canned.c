/* SPDX-License-Identifier: MIT */
#include "tests/integration/http_canned.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Head and body of the request, as far as they come without a pause. */
static void read_request(struct canned *canned, int client)
{
    size_t size = 0;

    while (size < sizeof canned->request - 1) {
        struct pollfd ready = {.fd = client, .events = POLLIN};
        if (poll(&ready, 1, size ? 50 : 5000) <= 0)
            break;
        ssize_t got = recv(client, canned->request + size, sizeof canned->request - 1 - size, 0);
        if (got <= 0)
            break;
        size += (size_t)got;
    }
    canned->request[size] = '\0';
}

static void *serve(void *context)
{
    struct canned *canned = context;
    int client = accept(canned->listener, NULL, NULL);

    if (client < 0)
        return NULL;
    read_request(canned, client);
    (void)send(client, canned->answer, canned->size, MSG_NOSIGNAL);
    (void)shutdown(client, SHUT_WR);
    (void)close(client);
    return NULL;
}

void canned_start(struct canned *canned, const char *answer, size_t size)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;

    canned->answer = answer;
    canned->size = size;
    canned->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(canned->listener, (struct sockaddr *)&address, length) != 0
        || listen(canned->listener, 1) != 0
        || getsockname(canned->listener, (struct sockaddr *)&address, &length) != 0)
        abort();
    (void)snprintf(canned->url, sizeof canned->url, "http://127.0.0.1:%d", ntohs(address.sin_port));
    if (pthread_create(&canned->thread, NULL, serve, canned) != 0)
        abort();
}

void canned_end(struct canned *canned)
{
    (void)pthread_join(canned->thread, NULL);
    (void)close(canned->listener);
}

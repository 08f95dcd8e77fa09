/*
 * The agent's entry called by one collector after another, in this very process: what one left must
 * not mislead the next.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const char token[] = "0123456789abcdef0123456789abcdef";

struct listener {
    int fd;
    bool was_called;
};

/* Takes one call and hangs up. */
static void *hang_up(void *with)
{
    struct listener *listener = with;
    int call = accept(listener->fd, NULL, NULL);

    listener->was_called = call >= 0;
    if (call >= 0)
        (void)close(call);
    return NULL;
}

static int listen_at(const char *address)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

    memcpy(name.sun_path + 1, address, strlen(address));
    cr_assert_eq(bind(fd, (struct sockaddr *)&name,
                      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(address))),
                 0);
    cr_assert_eq(listen(fd, 1), 0);
    return fd;
}

Test(break_agent, next_collector_with_a_shorter_name_is_found)
{
    void *agent = dlopen(AGENT_LIBRARY, RTLD_NOW | RTLD_LOCAL);
    cr_assert_not_null(agent, "%s", dlerror());
    int (*attach)(const char *) = NULL;
    void *entry = dlsym(agent, "assay_agent_attach");
    cr_assert_not_null(entry);
    memcpy(&attach, &entry, sizeof attach); /* ISO C knows no cast from data to code */
    char text[160], address[64];
    pthread_t thread;

    (void)snprintf(text, sizeof text, "assay-nobody-listens-here-%d:%s", (int)getpid(), token);
    cr_expect_eq(attach(text), ECONNREFUSED);

    (void)snprintf(address, sizeof address, "assay-%d", (int)getpid());
    struct listener listener = {.fd = listen_at(address)};
    (void)pthread_create(&thread, NULL, hang_up, &listener);
    (void)snprintf(text, sizeof text, "%s:%s", address, token);
    cr_expect_neq(attach(text), 0, "nobody gave it memory");
    (void)shutdown(listener.fd, SHUT_RDWR); /* ends an accept nobody called */
    (void)pthread_join(thread, NULL);

    cr_expect(listener.was_called, "it called another name");
    (void)close(listener.fd);
}

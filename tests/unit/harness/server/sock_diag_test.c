/* SPDX-License-Identifier: MIT */
#include "harness/server/sock_diag.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct one_answer {
    struct nlmsghdr head;
    struct inet_diag_msg body;
    struct nlmsghdr done;
    int32_t status;
};

static struct one_answer answer_with(uint16_t port)
{
    struct one_answer answer = {
        .head = {.nlmsg_len = sizeof answer.head + sizeof answer.body,
                 .nlmsg_type = SOCK_DIAG_BY_FAMILY},
        .body = {.idiag_family = AF_INET, .idiag_inode = 4711},
        .done = {.nlmsg_len = sizeof answer.done + 4, .nlmsg_type = NLMSG_DONE},
    };
    answer.body.id.idiag_sport = htons(port);
    answer.body.id.idiag_src[0] = htonl(INADDR_LOOPBACK);
    return answer;
}

static bool parse(struct hn_listeners *out, const void *bytes, size_t size, bool *done)
{
    struct pf_err err = {0};

    return hn_listeners_parse(out, (struct pf_bytes){bytes, size}, done, &err);
}

Test(sock_diag, reads_an_answer)
{
    struct one_answer answer = answer_with(8080);
    struct hn_listeners out = {0};
    bool done = false;

    cr_assert(parse(&out, &answer, sizeof answer, &done));
    cr_assert(done);
    cr_assert_eq(out.count, 1);
    cr_assert_eq(out.at[0].port, 8080);
    cr_assert_eq(out.at[0].inode, 4711);
    cr_assert_not(out.at[0].is_wildcard);
    hn_listeners_fini(&out);
}

Test(sock_diag, knows_a_wildcard)
{
    struct one_answer answer = answer_with(8080);
    struct hn_listeners out = {0};
    bool done = false;

    answer.body.id.idiag_src[0] = 0;
    cr_assert(parse(&out, &answer, sizeof answer, &done));
    cr_assert(out.at[0].is_wildcard);
    hn_listeners_fini(&out);
}

Test(sock_diag, cut_answers_and_lying_lengths_do_no_harm)
{
    struct one_answer answer = answer_with(8080);
    static const uint32_t lengths[] = {0, 1, 15, 16, 17, 1000, UINT32_MAX};
    bool done = false;

    for (size_t size = 0; size < sizeof answer; size++) {
        struct hn_listeners out = {0};
        (void)!parse(&out, &answer, size, &done);
        hn_listeners_fini(&out);
    }
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        struct hn_listeners out = {0};
        answer.head.nlmsg_len = lengths[i];
        done = false;
        bool ok = parse(&out, &answer, sizeof answer, &done);
        cr_assert(!ok || out.count == 0, "length %u", lengths[i]);
        hn_listeners_fini(&out);
    }
}

Test(sock_diag, a_refusal_has_the_kernels_words)
{
    struct {
        struct nlmsghdr head;
        struct nlmsgerr why;
    } refusal = {.head = {.nlmsg_len = sizeof refusal, .nlmsg_type = NLMSG_ERROR},
                 .why = {.error = -EPERM}};
    struct hn_listeners out = {0};
    struct pf_err err = {0};
    bool done = false;

    cr_assert_not(
        hn_listeners_parse(&out, (struct pf_bytes){&refusal, sizeof refusal}, &done, &err));
    cr_assert_eq(err.code, PF_ERR_DENIED);
    cr_assert(strstr(err.text, "not permitted"), "%s", err.text);
}

Test(sock_diag, finds_our_own_listener_by_its_inode)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    struct hn_proc self = {.pid = getpid()};
    struct hn_proc_tree tree = {&self, 1};
    struct hn_listeners all = {0};
    struct pf_err err = {0};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(bind(fd, (struct sockaddr *)&address, size), 0);
    cr_assert_eq(listen(fd, 1), 0);
    cr_assert_eq(getsockname(fd, (struct sockaddr *)&address, &size), 0);

    cr_assert(hn_listeners_read(&all, &err), "%s", err.text);
    hn_listeners_owned(&all, &tree);

    cr_assert_eq(all.count, 1);
    cr_assert_eq(all.at[0].port, ntohs(address.sin_port));
    cr_assert_eq(all.at[0].pid, getpid());
    hn_listeners_fini(&all);
    (void)close(fd);
}

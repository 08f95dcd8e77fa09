/*
 * The binary's own process: lists its tests once, then forks a lane whenever the runner asks.
 *
 * Parameters are evaluated here, once, as Criterion's runner does it, so that every case of every
 * run sees the same ones.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <criterion/internal/ordered-set.h>
#include <criterion/parameterized.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/preload/case_options.h"
#include "harness/preload/preload.h"
#include <assay/runner.h>

enum { LANE_FDS = 4 };

void hn_control_send(const void *packet, size_t size)
{
    while (send(hn_preload.control_fd, packet, size, MSG_NOSIGNAL) < 0)
        if (errno != EINTR)
            _exit(errno == EBADF || errno == ENOTSOCK ? HN_WIRE_STATUS_DEAF
                                                      : 3); /* the runner is gone: so are we */
}

void hn_control_send_text(enum hn_wire_type type, const char *text)
{
    char packet[sizeof(struct hn_wire_text) + 512];
    struct hn_wire_text head = {.type = (uint32_t)type};

    memcpy(packet, &head, sizeof head);
    size_t size = strnlen(text, 511);
    memcpy(packet + sizeof head, text, size);
    packet[sizeof head + size] = '\0';
    hn_control_send(packet, sizeof head + size + 1);
}

static size_t put_string(char *packet, size_t at, const char *text)
{
    size_t size = text ? strnlen(text, 4000) : 0;

    if (text)
        memcpy(packet + at, text, size);
    packet[at + size] = '\0';
    return at + size + 1;
}

static bool is_disabled(const struct hn_item *item)
{
    return item->test->data->disabled || (item->suite->data && item->suite->data->disabled);
}

/* A test's own limit, else its suite's: Criterion's order. */
static double timeout_of(const struct hn_item *item)
{
    if (item->test->data->timeout > 0)
        return item->test->data->timeout;
    return item->suite->data && item->suite->data->timeout > 0 ? item->suite->data->timeout : 0;
}

static uint32_t flags_of(const struct hn_item *item, const struct assay_test_options *options)
{
    uint32_t flags = is_disabled(item) ? HN_WIRE_DISABLED : 0;

    if (item->test->data->kind_ == CR_TEST_PARAMETERIZED)
        flags |= HN_WIRE_PARAMETERIZED;
    return flags | (options->network_namespace ? HN_WIRE_NETNS : 0);
}

/* Descriptions on their way: one message for many tests. */
static struct {
    char packet[HN_WIRE_PACKET_MAX];
    size_t size;
} batch;

static void flush_batch(void)
{
    uint32_t type = HN_WIRE_TESTS;

    if (!batch.size)
        return;
    memcpy(batch.packet, &type, sizeof type);
    hn_control_send(batch.packet, batch.size);
    batch.size = 0;
}

static void add_to_batch(const char *test, size_t size)
{
    uint32_t part = (uint32_t)size;

    if (batch.size + sizeof part + size > sizeof batch.packet)
        flush_batch();
    if (!batch.size)
        batch.size = sizeof(struct hn_wire_tests);
    memcpy(batch.packet + batch.size, &part, sizeof part);
    memcpy(batch.packet + batch.size + sizeof part, test, size);
    batch.size += sizeof part + size;
}

static void describe(const struct hn_item *item)
{
    static char packet[HN_WIRE_PACKET_MAX - 64]; /* fits a batch */
    const struct criterion_test_extra_data *data = item->test->data;
    struct assay_test_options options = hn_options_read(item->test, item->suite);
    struct hn_wire_test head = {
        .type = HN_WIRE_TEST,
        .line = data->line_,
        .cases = item->cases,
        .flags = flags_of(item, &options),
        .signal = data->signal,
        .exit_code = data->exit_code,
        .retries = options.retries,
        .memory_mb = options.memory_mb,
        .timeout_s = timeout_of(item),
    };

    memcpy(packet, &head, sizeof head);
    size_t at = offsetof(struct hn_wire_test, strings);
    at = put_string(packet, at, item->suite->name);
    at = put_string(packet, at, item->test->name);
    at = put_string(packet, at, data->file_);
    at = put_string(packet, at, data->description);
    at = put_string(packet, at, options.tags);
    at = put_string(packet, at, options.fail);
    add_to_batch(packet, at);
}

static void evaluate_params(struct hn_item *item)
{
    char name[512];

    if (item->test->data->kind_ != CR_TEST_PARAMETERIZED || !item->test->data->param_
        || is_disabled(item))
        return;
    (void)snprintf(name, sizeof name, "%s/%s", item->suite->name, item->test->name);
    flush_batch();
    hn_control_send_text(HN_WIRE_EVALUATING, name);
    struct criterion_test_params params = item->test->data->param_();
    item->params = params.params;
    item->param_size = params.size;
    item->cases = (uint32_t)params.length;
}

void hn_tests_list(struct criterion_test_set *set)
{
    uint32_t count = 0;

    hn_preload.items = calloc(set->tests + 1, sizeof *hn_preload.items);
    FOREACH_SET(struct criterion_suite_set * suite, set->suites)
    {
        if (!suite->tests)
            continue;
        FOREACH_SET(struct criterion_test * test, suite->tests)
        {
            hn_preload.items[count++] = (struct hn_item){.test = test, .suite = &suite->suite};
        }
    }
    hn_preload.item_count = count;
    hn_preload.is_listing = true;
    for (uint32_t i = 0; i < count; i++) {
        evaluate_params(&hn_preload.items[i]);
        describe(&hn_preload.items[i]);
    }
    hn_preload.is_listing = false;
    flush_batch();
    hn_remarks_send();
    uint32_t end = HN_WIRE_LISTED;
    hn_control_send(&end, sizeof end);
}

/* In the new lane: take over what the runner sent, drop what belongs to the binary. */
static void become_lane(const int fds[LANE_FDS], pid_t zygote)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != zygote)
        _exit(3);
    (void)close(hn_preload.control_fd);
    if (fds[1] >= 0) {
        (void)dup2(fds[1], STDOUT_FILENO);
        (void)dup2(fds[2], STDERR_FILENO);
        (void)close(fds[1]);
        (void)close(fds[2]);
    }
    hn_preload.shared =
        mmap(NULL, HN_WIRE_SHARED_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fds[3], 0);
    hn_preload.page = mmap(NULL, HN_WIRE_LANE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fds[3],
                           HN_WIRE_SHARED_BYTES);
    if (hn_preload.shared == MAP_FAILED || hn_preload.page == MAP_FAILED
        || madvise(hn_preload.page, HN_WIRE_LANE_BYTES, MADV_DONTFORK) != 0)
        _exit(3);
    (void)close(fds[3]);
    hn_preload.page->lane_pid = getpid();
    hn_preload.control_fd = fds[0];
    hn_lane_serve(fds[0], zygote);
}

static void open_lane(const int fds[LANE_FDS])
{
    pid_t zygote = getpid();

    (void)fflush(NULL);
    if (fork() == 0)
        become_lane(fds, zygote);
    for (int i = 0; i < LANE_FDS; i++)
        (void)close(fds[i]);
}

/* The next request with its descriptors; false when the runner hung up. */
static bool receive(int fds[LANE_FDS])
{
    uint32_t type = 0;
    char space[CMSG_SPACE(sizeof(int) * LANE_FDS)];
    struct iovec part = {&type, sizeof type};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space};
    ssize_t got;

    do
        got = recvmsg(hn_preload.control_fd, &message, MSG_CMSG_CLOEXEC);
    while (got < 0 && errno == EINTR);
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    if (got != sizeof type || !head || head->cmsg_len != CMSG_LEN(sizeof(int) * LANE_FDS))
        return false;
    memcpy(fds, CMSG_DATA(head), sizeof(int) * LANE_FDS);
    return true;
}

void hn_zygote_serve(struct criterion_test_set *set)
{
    int fds[LANE_FDS];

    hn_agent_find();
    hn_hooks_run("cr_pra", set);
    hn_tests_list(set);
    hn_stats_open();
    hn_stats_begin(set);
    while (receive(fds)) {
        open_lane(fds);
        while (waitpid(-1, NULL, WNOHANG) > 0)
            ;
    }
    hn_stats_report();
}

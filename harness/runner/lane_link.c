/* SPDX-License-Identifier: MIT */
#include "harness/runner/lane_link.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum { NEAR, FAR };
enum { MAPPED_BYTES = HN_WIRE_SHARED_BYTES + HN_WIRE_LANE_BYTES };

static void close_fd(int *fd)
{
    if (*fd > 0)
        (void)close(*fd);
    *fd = 0;
}

static bool map_shared(struct hn_shared **out, int *fd, struct pf_err *err)
{
    *fd = memfd_create("assay-lane", MFD_CLOEXEC);
    if (*fd < 0)
        return pf_err_sys(err, errno, "memfd_create");
    if (ftruncate(*fd, MAPPED_BYTES) != 0)
        return pf_err_sys(err, errno, "memory for a test's messages");
    void *map = mmap(NULL, MAPPED_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, *fd, 0);
    if (map == MAP_FAILED)
        return pf_err_sys(err, errno, "memory for a test's messages");
    *out = map;
    return true;
}

static bool open_pipe(int *near, int *far, struct pf_err *err)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0)
        return pf_err_sys(err, errno, "pipe");
    (void)fcntl(ends[0], F_SETFL, O_NONBLOCK);
    *near = ends[0];
    *far = ends[1];
    return true;
}

static bool open_control(int *near, int *far, struct pf_err *err)
{
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        return pf_err_sys(err, errno, "socketpair");
    *near = ends[NEAR];
    *far = ends[FAR];
    return true;
}

static bool share_output(int far[4], struct pf_err *err)
{
    far[1] = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    far[2] = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    return far[1] >= 0 && far[2] >= 0 ? true : pf_err_sys(err, errno, "dup");
}

bool hn_lane_open(struct hn_lane *out, struct hn_suite *suite, bool show_output, struct pf_err *err)
{
    struct hn_lane lane = {0};
    int far[4] = {0};

    bool ok = open_control(&lane.control_fd, &far[0], err)
              && (show_output ? share_output(far, err)
                              : open_pipe(&lane.out_fd, &far[1], err)
                                    && open_pipe(&lane.err_fd, &far[2], err))
              && map_shared(&lane.shared, &far[3], err) && hn_suite_open_lane(suite, far, err);
    for (int i = 0; i < 4; i++)
        close_fd(&far[i]);
    if (ok)
        *out = lane;
    else
        hn_lane_close(&lane);
    return ok;
}

static const struct hn_lane_page *page_of(const struct hn_lane *lane)
{
    return (const void *)((const char *)lane->shared + HN_WIRE_SHARED_BYTES);
}

pid_t hn_lane_test_pid(const struct hn_lane *lane)
{
    return lane->shared ? __atomic_load_n(&page_of(lane)->test_pid, __ATOMIC_ACQUIRE) : 0;
}

pid_t hn_lane_pid(const struct hn_lane *lane)
{
    return lane->shared ? __atomic_load_n(&page_of(lane)->lane_pid, __ATOMIC_ACQUIRE) : 0;
}

void hn_lane_close(struct hn_lane *lane)
{
    uint32_t close_it = HN_WIRE_CLOSE;

    if (lane->control_fd > 0)
        (void)send(lane->control_fd, &close_it, sizeof close_it, MSG_NOSIGNAL | MSG_DONTWAIT);
    close_fd(&lane->control_fd);
    close_fd(&lane->out_fd);
    close_fd(&lane->err_fd);
    if (lane->shared)
        (void)munmap(lane->shared, MAPPED_BYTES);
    hn_capture_fini(&lane->out);
    hn_capture_fini(&lane->err);
    *lane = (struct hn_lane){0};
}

bool hn_lane_run(struct hn_lane *lane, const struct hn_wire_run *run, struct pf_err *err)
{
    hn_capture_reset(&lane->out);
    hn_capture_reset(&lane->err);
    while (send(lane->control_fd, run, sizeof *run, MSG_NOSIGNAL) < 0)
        if (errno != EINTR)
            return pf_err_sys(err, errno, "the lane is gone");
    return true;
}

bool hn_lane_receive(struct hn_lane *lane, struct hn_wire_state *state)
{
    ssize_t got;

    do
        got = recv(lane->control_fd, state, sizeof *state, 0);
    while (got < 0 && errno == EINTR);
    if (got != sizeof *state)
        return false;
    if (state->type == HN_WIRE_ENDED && lane->out_fd > 0) {
        (void)hn_capture_drain(&lane->out, lane->out_fd);
        (void)hn_capture_drain(&lane->err, lane->err_fd);
    }
    return true;
}

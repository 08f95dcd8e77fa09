/*
 * Waiting for descriptors, with a timeout of virtual time.
 *
 * What is waited for is looked at by the kernel, in real time; only the timeout is virtual. A
 * signal mask is in force while waiting, as the real calls have it.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <string.h>
#include <sys/syscall.h>

#include "mocks/clock/clock_priv.h"

enum { MAX_POLLED = 1024, KERNEL_MASK_BYTES = 8 };

struct polled {
    struct pollfd *fds;
    nfds_t count;
    const sigset_t *mask;
};

static struct timespec *timeout_of(int real_ms, struct timespec *storage)
{
    if (real_ms < 0)
        return NULL;
    *storage = mk_timespec_of((int64_t)real_ms * MK_NS_PER_MS);
    return storage;
}

static int kernel_poll(struct pollfd *fds, nfds_t count, int real_ms, const sigset_t *mask)
{
    struct timespec storage;
    return (int)syscall(SYS_ppoll, fds, count, timeout_of(real_ms, &storage), mask,
                        (size_t)KERNEL_MASK_BYTES);
}

static int look_at_poll(void *what, int wake_fd, int real_ms)
{
    const struct polled *polled = what;

    if (wake_fd < 0 || polled->count >= MAX_POLLED)
        return kernel_poll(polled->fds, polled->count, wake_fd < 0 ? real_ms : 1, polled->mask);

    struct pollfd fds[MAX_POLLED];
    if (polled->count) /* poll(NULL, 0, ms) is a way to sleep */
        memcpy(fds, polled->fds, polled->count * sizeof *fds);
    fds[polled->count] = (struct pollfd){.fd = wake_fd, .events = POLLIN};
    int got = kernel_poll(fds, polled->count + 1, real_ms, polled->mask);
    if (got > 0 && fds[polled->count].revents)
        got--;
    if (polled->count)
        memcpy(polled->fds, fds, polled->count * sizeof *fds);
    return got;
}

static int wait_polled(struct pollfd *fds, nfds_t count, const sigset_t *mask, int64_t deadline_ns)
{
    struct polled polled = {fds, count, mask};
    int got = mk_clock_wait(look_at_poll, &polled, deadline_ns);

    for (nfds_t i = 0; got == 0 && i < count; i++)
        fds[i].revents = 0;
    return got;
}

int mk_clock_await_fd(int fd, short events, int64_t deadline_ns)
{
    struct pollfd ready = {.fd = fd, .events = events};
    return wait_polled(&ready, 1, NULL, deadline_ns);
}

int mk_fake_poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
    return wait_polled(fds, count, NULL, mk_clock_deadline_ms(timeout_ms));
}

int mk_fake_ppoll(struct pollfd *fds, nfds_t count, const struct timespec *timeout,
                  const sigset_t *mask)
{
    if (timeout && !mk_timespec_is_valid(timeout)) {
        errno = EINVAL;
        return -1;
    }
    int64_t deadline_ns = timeout ? mk_clock_deadline_after(mk_ns_of(timeout)) : MK_NEVER;
    return wait_polled(fds, count, mask, deadline_ns);
}

struct polled_epoll {
    int fd, max;
    struct epoll_event *events;
    const sigset_t *mask;
};

/* An epoll descriptor is readable when it has events: so it can be waited for beside wake_fd. */
static int look_at_epoll(void *what, int wake_fd, int real_ms)
{
    const struct polled_epoll *epoll = what;

    if (wake_fd >= 0) {
        struct pollfd fds[2] = {{.fd = epoll->fd, .events = POLLIN},
                                {.fd = wake_fd, .events = POLLIN}};
        if (kernel_poll(fds, 2, real_ms, epoll->mask) < 0)
            return -1;
        real_ms = 0;
    }
    return (int)syscall(SYS_epoll_pwait, epoll->fd, epoll->events, epoll->max, real_ms, epoll->mask,
                        (size_t)KERNEL_MASK_BYTES);
}

int mk_fake_epoll_pwait(int fd, struct epoll_event *events, int max, int timeout_ms,
                        const sigset_t *mask)
{
    struct polled_epoll epoll = {fd, max, events, mask};
    return mk_clock_wait(look_at_epoll, &epoll, mk_clock_deadline_ms(timeout_ms));
}

int mk_fake_epoll_wait(int fd, struct epoll_event *events, int max, int timeout_ms)
{
    return mk_fake_epoll_pwait(fd, events, max, timeout_ms, NULL);
}

int mk_fake_epoll_pwait2(int fd, struct epoll_event *events, int max,
                         const struct timespec *timeout, const sigset_t *mask)
{
    struct polled_epoll epoll = {fd, max, events, mask};

    if (timeout && !mk_timespec_is_valid(timeout)) {
        errno = EINVAL;
        return -1;
    }
    return mk_clock_wait(look_at_epoll, &epoll,
                         timeout ? mk_clock_deadline_after(mk_ns_of(timeout)) : MK_NEVER);
}

struct selected {
    int count;
    fd_set *sets[3];
    fd_set wanted[3];
    const sigset_t *mask;
};

static void restore_sets(struct selected *selected)
{
    for (int i = 0; i < 3; i++)
        if (selected->sets[i])
            *selected->sets[i] = selected->wanted[i];
}

static void clear_sets(struct selected *selected)
{
    for (int i = 0; i < 3; i++)
        if (selected->sets[i])
            FD_ZERO(selected->sets[i]);
}

static int kernel_select(struct selected *selected, int count, fd_set *reads, int real_ms)
{
    const struct {
        const sigset_t *mask;
        size_t size;
    } mask = {selected->mask, KERNEL_MASK_BYTES};
    struct timespec storage;

    return (int)syscall(SYS_pselect6, count, reads, selected->sets[1], selected->sets[2],
                        timeout_of(real_ms, &storage), &mask);
}

static int look_at_select(void *what, int wake_fd, int real_ms)
{
    struct selected *selected = what;

    restore_sets(selected);
    if (wake_fd < 0 || wake_fd >= FD_SETSIZE)
        return kernel_select(selected, selected->count, selected->sets[0],
                             wake_fd < 0 ? real_ms : 1);
    fd_set reads = selected->wanted[0];
    FD_SET(wake_fd, &reads);
    int count = wake_fd >= selected->count ? wake_fd + 1 : selected->count;
    int got = kernel_select(selected, count, &reads, real_ms);
    if (got > 0 && FD_ISSET(wake_fd, &reads))
        got--;
    FD_CLR(wake_fd, &reads);
    if (selected->sets[0])
        *selected->sets[0] = reads;
    return got;
}

static int wait_selected(struct selected *selected, int64_t deadline_ns)
{
    for (int i = 0; i < 3; i++) {
        FD_ZERO(&selected->wanted[i]);
        if (selected->sets[i])
            selected->wanted[i] = *selected->sets[i];
    }
    int got = mk_clock_wait(look_at_select, selected, deadline_ns);
    if (got == 0)
        clear_sets(selected);
    return got;
}

int mk_fake_pselect(int count, fd_set *reads, fd_set *writes, fd_set *excepts,
                    const struct timespec *timeout, const sigset_t *mask)
{
    struct selected selected = {.count = count, .sets = {reads, writes, excepts}, .mask = mask};

    if (timeout && !mk_timespec_is_valid(timeout)) {
        errno = EINVAL;
        return -1;
    }
    return wait_selected(&selected,
                         timeout ? mk_clock_deadline_after(mk_ns_of(timeout)) : MK_NEVER);
}

int mk_fake_select(int count, fd_set *reads, fd_set *writes, fd_set *excepts,
                   struct timeval *timeout)
{
    struct timespec wanted = {0};

    if (!timeout)
        return mk_fake_pselect(count, reads, writes, excepts, NULL, NULL);
    wanted = (struct timespec){timeout->tv_sec, timeout->tv_usec * 1000};
    int64_t deadline_ns = mk_clock_deadline_after(mk_ns_of(&wanted));
    int got = mk_fake_pselect(count, reads, writes, excepts, &wanted, NULL);
    /* Linux leaves the time not slept. */
    int64_t left = deadline_ns - mk_clock_mono_ns();
    struct timespec rest = mk_timespec_of(left > 0 ? left : 0);
    *timeout = (struct timeval){rest.tv_sec, rest.tv_nsec / 1000};
    return got;
}

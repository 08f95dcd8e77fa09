/*
 * Waiting for signals: timers of the virtual clock send real ones.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>

#include "mocks/clock/clock_priv.h"

enum { KERNEL_MASK_BYTES = 8 };

struct awaited {
    const sigset_t *set;
    siginfo_t *info;
};

static int take_pending(const struct awaited *awaited)
{
    static const struct timespec at_once = {0};
    int got = (int)syscall(SYS_rt_sigtimedwait, awaited->set, awaited->info, &at_once,
                           (size_t)KERNEL_MASK_BYTES);

    return got < 0 && errno == EAGAIN ? 0 : got;
}

/* A signalfd becomes readable with the signal, and can be waited for beside wake_fd. */
static int look_at_signals(void *what, int wake_fd, int real_ms)
{
    const struct awaited *awaited = what;
    int got = take_pending(awaited);

    if (got || (wake_fd < 0 && real_ms == 0))
        return got;
    int fd = (int)syscall(SYS_signalfd4, -1, awaited->set, (size_t)KERNEL_MASK_BYTES,
                          SFD_NONBLOCK | SFD_CLOEXEC);
    struct pollfd fds[2] = {{.fd = fd, .events = POLLIN}, {.fd = wake_fd, .events = POLLIN}};
    got = (int)syscall(SYS_poll, fds, wake_fd < 0 ? 1 : 2, real_ms);
    int err = errno;
    if (fd >= 0)
        (void)syscall(SYS_close, fd);
    errno = err;
    return got < 0 ? -1 : take_pending(awaited);
}

int mk_fake_sigtimedwait(const sigset_t *set, siginfo_t *info, const struct timespec *timeout)
{
    struct awaited awaited = {set, info};

    if (timeout && !mk_timespec_is_valid(timeout)) {
        errno = EINVAL;
        return -1;
    }
    int64_t until_ns = timeout ? mk_clock_deadline_after(mk_ns_of(timeout)) : MK_NEVER;
    int got = mk_clock_wait(look_at_signals, &awaited, until_ns);
    if (got != 0)
        return got;
    errno = EAGAIN;
    return -1;
}

int mk_fake_sigwaitinfo(const sigset_t *set, siginfo_t *info)
{
    return mk_fake_sigtimedwait(set, info, NULL);
}

int mk_fake_sigwait(const sigset_t *set, int *signal_number)
{
    int got;

    do
        got = mk_fake_sigtimedwait(set, NULL, NULL);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return errno;
    *signal_number = got;
    return 0;
}

struct suspended {
    const sigset_t *mask;
};

static int look_at_mask(void *what, int wake_fd, int real_ms)
{
    const struct suspended *suspended = what;
    struct pollfd wake = {.fd = wake_fd, .events = POLLIN};
    struct timespec limit = mk_timespec_of((int64_t)real_ms * MK_NS_PER_MS);
    int got = (int)syscall(SYS_ppoll, &wake, wake_fd < 0 ? 0 : 1, &limit, suspended->mask,
                           (size_t)KERNEL_MASK_BYTES);

    return got < 0 ? -1 : 0;
}

int mk_fake_sigsuspend(const sigset_t *mask)
{
    struct suspended suspended = {mask};

    (void)mk_clock_wait(look_at_mask, &suspended, MK_NEVER);
    return -1;
}

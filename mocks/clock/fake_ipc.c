/*
 * Message queues and System V semaphores with a deadline of virtual time.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>

#include "mocks/clock/clock_priv.h"

enum { SLICE_MS = 2 };

/* The kernel tries once before it minds a deadline that has passed. */
static const struct timespec long_ago = {0};

static bool is_open_ended(int queue, const struct timespec *deadline)
{
    return !deadline || (syscall(SYS_fcntl, queue, F_GETFL) & O_NONBLOCK);
}

/* After a failed try: true if it is worth another, when the queue has room or a message. */
static bool may_try_again(int queue, short events, const struct timespec *deadline)
{
    if (errno != ETIMEDOUT)
        return false;
    if (deadline->tv_nsec < 0 || deadline->tv_nsec >= mk_ns_per_s) {
        errno = EINVAL;
        return false;
    }
    int got =
        mk_clock_await_fd(queue, events, mk_clock_to_mono(CLOCK_REALTIME, mk_ns_of(deadline)));
    if (got == 0)
        errno = ETIMEDOUT;
    return got > 0;
}

ssize_t mk_fake_mq_timedreceive(int queue, char *buf, size_t size, unsigned *priority,
                                const struct timespec *deadline)
{
    const struct timespec *limit = is_open_ended(queue, deadline) ? NULL : &long_ago;
    ssize_t got;

    do
        got = syscall(SYS_mq_timedreceive, queue, buf, size, priority, limit);
    while (got < 0 && limit && may_try_again(queue, POLLIN, deadline));
    return got;
}

int mk_fake_mq_timedsend(int queue, const char *buf, size_t size, unsigned priority,
                         const struct timespec *deadline)
{
    const struct timespec *limit = is_open_ended(queue, deadline) ? NULL : &long_ago;
    int got;

    do
        got = (int)syscall(SYS_mq_timedsend, queue, buf, size, priority, limit);
    while (got < 0 && limit && may_try_again(queue, POLLOUT, deadline));
    return got;
}

struct operated {
    int set;
    struct sembuf *operations;
    size_t count;
};

static int look_at_set(void *what, int wake_fd, int real_ms)
{
    const struct operated *operated = what;
    struct timespec slice = mk_timespec_of(real_ms ? (int64_t)SLICE_MS * MK_NS_PER_MS : 0);

    (void)wake_fd;
    if (syscall(SYS_semtimedop, operated->set, operated->operations, operated->count, &slice) == 0)
        return 1;
    return errno == EAGAIN ? 0 : -1;
}

int mk_fake_semtimedop(int set, struct sembuf *operations, size_t count,
                       const struct timespec *timeout)
{
    struct operated operated = {set, operations, count};
    bool waits = true;

    for (size_t i = 0; i < count; i++)
        waits = waits && !(operations[i].sem_flg & IPC_NOWAIT);
    if (timeout && !mk_timespec_is_valid(timeout)) {
        errno = EINVAL;
        return -1;
    }
    if (!timeout || !waits)
        return (int)syscall(SYS_semtimedop, set, operations, count, NULL);
    int got = mk_clock_wait(look_at_set, &operated, mk_clock_deadline_after(mk_ns_of(timeout)));
    if (got > 0)
        return 0;
    if (got == 0)
        errno = EAGAIN;
    return -1;
}

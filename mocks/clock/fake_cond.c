/*
 * pthread_cond_timedwait on the virtual clock.
 *
 * A condition variable can only be waited for by itself, so a waiter looks at the clock every few
 * real milliseconds.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>

#include "mocks/clock/clock_priv.h"

enum { SLICE_MS = 2 };

struct waited {
    pthread_cond_t *cond;
    pthread_mutex_t *mutex;
    int err;
};

/* 1: woken, by a signal or spuriously, or an error is in err. */
static int look_at_cond(void *what, int wake_fd, int real_ms)
{
    struct waited *waited = what;

    (void)wake_fd;
    if (real_ms == 0)
        return 0;
    struct timespec until = mk_timespec_of(mk_clock_real_ns() + (int64_t)SLICE_MS * MK_NS_PER_MS);
    waited->err = pthread_cond_clockwait(waited->cond, waited->mutex, CLOCK_MONOTONIC, &until);
    return waited->err == ETIMEDOUT ? 0 : 1;
}

/* glibc keeps the clock chosen by pthread_condattr_setclock in bit 1 (nptl/pthread_cond_init.c). */
static clockid_t clock_of(const pthread_cond_t *cond)
{
    return cond->__data.__wrefs & 2 ? CLOCK_MONOTONIC : CLOCK_REALTIME;
}

int mk_fake_pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *mutex,
                                   const struct timespec *deadline)
{
    struct waited waited = {cond, mutex, 0};

    if (deadline->tv_nsec < 0 || deadline->tv_nsec >= mk_ns_per_s)
        return EINVAL;
    int64_t until_ns = mk_clock_to_mono(clock_of(cond), mk_ns_of(deadline));
    int got = mk_clock_wait(look_at_cond, &waited, until_ns);
    if (got < 0)
        return errno;
    return got == 0 ? ETIMEDOUT : waited.err;
}

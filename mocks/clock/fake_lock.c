/*
 * Locks and joins with a deadline of virtual time.
 *
 * Like condition variables they can only be waited for by themselves: a waiter looks at the clock
 * every few real milliseconds.
 *
 * SPDX-License-Identifier: MIT
 */
#include <dlfcn.h>
#include <errno.h>
#include <string.h>

#include "mocks/clock/clock_priv.h"

enum { SLICE_MS = 2 };

/* POSIX lets dlsym's result be a function. */
void mk_find_real(void *function, const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);
    memcpy(function, &found, sizeof found);
}

typedef int (*lock_until)(void *lock, clockid_t clock, const struct timespec *deadline);
typedef int (*join_until)(pthread_t thread, void **result, clockid_t clock,
                          const struct timespec *deadline);

struct locked {
    void *lock;
    const char *name; /* of libc's function, (lock, clock, deadline) */
    int err;
};

/* 1: it has the lock, or never will: err says which. */
static int look_at_lock(void *what, int wake_fd, int real_ms)
{
    struct locked *locked = what;
    lock_until real = NULL;

    (void)wake_fd;
    /* With a deadline that has passed they try once, and do not wait. */
    int64_t slice_ns = real_ms ? (int64_t)SLICE_MS * MK_NS_PER_MS : 0;
    struct timespec until = mk_timespec_of(mk_clock_real_ns() + slice_ns);
    mk_find_real(&real, locked->name);
    locked->err = real(locked->lock, CLOCK_MONOTONIC, &until);
    return locked->err == ETIMEDOUT ? 0 : 1;
}

static int lock_by(void *lock, const char *name, clockid_t clock, const struct timespec *deadline)
{
    struct locked locked = {lock, name, 0};

    if (deadline->tv_nsec < 0 || deadline->tv_nsec >= mk_ns_per_s || !mk_clock_is_virtual(clock))
        return EINVAL;
    int got = mk_clock_wait(look_at_lock, &locked, mk_clock_to_mono(clock, mk_ns_of(deadline)));
    if (got < 0)
        return errno;
    return got == 0 ? ETIMEDOUT : locked.err;
}

int mk_fake_pthread_mutex_clocklock(pthread_mutex_t *mutex, clockid_t clock,
                                    const struct timespec *deadline)
{
    return lock_by(mutex, "pthread_mutex_clocklock", clock, deadline);
}

int mk_fake_pthread_mutex_timedlock(pthread_mutex_t *mutex, const struct timespec *deadline)
{
    return mk_fake_pthread_mutex_clocklock(mutex, CLOCK_REALTIME, deadline);
}

int mk_fake_mtx_timedlock(mtx_t *mutex, const struct timespec *deadline)
{
    int err = mk_fake_pthread_mutex_timedlock((pthread_mutex_t *)mutex, deadline);

    if (!err)
        return thrd_success;
    return err == ETIMEDOUT ? thrd_timedout : thrd_error;
}

int mk_fake_pthread_rwlock_clockrdlock(pthread_rwlock_t *lock, clockid_t clock,
                                       const struct timespec *deadline)
{
    return lock_by(lock, "pthread_rwlock_clockrdlock", clock, deadline);
}

int mk_fake_pthread_rwlock_clockwrlock(pthread_rwlock_t *lock, clockid_t clock,
                                       const struct timespec *deadline)
{
    return lock_by(lock, "pthread_rwlock_clockwrlock", clock, deadline);
}

int mk_fake_pthread_rwlock_timedrdlock(pthread_rwlock_t *lock, const struct timespec *deadline)
{
    return mk_fake_pthread_rwlock_clockrdlock(lock, CLOCK_REALTIME, deadline);
}

int mk_fake_pthread_rwlock_timedwrlock(pthread_rwlock_t *lock, const struct timespec *deadline)
{
    return mk_fake_pthread_rwlock_clockwrlock(lock, CLOCK_REALTIME, deadline);
}

struct joined {
    pthread_t thread;
    void **result;
    int err;
};

static int look_at_thread(void *what, int wake_fd, int real_ms)
{
    struct joined *joined = what;
    join_until real = NULL;

    (void)wake_fd;
    int64_t slice_ns = real_ms ? (int64_t)SLICE_MS * MK_NS_PER_MS : 0;
    struct timespec until = mk_timespec_of(mk_clock_real_ns() + slice_ns);
    mk_find_real(&real, "pthread_clockjoin_np");
    joined->err = real(joined->thread, joined->result, CLOCK_MONOTONIC, &until);
    return joined->err == ETIMEDOUT ? 0 : 1;
}

int mk_fake_pthread_clockjoin_np(pthread_t thread, void **result, clockid_t clock,
                                 const struct timespec *deadline)
{
    struct joined joined = {thread, result, 0};

    if (!mk_timespec_is_valid(deadline) || !mk_clock_is_virtual(clock))
        return EINVAL;
    int got = mk_clock_wait(look_at_thread, &joined, mk_clock_to_mono(clock, mk_ns_of(deadline)));
    if (got < 0)
        return errno;
    return got == 0 ? ETIMEDOUT : joined.err;
}

int mk_fake_pthread_join(pthread_t thread, void **result)
{
    int (*real)(pthread_t thread, void **result) = NULL;
    struct joined joined = {thread, result, 0};
    int got = look_at_thread(&joined, -1, 0);

    if (!got)
        got = mk_clock_hope(look_at_thread, &joined);
    if (got)
        return got < 0 ? errno : joined.err;
    mk_find_real(&real, "pthread_join");
    return real(thread, result);
}

int mk_fake_pthread_timedjoin_np(pthread_t thread, void **result, const struct timespec *deadline)
{
    return mk_fake_pthread_clockjoin_np(thread, result, CLOCK_REALTIME, deadline);
}

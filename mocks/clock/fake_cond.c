/*
 * Condition variables and semaphores with a deadline of virtual time.
 *
 * They can only be waited for by themselves, so a waiter looks at the clock every few real
 * milliseconds. A signal that comes between two looks finds nobody: signals are counted, so that
 * the waiter sees that there was one. libc's own functions are looked up: here their names may be
 * wrapped or interposed.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>

#include "mocks/clock/clock_priv.h"

enum { SLICE_MS = 2, COUNTS = 64, SHARED = 1 };

typedef int (*cond_call)(pthread_cond_t *cond);
typedef int (*cond_wait)(pthread_cond_t *cond, pthread_mutex_t *mutex);
typedef int (*semaphore_call)(sem_t *semaphore);
typedef int (*cond_clockwait)(pthread_cond_t *cond, pthread_mutex_t *mutex, clockid_t clock,
                              const struct timespec *deadline);
typedef int (*semaphore_clockwait)(sem_t *semaphore, clockid_t clock,
                                   const struct timespec *deadline);

/* Of signals, by the address of what is signalled. Two that share one wake each other in vain. */
static _Atomic unsigned counts[COUNTS];

static _Atomic unsigned *count_of(const pthread_cond_t *cond)
{
    return &counts[(uintptr_t)cond / sizeof(pthread_cond_t) % COUNTS];
}

static int pass_signal(pthread_cond_t *cond, const char *name)
{
    cond_call real = NULL;

    mk_find_real(&real, name);
    (void)atomic_fetch_add(count_of(cond), 1U);
    return real(cond);
}

int mk_fake_pthread_cond_signal(pthread_cond_t *cond)
{
    return pass_signal(cond, "pthread_cond_signal");
}

int mk_fake_pthread_cond_broadcast(pthread_cond_t *cond)
{
    return pass_signal(cond, "pthread_cond_broadcast");
}

struct waited {
    pthread_cond_t *cond;
    pthread_mutex_t *mutex;
    unsigned count; /* of signals when it began to wait, under its mutex */
    int err;
};

/* 1: woken, by a signal or spuriously, or an error is in err. */
static int look_at_cond(void *what, int wake_fd, int real_ms)
{
    struct waited *waited = what;
    cond_clockwait real = NULL;

    (void)wake_fd;
    if (atomic_load(count_of(waited->cond)) != waited->count)
        return 1;
    if (real_ms == 0)
        return 0;
    struct timespec until = mk_timespec_of(mk_clock_real_ns() + (int64_t)SLICE_MS * MK_NS_PER_MS);
    mk_find_real(&real, "pthread_cond_clockwait");
    waited->err = real(waited->cond, waited->mutex, CLOCK_MONOTONIC, &until);
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
    return mk_fake_pthread_cond_clockwait(cond, mutex, clock_of(cond), deadline);
}

int mk_fake_pthread_cond_clockwait(pthread_cond_t *cond, pthread_mutex_t *mutex, clockid_t clock,
                                   const struct timespec *deadline)
{
    struct waited waited = {cond, mutex, atomic_load(count_of(cond)), 0};

    if (deadline->tv_nsec < 0 || deadline->tv_nsec >= mk_ns_per_s || !mk_clock_is_virtual(clock))
        return EINVAL;
    int64_t until_ns = mk_clock_to_mono(clock, mk_ns_of(deadline));
    int got = mk_clock_wait(look_at_cond, &waited, until_ns);
    if (got < 0)
        return errno;
    return got == 0 ? ETIMEDOUT : waited.err;
}

/* glibc keeps PTHREAD_PROCESS_SHARED in bit 0. */
int mk_fake_pthread_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex)
{
    struct waited waited = {cond, mutex, atomic_load(count_of(cond)), 0};
    cond_wait real = NULL;
    int got = cond->__data.__wrefs & SHARED ? 0 : mk_clock_hope(look_at_cond, &waited);

    if (got)
        return got < 0 ? errno : waited.err;
    mk_find_real(&real, "pthread_cond_wait");
    return real(cond, mutex);
}

static int look_at_semaphore(void *semaphore, int wake_fd, int real_ms)
{
    semaphore_call try_real = NULL;
    semaphore_clockwait wait_real = NULL;

    (void)wake_fd;
    if (real_ms == 0) {
        mk_find_real(&try_real, "sem_trywait");
        return try_real(semaphore) == 0;
    }
    struct timespec until = mk_timespec_of(mk_clock_real_ns() + (int64_t)SLICE_MS * MK_NS_PER_MS);
    mk_find_real(&wait_real, "sem_clockwait");
    if (wait_real(semaphore, CLOCK_MONOTONIC, &until) == 0)
        return 1;
    return errno == ETIMEDOUT ? 0 : -1;
}

int mk_fake_sem_clockwait(sem_t *semaphore, clockid_t clock, const struct timespec *deadline)
{
    if (!mk_clock_is_virtual(clock) || deadline->tv_nsec < 0 || deadline->tv_nsec >= mk_ns_per_s) {
        errno = EINVAL;
        return -1;
    }
    int64_t until_ns = mk_clock_to_mono(clock, mk_ns_of(deadline));
    int got = mk_clock_wait(look_at_semaphore, semaphore, until_ns);
    if (got > 0)
        return 0;
    if (got == 0)
        errno = ETIMEDOUT;
    return -1;
}

int mk_fake_sem_timedwait(sem_t *semaphore, const struct timespec *deadline)
{
    return mk_fake_sem_clockwait(semaphore, CLOCK_REALTIME, deadline);
}

int mk_fake_sem_wait(sem_t *semaphore)
{
    semaphore_call real = NULL;
    int got = look_at_semaphore(semaphore, -1, 0);

    if (!got)
        got = mk_clock_hope(look_at_semaphore, semaphore);
    if (got)
        return got > 0 ? 0 : -1;
    mk_find_real(&real, "sem_wait");
    return real(semaphore);
}

/* C's are POSIX's under another name (glibc: nptl/cnd_timedwait.c). */
int mk_fake_cnd_timedwait(cnd_t *cond, mtx_t *mutex, const struct timespec *deadline)
{
    int err = mk_fake_pthread_cond_clockwait((pthread_cond_t *)cond, (pthread_mutex_t *)mutex,
                                             CLOCK_REALTIME, deadline);

    if (!err)
        return thrd_success;
    return err == ETIMEDOUT ? thrd_timedout : thrd_error;
}

/*
 * Timers on the virtual clock: timerfds, which are eventfds here, and the alarm.
 *
 * A descriptor is known by its number and by the kernel's id of the eventfd behind it, so that a
 * number closed and given out again is never written to.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>

#include "mocks/clock/clock_priv.h"

enum { MAX_TIMERS = 1024 };

struct timer {
    bool used;
    int fd; /* -1: the alarm, which sends SIGALRM */
    int eventfd_id;
    clockid_t clock;
    int64_t due_ns; /* MK_NEVER: not set */
    int64_t interval_ns;
    pid_t owner; /* it fires it, while it lives: a fork's child has the same eventfd */
};

static struct timer timers[MAX_TIMERS];
static struct timer alarm_timer = {.used = true, .fd = -1, .due_ns = MK_NEVER};
static _Atomic int64_t next_ns = MK_NEVER;
static _Atomic unsigned rung;
static _Atomic int rung_signal;
static _Atomic bool any_made; /* reads need not look before there is a timer */
static atomic_flag lock = ATOMIC_FLAG_INIT;

/* Signals could find the lock held: they are kept out. */
static void hold(sigset_t *saved)
{
    sigset_t all;

    (void)sigfillset(&all);
    (void)syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, saved, (size_t)8);
    while (atomic_flag_test_and_set_explicit(&lock, memory_order_acquire))
        (void)syscall(SYS_sched_yield);
}

static void let_go(const sigset_t *saved)
{
    atomic_flag_clear_explicit(&lock, memory_order_release);
    (void)syscall(SYS_rt_sigprocmask, SIG_SETMASK, saved, NULL, (size_t)8);
}

static int eventfd_id(int fd)
{
    char path[48], text[512];
    int id = -1;

    (void)snprintf(path, sizeof path, "/proc/self/fdinfo/%d", fd);
    int info = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
    if (info < 0)
        return -1;
    long got = syscall(SYS_read, info, text, sizeof text - 1);
    (void)syscall(SYS_close, info);
    text[got > 0 ? got : 0] = '\0';
    const char *at = strstr(text, "eventfd-id:");
    if (at)
        id = (int)strtol(at + sizeof "eventfd-id:" - 1, NULL, 10);
    return id;
}

static void publish_next(void)
{
    int64_t next = alarm_timer.due_ns;

    for (int i = 0; i < MAX_TIMERS; i++)
        if (timers[i].used && timers[i].due_ns < next)
            next = timers[i].due_ns;
    atomic_store(&next_ns, next);
}

int64_t mk_timers_next_ns(void)
{
    int64_t posix_ns = mk_posix_next_ns(), ours_ns = atomic_load(&next_ns);
    return posix_ns < ours_ns ? posix_ns : ours_ns;
}

int64_t mk_timers_next_signal_ns(void)
{
    int64_t posix_ns = mk_posix_next_ns();
    sigset_t saved;

    hold(&saved);
    int64_t alarm_ns = alarm_timer.due_ns;
    let_go(&saved);
    return posix_ns < alarm_ns ? posix_ns : alarm_ns;
}

unsigned mk_timers_rung(void)
{
    return atomic_load(&rung);
}

int mk_timers_rung_signal(void)
{
    return atomic_load(&rung_signal);
}

void mk_timers_ring(int signal_number)
{
    atomic_store(&rung_signal, signal_number);
    (void)atomic_fetch_add(&rung, 1U);
}

/* How often it has expired up to now, counted once. */
static uint64_t expire(struct timer *timer, int64_t now_ns)
{
    if (timer->due_ns > now_ns)
        return 0;
    if (timer->interval_ns <= 0) {
        timer->due_ns = MK_NEVER;
        return 1;
    }
    uint64_t times = (uint64_t)((now_ns - timer->due_ns) / timer->interval_ns) + 1;
    timer->due_ns += (int64_t)times * timer->interval_ns;
    return times;
}

static void fire_fd(struct timer *timer, int64_t now_ns)
{
    uint64_t times = expire(timer, now_ns);

    if (!times)
        return;
    if (eventfd_id(timer->fd) != timer->eventfd_id) {
        timer->used = false; /* closed */
        return;
    }
    if (timer->owner != (pid_t)syscall(SYS_getpid) && syscall(SYS_kill, timer->owner, 0) == 0)
        return;
    (void)syscall(SYS_write, timer->fd, &times, sizeof times);
}

void mk_timers_fire(int64_t now_ns)
{
    sigset_t saved;
    bool rings;

    mk_posix_fire(now_ns);
    if (atomic_load(&next_ns) > now_ns)
        return;
    hold(&saved);
    for (int i = 0; i < MAX_TIMERS; i++)
        if (timers[i].used && timers[i].due_ns <= now_ns)
            fire_fd(&timers[i], now_ns);
    rings = expire(&alarm_timer, now_ns) > 0;
    publish_next();
    let_go(&saved);
    if (!rings)
        return;
    mk_timers_ring(SIGALRM);
    (void)syscall(SYS_kill, (pid_t)syscall(SYS_getpid), SIGALRM);
}

static void stop_alarm(void)
{
    alarm_timer.due_ns = MK_NEVER;
    alarm_timer.interval_ns = 0;
    publish_next();
}

void mk_timers_forget(void)
{
    memset(timers, 0, sizeof timers);
    stop_alarm();
    atomic_store(&any_made, false);
    mk_posix_forget();
}

void mk_timers_forked(void)
{
    atomic_flag_clear(&lock); /* its holder is a thread of the parent */
    stop_alarm();
    mk_posix_forget();
}

static struct timer *find(int fd)
{
    for (int i = 0; i < MAX_TIMERS; i++)
        if (timers[i].used && timers[i].fd == fd)
            return &timers[i];
    return NULL;
}

static struct timer *claim(int fd)
{
    struct timer *timer = find(fd);

    for (int i = 0; !timer && i < MAX_TIMERS; i++)
        if (!timers[i].used)
            timer = &timers[i];
    return timer;
}

int mk_fake_timerfd_create(int clock, int flags)
{
    int eventfd_flags =
        (flags & TFD_NONBLOCK ? EFD_NONBLOCK : 0) | (flags & TFD_CLOEXEC ? EFD_CLOEXEC : 0);
    sigset_t saved;

    if (!mk_clock_is_virtual(clock) || (flags & ~(TFD_NONBLOCK | TFD_CLOEXEC))) {
        errno = EINVAL;
        return -1;
    }
    int fd = (int)syscall(SYS_eventfd2, 0, eventfd_flags);
    if (fd < 0)
        return -1;
    hold(&saved);
    struct timer *timer = claim(fd);
    if (timer)
        *timer = (struct timer){true, fd, eventfd_id(fd), clock, MK_NEVER, 0, getpid()};
    atomic_store(&any_made, true);
    let_go(&saved);
    if (timer)
        return fd;
    (void)syscall(SYS_close, fd);
    errno = EMFILE;
    return -1;
}

bool mk_timers_is_timer(int fd)
{
    sigset_t saved;

    if (!atomic_load_explicit(&any_made, memory_order_relaxed))
        return false;
    hold(&saved);
    const struct timer *timer = find(fd);
    let_go(&saved);
    return timer != NULL;
}

static struct itimerspec told(const struct timer *timer)
{
    int64_t left = timer->due_ns == MK_NEVER ? 0 : timer->due_ns - mk_clock_mono_ns();
    return (struct itimerspec){mk_timespec_of(timer->interval_ns),
                               mk_timespec_of(left > 0 ? left : 0)};
}

/* What has expired is forgotten when a timer is set anew. */
static void drain(int fd)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    struct timespec now = {0};
    uint64_t times;

    if (syscall(SYS_ppoll, &ready, 1, &now, NULL, (size_t)8) == 1)
        (void)syscall(SYS_read, fd, &times, sizeof times);
}

static void set(struct timer *timer, int flags, const struct itimerspec *wanted)
{
    int64_t ns = mk_ns_of(&wanted->it_value);

    timer->interval_ns = mk_ns_of(&wanted->it_interval);
    if (ns == 0)
        timer->due_ns = MK_NEVER;
    else if (flags & TFD_TIMER_ABSTIME)
        timer->due_ns = mk_clock_to_mono(timer->clock, ns);
    else
        timer->due_ns = mk_clock_deadline_after(ns);
    publish_next();
}

int mk_fake_timerfd_settime(int fd, int flags, const struct itimerspec *wanted,
                            struct itimerspec *old)
{
    sigset_t saved;
    int err = 0;

    if (!mk_timespec_is_valid(&wanted->it_value) || !mk_timespec_is_valid(&wanted->it_interval)) {
        errno = EINVAL;
        return -1;
    }
    hold(&saved);
    struct timer *timer = find(fd);
    if (timer && old)
        *old = told(timer);
    if (timer) {
        drain(fd);
        set(timer, flags, wanted);
    } else {
        err = EINVAL;
    }
    let_go(&saved);
    mk_timers_fire(mk_clock_mono_ns());
    if (!err)
        return 0;
    errno = err;
    return -1;
}

int mk_fake_timerfd_gettime(int fd, struct itimerspec *out)
{
    sigset_t saved;

    hold(&saved);
    const struct timer *timer = find(fd);
    if (timer)
        *out = told(timer);
    let_go(&saved);
    if (timer)
        return 0;
    errno = EINVAL;
    return -1;
}

static struct itimerval told_us(const struct timer *timer)
{
    struct itimerspec now = told(timer);
    return (struct itimerval){
        {now.it_interval.tv_sec, now.it_interval.tv_nsec / 1000},
        {now.it_value.tv_sec, now.it_value.tv_nsec / 1000},
    };
}

int mk_fake_getitimer(__itimer_which_t which, struct itimerval *out)
{
    sigset_t saved;

    if (which != ITIMER_REAL)
        return (int)syscall(SYS_getitimer, which, out);
    hold(&saved);
    *out = told_us(&alarm_timer);
    let_go(&saved);
    return 0;
}

static bool is_sound(const struct timeval *time)
{
    return time->tv_sec >= 0 && time->tv_usec >= 0 && time->tv_usec < 1000000;
}

int mk_fake_setitimer(__itimer_which_t which, const struct itimerval *wanted, struct itimerval *old)
{
    sigset_t saved;

    if (which != ITIMER_REAL)
        return (int)syscall(SYS_setitimer, which, wanted, old);
    if (wanted && (!is_sound(&wanted->it_value) || !is_sound(&wanted->it_interval))) {
        errno = EINVAL;
        return -1;
    }
    hold(&saved);
    if (old)
        *old = told_us(&alarm_timer);
    if (wanted) {
        const struct itimerspec spec = {
            {wanted->it_interval.tv_sec, wanted->it_interval.tv_usec * 1000},
            {wanted->it_value.tv_sec, wanted->it_value.tv_usec * 1000}};
        set(&alarm_timer, 0, &spec);
    }
    let_go(&saved);
    return 0;
}

unsigned mk_fake_alarm(unsigned seconds)
{
    const struct itimerval wanted = {.it_value = {.tv_sec = (time_t)seconds}};
    struct itimerval old = {0};

    (void)mk_fake_setitimer(ITIMER_REAL, &wanted, &old);
    return (unsigned)old.it_value.tv_sec + (old.it_value.tv_usec > 0);
}

useconds_t mk_fake_ualarm(useconds_t value, useconds_t interval)
{
    const struct itimerval wanted = {{interval / 1000000, interval % 1000000},
                                     {value / 1000000, value % 1000000}};
    struct itimerval old = {0};

    (void)mk_fake_setitimer(ITIMER_REAL, &wanted, &old);
    return (useconds_t)(old.it_value.tv_sec * 1000000 + old.it_value.tv_usec);
}

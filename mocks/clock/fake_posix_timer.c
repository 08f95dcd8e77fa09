/*
 * timer_create()'s timers on the virtual clock: they send signals, start threads, or only count.
 *
 * A timer's id is the address of its place in a table, which no id of libc's can be. Timers of CPU
 * time are libc's.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "mocks/clock/clock_priv.h"

enum { MAX_TIMERS = 256, KERNEL_MASK_BYTES = 8 };

struct posix_timer {
    bool used;
    clockid_t clock;
    struct sigevent event;
    int64_t due_ns; /* MK_NEVER: not set */
    int64_t interval_ns;
    int overrun; /* expirations the last notification stands for, but the first */
};

static struct posix_timer posix_timers[MAX_TIMERS];
static _Atomic int64_t next_ns = MK_NEVER;
static atomic_flag lock = ATOMIC_FLAG_INIT;

/* Signals could find the lock held: they are kept out. */
static void hold(sigset_t *saved)
{
    sigset_t all;

    (void)sigfillset(&all);
    (void)syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, saved, (size_t)KERNEL_MASK_BYTES);
    while (atomic_flag_test_and_set_explicit(&lock, memory_order_acquire))
        (void)syscall(SYS_sched_yield);
}

static void let_go(const sigset_t *saved)
{
    atomic_flag_clear_explicit(&lock, memory_order_release);
    (void)syscall(SYS_rt_sigprocmask, SIG_SETMASK, saved, NULL, (size_t)KERNEL_MASK_BYTES);
}

int64_t mk_posix_next_ns(void)
{
    return atomic_load(&next_ns);
}

static void publish_next(void)
{
    int64_t next = MK_NEVER;

    for (int i = 0; i < MAX_TIMERS; i++)
        if (posix_timers[i].used && posix_timers[i].due_ns < next)
            next = posix_timers[i].due_ns;
    atomic_store(&next_ns, next);
}

void mk_posix_forget(void)
{
    memset(posix_timers, 0, sizeof posix_timers);
    atomic_store(&next_ns, MK_NEVER);
    atomic_flag_clear(&lock);
}

/* The kernel keeps one signal of a timer pending at most, and counts the rest (timer_create(2)). */
static bool is_pending(int signal_number)
{
    sigset_t pending;

    (void)sigemptyset(&pending);
    (void)syscall(SYS_rt_sigpending, &pending, (size_t)KERNEL_MASK_BYTES);
    return sigismember(&pending, signal_number) == 1;
}

static void send_signal(struct posix_timer *timer, int overrun)
{
    int number = timer->event.sigev_signo;
    siginfo_t info = {.si_signo = number, .si_code = SI_TIMER};
    pid_t process = (pid_t)syscall(SYS_getpid);

    if (is_pending(number)) {
        timer->overrun += overrun + 1;
        return;
    }
    timer->overrun = overrun;
    info.si_overrun = overrun;
    info.si_value = timer->event.sigev_value;
    mk_timers_ring(number);
    if (timer->event.sigev_notify == SIGEV_THREAD_ID)
        (void)syscall(SYS_rt_tgsigqueueinfo, process, timer->event._sigev_un._tid, number, &info);
    else
        (void)syscall(SYS_rt_sigqueueinfo, process, number, &info);
}

struct call {
    void (*function)(union sigval value);
    union sigval value;
};

static void *make_call(void *copy)
{
    struct call call = *(struct call *)copy;

    free(copy);
    call.function(call.value);
    return NULL;
}

static void start_thread(const struct posix_timer *timer)
{
    struct call *call = malloc(sizeof *call);
    pthread_t thread;

    if (!call)
        return;
    *call = (struct call){timer->event.sigev_notify_function, timer->event.sigev_value};
    if (pthread_create(&thread, timer->event.sigev_notify_attributes, make_call, call) != 0)
        free(call);
    else
        (void)pthread_detach(thread);
}

/* How often it has expired up to now: counted once. */
static int64_t expire(struct posix_timer *timer, int64_t now_ns)
{
    if (!timer->used || timer->due_ns > now_ns)
        return 0;
    if (timer->interval_ns <= 0) {
        timer->due_ns = MK_NEVER;
        return 1;
    }
    int64_t times = (now_ns - timer->due_ns) / timer->interval_ns + 1;
    timer->due_ns += times * timer->interval_ns;
    return times;
}

void mk_posix_fire(int64_t now_ns)
{
    sigset_t saved;

    if (mk_posix_next_ns() > now_ns)
        return;
    hold(&saved);
    for (int i = 0; i < MAX_TIMERS; i++) {
        struct posix_timer *timer = &posix_timers[i];
        int64_t times = expire(timer, now_ns);
        if (times == 0 || timer->event.sigev_notify == SIGEV_NONE)
            continue;
        if (timer->event.sigev_notify == SIGEV_THREAD)
            start_thread(timer);
        else
            send_signal(timer, times > INT32_MAX ? INT32_MAX : (int)times - 1);
    }
    publish_next();
    let_go(&saved);
}

static struct posix_timer *ours(timer_t id)
{
    /* Only compared: an id of libc's is no address of this table. */
    uintptr_t at = (uintptr_t)id, start = (uintptr_t)posix_timers;

    if (at < start || at >= start + sizeof posix_timers)
        return NULL;
    return id;
}

static int refuse(int err)
{
    errno = err;
    return -1;
}

static bool is_known(const struct sigevent *event)
{
    int way = event->sigev_notify;

    if (way == SIGEV_SIGNAL || way == SIGEV_THREAD_ID)
        return event->sigev_signo > 0 && event->sigev_signo < NSIG;
    return way == SIGEV_NONE || (way == SIGEV_THREAD && event->sigev_notify_function);
}

int mk_fake_timer_create(clockid_t clock, struct sigevent *event, timer_t *out)
{
    int (*real)(clockid_t clock, struct sigevent * event, timer_t * out) = NULL;
    struct posix_timer *timer = NULL;
    sigset_t saved;

    if (!mk_clock_is_virtual(clock)) {
        mk_find_real(&real, "timer_create");
        return real(clock, event, out);
    }
    if (event && !is_known(event))
        return refuse(EINVAL);
    hold(&saved);
    for (int i = 0; i < MAX_TIMERS && !timer; i++)
        if (!posix_timers[i].used)
            timer = &posix_timers[i];
    if (timer) {
        *timer = (struct posix_timer){.used = true, .clock = clock, .due_ns = MK_NEVER};
        if (event)
            timer->event = *event;
        else
            timer->event = (struct sigevent){.sigev_notify = SIGEV_SIGNAL,
                                             .sigev_signo = SIGALRM,
                                             .sigev_value.sival_ptr = timer};
        *out = timer;
    }
    let_go(&saved);
    return timer ? 0 : refuse(EAGAIN);
}

static void tell(const struct posix_timer *timer, struct itimerspec *out)
{
    int64_t left_ns = timer->due_ns == MK_NEVER ? 0 : timer->due_ns - mk_clock_mono_ns();

    out->it_interval = mk_timespec_of(timer->interval_ns);
    out->it_value = mk_timespec_of(left_ns > 0 ? left_ns : 0);
}

static void set(struct posix_timer *timer, int flags, const struct itimerspec *wanted)
{
    int64_t ns = mk_ns_of(&wanted->it_value);

    timer->interval_ns = mk_ns_of(&wanted->it_interval);
    timer->overrun = 0;
    if (ns == 0)
        timer->due_ns = MK_NEVER;
    else if (flags & TIMER_ABSTIME)
        timer->due_ns = mk_clock_to_mono(timer->clock, ns);
    else
        timer->due_ns = mk_clock_deadline_after(ns);
    publish_next();
}

int mk_fake_timer_settime(timer_t id, int flags, const struct itimerspec *wanted,
                          struct itimerspec *old)
{
    int (*real)(timer_t id, int flags, const struct itimerspec *wanted, struct itimerspec *old) =
        NULL;
    struct posix_timer *timer = ours(id);
    sigset_t saved;

    if (!timer) {
        mk_find_real(&real, "timer_settime");
        return real(id, flags, wanted, old);
    }
    if (!mk_timespec_is_valid(&wanted->it_value) || !mk_timespec_is_valid(&wanted->it_interval))
        return refuse(EINVAL);
    hold(&saved);
    bool is_there = timer->used;
    if (is_there && old)
        tell(timer, old);
    if (is_there)
        set(timer, flags, wanted);
    let_go(&saved);
    if (!is_there)
        return refuse(EINVAL);
    mk_posix_fire(mk_clock_mono_ns());
    return 0;
}

int mk_fake_timer_gettime(timer_t id, struct itimerspec *out)
{
    int (*real)(timer_t id, struct itimerspec * out) = NULL;
    const struct posix_timer *timer = ours(id);
    sigset_t saved;

    if (!timer) {
        mk_find_real(&real, "timer_gettime");
        return real(id, out);
    }
    hold(&saved);
    bool is_there = timer->used;
    tell(timer, out);
    let_go(&saved);
    return is_there ? 0 : refuse(EINVAL);
}

int mk_fake_timer_getoverrun(timer_t id)
{
    int (*real)(timer_t id) = NULL;
    const struct posix_timer *timer = ours(id);

    if (timer)
        return timer->used ? timer->overrun : refuse(EINVAL);
    mk_find_real(&real, "timer_getoverrun");
    return real(id);
}

int mk_fake_timer_delete(timer_t id)
{
    int (*real)(timer_t id) = NULL;
    struct posix_timer *timer = ours(id);
    sigset_t saved;

    if (!timer) {
        mk_find_real(&real, "timer_delete");
        return real(id);
    }
    hold(&saved);
    bool is_there = timer->used;
    timer->used = false;
    publish_next();
    let_go(&saved);
    return is_there ? 0 : refuse(EINVAL);
}

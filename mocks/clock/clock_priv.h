/*
 * The fake clock's inside: one page of time, the timers set on it, the threads waiting for it.
 *
 * The same code serves a test program (it owns the page and moves it) and a server with
 * libassay-clock.so preloaded (the page is shared, its test moves it). System calls are made
 * directly, so that neither wrappers nor interposers see them.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef MOCKS_CLOCK_CLOCK_PRIV_H
#define MOCKS_CLOCK_CLOCK_PRIV_H

#include <stdatomic.h>

#include "assay/clock_fakes.h"

#define MK_NEVER INT64_MAX

enum { MK_CLOCK_SLOTS = 256, MK_CLOCK_MAGIC = 0x324b4c43, MK_NS_PER_MS = 1000000 };
static const int64_t mk_ns_per_s = 1000000000;

enum mk_slot_state { MK_SLOT_FREE, MK_SLOT_RUNNING, MK_SLOT_WAITING };

/* A thread that has waited for the clock. */
struct mk_clock_slot {
    _Atomic int state; /* enum mk_slot_state */
    _Atomic int thread;
    _Atomic int process;
    _Atomic uint32_t seen; /* the move it last looked at */
    _Atomic int64_t deadline_ns;
};

struct mk_clock_page {
    uint32_t magic;
    _Atomic uint32_t moves; /* futex: one more each time the clock moves */
    _Atomic int64_t mono_ns;
    _Atomic int64_t wall_minus_mono_ns;
    _Atomic int64_t target_ns;      /* up to here the server's own threads may move it; 0: none */
    _Atomic uint32_t stacks_wanted; /* one more each time the test asks for stacks */
    struct mk_clock_slot slots[MK_CLOCK_SLOTS];
};

extern struct mk_clock_page *mk_clock_page;

/* clock_page.c */
int64_t mk_clock_mono_ns(void);
int64_t mk_clock_wall_ns(void);
bool mk_clock_is_virtual(clockid_t clock);
int64_t mk_clock_read(clockid_t clock);
/* A time of clock as CLOCK_MONOTONIC. */
int64_t mk_clock_to_mono(clockid_t clock, int64_t ns);
/* now + ms, MK_NEVER for a negative ms. */
int64_t mk_clock_deadline_ms(int ms);
int64_t mk_clock_deadline_after(int64_t ns);
/* Set the time (never back), fire what is due, wake who waits. */
void mk_clock_move_to(int64_t mono_ns);
/* The clock of the page has been moved by somebody: fire and wake in this process. */
void mk_clock_moved(void);

/* clock_span.c: times as numbers. MK_NEVER for what is too far to count. */
int64_t mk_ns_of(const struct timespec *time);
struct timespec mk_timespec_of(int64_t ns);
bool mk_timespec_is_valid(const struct timespec *time);
int64_t mk_clock_real_ns(void);
/* ms as ns; false if it is negative or now + ms is more than can be counted. */
bool mk_clock_span_ns(int64_t now_ns, int64_t ms, int64_t *span_ns);

/* clock_timers.c: timerfds and alarms of this process. is_timer: does this number stand for one? */
bool mk_timers_is_timer(int fd);
int64_t mk_timers_next_ns(void);
/* Without timerfds. */
int64_t mk_timers_next_signal_ns(void);
/* How often a timer has sent a signal, and which last: a wait it happened in was interrupted. */
unsigned mk_timers_rung(void);
int mk_timers_rung_signal(void);
void mk_timers_ring(int signal_number);
void mk_timers_fire(int64_t now_ns);
void mk_timers_forget(void);
/* In a fork's child: alarms and POSIX timers are the parent's, as fork(2) has it. */
void mk_timers_forked(void);

/* fake_posix_timer.c: the same for timer_create()'s. */
int64_t mk_posix_next_ns(void);
void mk_posix_fire(int64_t now_ns);
void mk_posix_forget(void);

/* fake_lock.c: libc's own function of that name; here names may be wrapped or interposed. */
void mk_find_real(void *function, const char *name);
/* fake_poll.c: until fd has one of events: > 0; 0: the deadline has passed; < 0 with errno. */
int mk_clock_await_fd(int fd, short events, int64_t deadline_ns);
/* fake_socket.c: would the clock end a call that waits for fd? SO_RCVTIMEO: to read; SO_SNDTIMEO.
 */
bool mk_clock_ends(int fd, int option);

/*
 * clock_wait.c: one wait. look says whether what is waited for is there: > 0 or < 0 (with errno)
 * ends the wait with that, 0 means not yet. wake_fd -1: look once, for at most real_ms; else wait
 * until it is there or wake_fd becomes readable (real_ms -1: without end).
 * Returns look's value, or 0 when the deadline has passed.
 */
typedef int (*mk_clock_look)(void *what, int wake_fd, int real_ms);
int mk_clock_wait(mk_clock_look look, void *what, int64_t deadline_ns);
void mk_clock_wake_all(void);
int64_t mk_clock_next_deadline_ns(void);
/* This thread has a slot from now on and runs, though it has not waited yet. */
void mk_clock_register(void);
/* In the parent, which may come to rest before its child has run at all: as the child will. */
void mk_clock_register_child(int child);
/* -1: it has none. */
int mk_clock_self_slot(void);

/* clock_slots.c: the threads of a page. others_wait: none but self runs, all have seen the time. */
bool mk_slot_is_gone(const struct mk_clock_slot *slot);
bool mk_slots_others_wait(const struct mk_clock_page *page, int self);
int mk_slots_waiting(const struct mk_clock_page *page);
int64_t mk_slots_next_deadline_ns(const struct mk_clock_page *page);
/* Set a page's time, never back. */
void mk_page_move_to(struct mk_clock_page *page, int64_t mono_ns);
/* Wake the processes that follow a page. */
void mk_page_wake(struct mk_clock_page *page);
/* Has a thread of another process a slot? */
bool mk_page_is_shared(const struct mk_clock_page *page);

/*
 * clock_task.c: threads as the kernel sees them. sleeps: it is neither running nor woken; or gone.
 * endless: it sleeps in a call that no time ends.
 */
bool mk_task_read(int process, int thread, const char *name, char *text, size_t size);
bool mk_task_sleeps(int process, int thread);
bool mk_task_is_endless(int process, int thread);
/* It sleeps for another thread: for a lock, a condition, an end; no time ends that. */
bool mk_task_waits_for_thread(int process, int thread);
/* The child this thread has made last; 0: none, or not known. */
int mk_task_last_child(void);
/* Has this process but one thread? */
bool mk_task_is_alone(void);
/* Every thread of a process but the caller; false as soon as visit says so. */
typedef bool (*mk_task_visit)(int process, int thread, void *what);
bool mk_tasks_each(int process, mk_task_visit visit, void *what);
/* How often it went to sleep or was made to wait; 0: not known. */
uint64_t mk_task_switches(int process, int thread);
/*
 * A number that grows if a thread of the process, but the caller, has run and sleeps again; in our
 * own process also if it still runs.
 */
uint64_t mk_process_activity(int process);

/* clock_rest.c: what was seen of sleepers is kept from look to look. */
struct mk_rest {
    bool at_once; /* who sleeps for something else than the clock is believed at once */
    int busy_process, busy_thread;    /* one that was not at rest; 0: none was caught */
    int64_t since_ns[MK_CLOCK_SLOTS]; /* real; 0: not seen asleep */
    uint64_t switches[MK_CLOCK_SLOTS];
};
/*
 * Are all threads but self at rest: those with a slot (self: its index, or -1), and all others of
 * their processes and of ours?
 */
bool mk_rest_all(const struct mk_clock_page *page, struct mk_rest *rest, int self);

/*
 * clock_jump.c in tests, clock_preload.c in servers: may this thread, which is about to wait,
 * move the clock, and how far?
 */
bool mk_clock_may_jump(int self_slot);
int64_t mk_clock_limit_ns(void);
/* All are at rest and no deadline is set: true if this wait is to fail with EDEADLK. */
bool mk_clock_is_stuck(void);
/*
 * The same before a wait of libc's own that only a thread of this process can end, for the first
 * tenth of a second of it. > 0: look says that it is there. < 0: EDEADLK. 0: there is hope.
 */
int mk_clock_hope(mk_clock_look look, void *what);
/* The clock has stood for mk_clock_hang_ms() of this wait: true if it is to fail with EDEADLK. */
bool mk_clock_is_hung(int self_slot);
int mk_clock_grace_ms(void);
int mk_clock_hang_ms(void);
/* A thread of this process waits for the first time. */
void mk_clock_joined(void);

#endif

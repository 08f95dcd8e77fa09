/*
 * libassay-clock.so: a server's calls of time, answered from the page its test moves.
 *
 * Exactly the functions of clock_preload.map are exported. Without a page (ASSAY_CLOCK_PAGE unset)
 * everything is passed on to libc.
 *
 * SPDX-License-Identifier: MIT
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "assay/server_clock.h"
#include "mocks/clock/clock_priv.h"
#include "mocks/clock/clock_stacks.h"

/*
 * The page is the test's to move. While it does (there is a target), the last of the server's
 * threads that comes to wait moves it on itself: that is far quicker than asking the test.
 */
bool mk_clock_may_jump(int self_slot)
{
    struct mk_rest rest = {0};

    return mk_clock_limit_ns() > 0 && mk_slots_others_wait(mk_clock_page, self_slot)
           && mk_rest_all(mk_clock_page, &rest, self_slot);
}

int64_t mk_clock_limit_ns(void)
{
    return atomic_load(&mk_clock_page->target_ns);
}

/* A wait without end is a server at rest. */
bool mk_clock_is_stuck(void)
{
    return false;
}

int mk_clock_hope(mk_clock_look look, void *what)
{
    (void)look, (void)what;
    return 0;
}

bool mk_clock_is_hung(int self_slot)
{
    (void)self_slot;
    return false;
}

int mk_clock_grace_ms(void)
{
    return 0;
}

int mk_clock_hang_ms(void)
{
    return 0;
}

/* Follows the page: fires this process's timers and wakes its threads when the clock has moved. */
static void *follow(void *unused)
{
    uint32_t seen = atomic_load(&mk_clock_page->moves);
    uint32_t stacks = atomic_load(&mk_clock_page->stacks_wanted);

    (void)unused;
    for (;;) {
        mk_clock_moved();
        if (stacks != atomic_load(&mk_clock_page->stacks_wanted)) {
            stacks = atomic_load(&mk_clock_page->stacks_wanted);
            (void)fprintf(stderr, "stacks of process %d:\n", (int)getpid());
            mk_stacks_print_others();
            (void)fprintf(stderr, "end of stacks of process %d\n", (int)getpid());
        }
        (void)syscall(SYS_futex, &mk_clock_page->moves, FUTEX_WAIT, seen, NULL, NULL, 0);
        seen = atomic_load(&mk_clock_page->moves);
    }
    return NULL;
}

/* Once a process: a fork has lost its parent's. */
void mk_clock_joined(void)
{
    static _Atomic int follower_of;
    int process = (int)syscall(SYS_getpid);
    sigset_t all, saved;
    pthread_t thread;

    if (atomic_exchange(&follower_of, process) == process)
        return;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &saved);
    if (pthread_create(&thread, NULL, follow, NULL) == 0)
        (void)pthread_detach(thread);
    (void)pthread_sigmask(SIG_SETMASK, &saved, NULL);
}

static void follow_child(void)
{
    int saved = errno;
    int child = mk_task_last_child();

    if (child > 0)
        mk_clock_register_child(child);
    errno = saved;
}

static void follow_fork(void)
{
    mk_timers_forked();
    mk_clock_register();
}

static struct mk_clock_page *map_page(int fd)
{
    struct stat st;
    struct mk_clock_page *page;

    if (fstat(fd, &st) != 0 || st.st_size != (off_t)sizeof *page)
        return NULL;
    page = mmap(NULL, sizeof *page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    return page == MAP_FAILED || page->magic != MK_CLOCK_MAGIC ? NULL : page;
}

__attribute__((constructor)) static void attach(void)
{
    const char *path = getenv(ASSAY_CLOCK_PAGE);
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;

    if (fd >= 0) {
        mk_clock_page = map_page(fd);
        (void)syscall(SYS_close, fd);
    }
    if (mk_clock_page) {
        /* From here on the test can see whether the program has come to wait. */
        mk_clock_register();
        (void)pthread_atfork(NULL, follow_child, follow_fork);
        mk_clock_is_faked = true;
    } else if (path)
        (void)fprintf(stderr, "libassay-clock.so: %s: not a clock page, time is real\n", path);
}

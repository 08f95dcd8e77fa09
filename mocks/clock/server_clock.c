/*
 * The test's side of a server's clock.
 *
 * Talks to the kernel directly: the test program it is linked with may wrap what it would call.
 *
 * SPDX-License-Identifier: MIT
 */
#include "assay/server_clock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "mocks/clock/clock_priv.h"

enum { SETTLE_MS = 5000, NUDGE_MS = 10 };

static int64_t real_of(clockid_t clock)
{
    struct timespec now = {0};

    (void)syscall(SYS_clock_gettime, clock, &now);
    return (int64_t)now.tv_sec * mk_ns_per_s + now.tv_nsec;
}

/* A file: a server that drops its rights or descriptors has opened it before. */
static int make_file(char *path, size_t size)
{
    static const char *const dirs[] = {"/dev/shm", "/tmp"};
    int fd = -1;

    for (unsigned i = 0; fd < 0 && i < 2; i++) {
        (void)snprintf(path, size, "%s/assay-clock-XXXXXX", dirs[i]);
        fd = mkostemp(path, O_CLOEXEC);
    }
    if (fd >= 0)
        (void)fchmod(fd, 0666);
    return fd;
}

static struct mk_clock_page *map_page(int fd)
{
    size_t size = sizeof(struct mk_clock_page);

    if (ftruncate(fd, (off_t)size) != 0)
        return NULL;
    void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    return at == MAP_FAILED ? NULL : at;
}

bool assay_server_clock_open(struct assay_server_clock *out, int64_t mono_ms, int64_t wall_ms)
{
    char path[64];
    int64_t mono_ns = mono_ms ? mono_ms * MK_NS_PER_MS : real_of(CLOCK_MONOTONIC);
    int64_t wall_ns = wall_ms ? wall_ms * MK_NS_PER_MS : real_of(CLOCK_REALTIME);
    int fd = make_file(path, sizeof path);

    if (fd < 0)
        return false;
    struct mk_clock_page *page = map_page(fd);
    int why = errno;
    (void)syscall(SYS_close, fd);
    if (!page) {
        (void)unlink(path);
        errno = why;
        return false;
    }
    atomic_store(&page->mono_ns, mono_ns);
    atomic_store(&page->wall_minus_mono_ns, wall_ns - mono_ns);
    page->magic = MK_CLOCK_MAGIC;
    out->page = page;
    (void)snprintf(out->env, sizeof out->env, ASSAY_CLOCK_PAGE "=%s", path);
    return true;
}

static void move_to(struct mk_clock_page *page, int64_t mono_ns)
{
    mk_page_move_to(page, mono_ns);
    mk_page_wake(page);
}

/* Until all is at rest, or the clock has not moved for patience_ms: then somebody is busy. */
static bool settle_within(struct assay_server_clock *clock, struct mk_rest *rest, int patience_ms)
{
    const struct timespec step = {.tv_nsec = 20000};
    const struct mk_clock_page *page = clock->page;
    int64_t mono_ns = atomic_load(&page->mono_ns);
    int64_t since_ns = real_of(CLOCK_MONOTONIC);

    while (!mk_rest_all(page, rest, -1)) {
        int64_t now_ns = real_of(CLOCK_MONOTONIC);
        if (mono_ns != atomic_load(&page->mono_ns)) {
            mono_ns = atomic_load(&page->mono_ns);
            since_ns = now_ns;
        }
        if (now_ns - since_ns > (int64_t)patience_ms * MK_NS_PER_MS) {
            clock->busy_process = rest->busy_process;
            clock->busy_thread = rest->busy_thread;
            errno = ETIMEDOUT;
            return false;
        }
        (void)syscall(SYS_nanosleep, &step, NULL);
    }
    return true;
}

static bool settle(struct assay_server_clock *clock, struct mk_rest *rest)
{
    return settle_within(clock, rest, SETTLE_MS);
}

/* Through every deadline up to target: the server's threads go by themselves, we start them, and
 * do what none of them can (one of them waits for something else than the clock). */
static bool pass(struct assay_server_clock *clock, int64_t target_ns)
{
    struct mk_clock_page *page = clock->page;
    struct mk_rest rest = {0};
    bool ok = settle(clock, &rest);

    /* Threads of the test may be whom the server talks to: only we can see them at rest. */
    if (mk_task_is_alone())
        atomic_store(&page->target_ns, target_ns);
    while (ok) {
        int64_t next_ns = mk_slots_next_deadline_ns(page);
        if (next_ns > target_ns || next_ns <= atomic_load(&page->mono_ns))
            break;
        move_to(page, next_ns);
        ok = settle(clock, &rest);
    }
    if (ok) {
        move_to(page, target_ns);
        ok = settle(clock, &rest);
    }
    atomic_store(&page->target_ns, 0);
    return ok;
}

bool assay_server_clock_advance_ms(struct assay_server_clock *clock, int64_t ms)
{
    int64_t now_ns = atomic_load(&clock->page->mono_ns);
    int64_t span_ns;

    if (mk_clock_span_ns(now_ns, ms, &span_ns))
        return pass(clock, now_ns + span_ns);
    errno = EINVAL;
    return false;
}

int64_t assay_server_clock_next_ms(const struct assay_server_clock *clock)
{
    int64_t next_ns = mk_slots_next_deadline_ns(clock->page);
    int64_t left_ns = next_ns - atomic_load(&clock->page->mono_ns);

    if (next_ns == MK_NEVER)
        return -1;
    return left_ns <= 0 ? 0 : (left_ns - 1) / MK_NS_PER_MS + 1;
}

bool assay_server_clock_nudge(struct assay_server_clock *clock)
{
    struct mk_rest rest = {0};

    if (!settle_within(clock, &rest, NUDGE_MS))
        return false;
    int64_t next_ns = mk_slots_next_deadline_ns(clock->page);
    if (next_ns == MK_NEVER)
        return false;
    move_to(clock->page, next_ns);
    return true;
}

bool assay_server_clock_settle(struct assay_server_clock *clock)
{
    struct mk_rest rest = {0};
    return settle(clock, &rest);
}

void assay_server_clock_ask_stacks(struct assay_server_clock *clock)
{
    atomic_fetch_add(&clock->page->stacks_wanted, 1U);
    move_to(clock->page, 0);
}

int64_t assay_server_clock_now_ms(const struct assay_server_clock *clock)
{
    return atomic_load(&clock->page->mono_ns) / MK_NS_PER_MS;
}

int64_t assay_server_clock_wall_now_ms(const struct assay_server_clock *clock)
{
    return (atomic_load(&clock->page->mono_ns) + atomic_load(&clock->page->wall_minus_mono_ns))
           / MK_NS_PER_MS;
}

int assay_server_clock_waiting(const struct assay_server_clock *clock)
{
    return mk_slots_waiting(clock->page);
}

void assay_server_clock_close(struct assay_server_clock *clock)
{
    if (!clock->page)
        return;
    (void)unlink(strchr(clock->env, '=') + 1);
    (void)munmap(clock->page, sizeof *clock->page);
    *clock = (struct assay_server_clock){0};
}

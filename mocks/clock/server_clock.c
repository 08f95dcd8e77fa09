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
#include <linux/futex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "mocks/clock/clock_priv.h"

enum { SETTLE_MS = 5000 };

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
    if (mono_ns > atomic_load(&page->mono_ns))
        atomic_store(&page->mono_ns, mono_ns);
    atomic_fetch_add(&page->moves, 1U);
    (void)syscall(SYS_futex, &page->moves, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
}

static bool settle(const struct mk_clock_page *page)
{
    const struct timespec step = {.tv_nsec = 50000};
    int64_t until_ns = real_of(CLOCK_MONOTONIC) + (int64_t)SETTLE_MS * MK_NS_PER_MS;

    while (!mk_slots_others_wait(page, -1)) {
        if (real_of(CLOCK_MONOTONIC) > until_ns)
            return false;
        (void)syscall(SYS_nanosleep, &step, NULL);
    }
    return true;
}

bool assay_server_clock_advance_ms(struct assay_server_clock *clock, int64_t ms)
{
    struct mk_clock_page *page = clock->page;
    int64_t until_ns = atomic_load(&page->mono_ns) + ms * MK_NS_PER_MS;
    bool settled = settle(page);

    for (;;) {
        int64_t next_ns = mk_slots_next_deadline_ns(page);
        if (!settled || next_ns >= until_ns || next_ns <= atomic_load(&page->mono_ns))
            break;
        move_to(page, next_ns);
        settled = settle(page);
    }
    move_to(page, until_ns);
    return settle(page) && settled;
}

int64_t assay_server_clock_now_ms(const struct assay_server_clock *clock)
{
    return atomic_load(&clock->page->mono_ns) / MK_NS_PER_MS;
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

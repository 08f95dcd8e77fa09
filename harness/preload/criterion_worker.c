/*
 * A worker of Criterion's own engine: it says how far its test came, and which process that is.
 *
 * Criterion calls exit(0) in the middle of a test a pass; a page that the binary's own process and
 * its workers share tells the two apart. A worker is the binary executed again: it finds the page
 * by a path in its environment.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness/preload/preload.h"

static struct hn_native_page *map_page(int fd)
{
    void *page =
        mmap(NULL, sizeof(struct hn_native_page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    return page == MAP_FAILED ? NULL : page;
}

void hn_worker_page_open(void)
{
    static struct hn_native_page none; /* without memory: no exit is told apart */
    char path[64];
    int fd = memfd_create("assay-worker", MFD_CLOEXEC);

    hn_preload.native = &none;
    if (fd < 0 || ftruncate(fd, sizeof(struct hn_native_page)) != 0)
        return;
    struct hn_native_page *page = map_page(fd);
    if (page)
        hn_preload.native = page;
    (void)snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)getpid(), fd);
    (void)setenv(HN_WIRE_PAGE_ENV, path, 1);
}

void hn_worker_find(void)
{
    const char *path = getenv(HN_WIRE_PAGE_ENV);
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;

    hn_environment_clean();
    if (fd < 0)
        return;
    hn_preload.native = map_page(fd);
    (void)close(fd);
    if (!hn_preload.native)
        return;
    hn_preload.native->phase = HN_PHASE_NONE;
    hn_preload.native->asserts = 0;
    __atomic_store_n(&hn_preload.native->pid, getpid(), __ATOMIC_RELEASE);
}

/* Not of a child that the test forked. */
static bool is_worker(void)
{
    return hn_preload.mode == HN_MODE_OFF && hn_preload.native
           && hn_preload.native->pid == getpid();
}

void hn_worker_phase(enum hn_wire_phase phase)
{
    if (is_worker())
        __atomic_store_n(&hn_preload.native->phase, (uint32_t)phase, __ATOMIC_RELEASE);
}

void hn_worker_assert(void)
{
    if (is_worker())
        __atomic_fetch_add(&hn_preload.native->asserts, 1, __ATOMIC_RELAXED);
}

bool hn_worker_refuses(const char *file, uint32_t line, const char *what)
{
    char text[128];

    if (!is_worker())
        return false;
    (void)snprintf(text, sizeof text, "%s only by --engine fork", what);
    struct criterion_assert_stats stats = {.message = text, .line = line, .file = file};
    criterion_send_assert(&stats);
    return true;
}

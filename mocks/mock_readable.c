/*
 * Memory a caller points to may not be there: the real function says EFAULT of it, and so the
 * runtime must look before it reads.
 *
 * The kernel is asked once a page and test: a system call for every buffer would cost more than
 * all else. A page that is unmapped later in the same test is not noticed.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "mocks/mock_priv.h"

enum { PAGE_BYTES = 4096, KNOWN_PAGES = 64, NO_SUCH_HOW = 0x7fffffff };

/* By number, each in the place its number gives; 0 is no page anybody may read. */
static uintptr_t known[KNOWN_PAGES];

void mk_readable_forget(void)
{
    memset(known, 0, sizeof known);
}

/* The kernel reads the set of signals, then finds that it knows no such way to change it. */
static bool kernel_can_read(uintptr_t page)
{
    return syscall(SYS_rt_sigprocmask, NO_SUCH_HOW, (void *)(page * PAGE_BYTES), NULL,
                   sizeof(uint64_t))
               != 0
           && errno == EINVAL;
}

static bool can_read(uintptr_t page)
{
    uintptr_t *place = &known[page % KNOWN_PAGES];

    if (*place == page && page)
        return true;
    int saved = errno;
    bool can = kernel_can_read(page);
    errno = saved;
    if (can)
        *place = page;
    return can;
}

size_t mk_readable(const void *at, size_t size)
{
    uintptr_t start = (uintptr_t)at, reached = start;

    while (reached - start < size && can_read(reached / PAGE_BYTES))
        reached = (reached / PAGE_BYTES + 1) * PAGE_BYTES;
    return reached - start < size ? reached - start : size;
}

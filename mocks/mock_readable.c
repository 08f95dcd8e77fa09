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
#include <sys/uio.h>
#include <unistd.h>

#include "mocks/mock_priv.h"

enum { PAGE_BYTES = 4096, KNOWN_PAGES = 64 };

/* By number, each in the place its number gives; 0 is no page anybody may read. */
static uintptr_t known[KNOWN_PAGES];

void mk_readable_forget(void)
{
    memset(known, 0, sizeof known);
}

/* A copy by the kernel, of which memcheck thinks nothing. Where a sandbox forbids it, trust. */
static bool kernel_can_read(uintptr_t page)
{
    char byte = 0;
    struct iovec to = {&byte, 1}, from = {(void *)(page * PAGE_BYTES), 1};

    return syscall(SYS_process_vm_readv, syscall(SYS_getpid), &to, 1UL, &from, 1UL, 0UL) == 1
           || errno != EFAULT;
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

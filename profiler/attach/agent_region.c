/* SPDX-License-Identifier: MIT */
#include "profiler/attach/agent_region.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "profiler/trace/region.h"

/* A sealed, named, sparse file of a region's size. */
static int make_region_fd(uint64_t size)
{
    int fd = memfd_create("assay-agent", MFD_CLOEXEC | MFD_ALLOW_SEALING);

    if (fd < 0)
        return -1;
    if (ftruncate(fd, (off_t)size) != 0
        || fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

/* Our own copy of the layout: a private page is one's own as soon as it is written to (mmap(2)). */
static bool keep_layout(struct pf_region *region, int fd)
{
    void *page =
        mmap(region, PF_REGION_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, fd, 0);

    if (page == MAP_FAILED)
        return false;
    *(volatile uint64_t *)&region->magic = PF_REGION_MAGIC;
    return mprotect(page, PF_REGION_PAGE, PROT_READ) == 0;
}

int pf_agent_region_make(const struct pf_region_sizes *sizes, struct pf_region **out)
{
    uint64_t size = pf_region_bytes(sizes);
    int fd = make_region_fd(size);
    void *at = fd < 0 ? MAP_FAILED
                      : mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);

    if (at != MAP_FAILED) {
        pf_region_init(at, sizes);
        *out = at;
        if (keep_layout(at, fd))
            return fd;
    }
    int why = errno;
    if (at != MAP_FAILED)
        (void)munmap(at, size);
    if (fd >= 0)
        (void)close(fd);
    errno = why;
    return -1;
}

/* SPDX-License-Identifier: MIT */
#include "profiler/session/leaks_memory.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "profiler/base/arena.h"

enum { PAGE = 4096, BATCH_PAGES = 512 };

/* Source: Documentation/admin-guide/mm/pagemap.rst */
static const uint64_t PAGE_PRESENT = 1ull << 63;
static const uint64_t PAGE_SWAPPED = 1ull << 62;
static const uint64_t PAGE_OF_FILE = 1ull << 61;

void pf_leaks_memory_open(struct pf_leaks_memory *out, pid_t pid, int memory_fd)
{
    char path[64];

    (void)snprintf(path, sizeof path, "/proc/%d/pagemap", (int)pid);
    *out = (struct pf_leaks_memory){
        .pid = pid, .memory_fd = memory_fd, .pagemap_fd = open(path, O_RDONLY | O_CLOEXEC)};
}

ssize_t pf_leaks_memory_read(const struct pf_leaks_memory *memory, uint64_t address, void *bytes,
                             size_t size)
{
    struct iovec local = {.iov_base = bytes, .iov_len = size};
    struct iovec remote = {.iov_base = (void *)(uintptr_t)address, .iov_len = size};

    if (memory->memory_fd >= 0)
        return pread(memory->memory_fd, bytes, size, (off_t)address);
    return process_vm_readv(memory->pid, &local, 1, &remote, 1, 0);
}

void pf_leaks_memory_close(struct pf_leaks_memory *memory)
{
    if (memory->pagemap_fd >= 0)
        (void)close(memory->pagemap_fd);
    memory->pagemap_fd = -1;
}

void pf_leaks_copies_fini(struct pf_leaks_copies *copies)
{
    for (size_t i = 0; i < copies->count; i++)
        (void)munmap((void *)(uintptr_t)copies->at[i].bytes, copies->at[i].size);
    free(copies->at);
    *copies = (struct pf_leaks_copies){0};
}

static uint8_t *new_range(struct pf_leaks_copies *copies, uint64_t start, uint64_t size)
{
    void *bytes = mmap(NULL, size, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (bytes == MAP_FAILED) {
        copies->unreadable_bytes += size;
        return NULL;
    }
    if (copies->count == copies->capacity) {
        copies->capacity = copies->capacity ? copies->capacity * 2 : 64;
        copies->at = pf_mem_resize(copies->at, copies->capacity, sizeof *copies->at);
    }
    copies->at[copies->count++] =
        (struct pf_leak_range){.start = start, .bytes = bytes, .size = size};
    return bytes;
}

/* Which of the pages from start on (count <= BATCH_PAGES) were touched. */
static void touched_pages(const struct pf_leaks_memory *memory, uint64_t start, uint32_t count,
                          bool only_private, bool *out)
{
    uint64_t entries[BATCH_PAGES];
    ssize_t wanted = (ssize_t)(count * sizeof *entries);
    bool known = memory->pagemap_fd >= 0
                 && pread(memory->pagemap_fd, entries, (size_t)wanted,
                          (off_t)(start / PAGE * sizeof *entries))
                        == wanted;

    for (uint32_t i = 0; i < count; i++)
        out[i] = !known
                 || ((entries[i] & (PAGE_PRESENT | PAGE_SWAPPED))
                     && !(only_private && (entries[i] & PAGE_OF_FILE)));
}

/* Read [start, end) to bytes; page by page where it cannot be had at once. */
static void read_run(const struct pf_leaks_memory *memory, uint64_t start, uint64_t end,
                     uint8_t *bytes, struct pf_leaks_copies *out)
{
    while (start < end) {
        ssize_t got = pf_leaks_memory_read(memory, start, bytes, end - start);
        uint64_t step = got > 0 ? (uint64_t)got : PAGE - start % PAGE;
        if (step > end - start)
            step = end - start;
        if (got > 0)
            out->copied_bytes += step;
        else if (memory->pagemap_fd >= 0) /* else it may be a page that never was */
            out->unreadable_bytes += step;
        start += step;
        bytes += step;
    }
}

struct walk {
    const struct pf_leaks_memory *memory;
    bool only_private;
    uint8_t *whole; /* one copy that begins at start; NULL: each run is a range of its own */
    uint64_t start;
};

static void copy_run(const struct walk *walk, uint64_t start, uint64_t end,
                     struct pf_leaks_copies *out)
{
    uint8_t *bytes =
        walk->whole ? walk->whole + (start - walk->start) : new_range(out, start, end - start);

    if (bytes)
        read_run(walk->memory, start, end, bytes, out);
}

/* Copies every run of touched pages in [start, end). */
static void walk_runs(const struct walk *walk, uint64_t start, uint64_t end,
                      struct pf_leaks_copies *out)
{
    bool touched[BATCH_PAGES];
    uint64_t run = end; /* where the current one began; end: none */

    for (uint64_t base = start / PAGE * PAGE; base < end; base += (uint64_t)BATCH_PAGES * PAGE) {
        uint64_t left = (end - base + PAGE - 1) / PAGE;
        uint32_t count = left < BATCH_PAGES ? (uint32_t)left : BATCH_PAGES;
        touched_pages(walk->memory, base, count, walk->only_private, touched);
        for (uint32_t i = 0; i < count; i++) {
            uint64_t at = base + (uint64_t)i * PAGE;
            at = at < start ? start : at;
            if (touched[i] && run == end)
                run = at;
            if (!touched[i] && run != end) {
                copy_run(walk, run, at, out);
                run = end;
            }
        }
    }
    if (run != end)
        copy_run(walk, run, end, out);
}

void pf_leaks_memory_runs(const struct pf_leaks_memory *memory, uint64_t start, uint64_t end,
                          bool only_private, struct pf_leaks_copies *out)
{
    struct walk walk = {.memory = memory, .only_private = only_private};

    walk_runs(&walk, start, end, out);
}

void pf_leaks_memory_whole(const struct pf_leaks_memory *memory, uint64_t start, uint64_t end,
                           struct pf_leaks_copies *out)
{
    uint8_t *bytes = new_range(out, start, end - start);
    struct walk walk = {.memory = memory, .whole = bytes, .start = start};

    if (bytes)
        walk_runs(&walk, start, end, out);
}

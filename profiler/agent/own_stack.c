/* SPDX-License-Identifier: MIT */
#include "profiler/agent/own_stack.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "profiler/agent/agent.h"

enum {
    PAGE = 4096,
    PROBE_BATCH = 16, /* iovecs lie on the server's stack: keep them few */
    FOREIGN_BUFFERS = 8,
    FOREIGN_BYTES = 8192,
};

static const uint64_t STACK_MAX = 64 << 20; /* further from its top a stack pointer is not */
static const uint64_t STEP_MAX = 8 << 20;   /* further below the verified part it is another's: a
                                               recursion takes a default stack between two ticks */

extern void *__libc_stack_end; /* ld.so: where the kernel started the first thread's stack */

/* By the thread that asks: once the first thread has ended, the process's number has no memory. */
static pid_t ourselves(void)
{
    return (pid_t)syscall(SYS_gettid);
}

/* Is one byte in each of count pages from first on readable? */
static bool pages_readable(uint64_t first, uint32_t count)
{
    struct iovec remote[PROBE_BATCH];
    char bytes[PROBE_BATCH];
    struct iovec local = {.iov_base = bytes, .iov_len = count};

    for (uint32_t i = 0; i < count; i++)
        remote[i] = (struct iovec){.iov_base = (void *)(uintptr_t)(first + (uint64_t)i * PAGE),
                                   .iov_len = 1};
    return process_vm_readv(ourselves(), &local, 1, remote, count, 0) == (ssize_t)count;
}

static bool range_readable(uint64_t low, uint64_t high)
{
    for (uint64_t page = low; page < high; page += (uint64_t)PROBE_BATCH * PAGE) {
        uint64_t left = (high - page + PAGE - 1) / PAGE;
        if (!pages_readable(page, left < PROBE_BATCH ? (uint32_t)left : PROBE_BATCH))
            return false;
    }
    return true;
}

static uint64_t stack_top(uint64_t sp)
{
    uint64_t control_block = (uint64_t)(uintptr_t)__builtin_thread_pointer();
    uint64_t first_thread = (uint64_t)(uintptr_t)__libc_stack_end;

    if (control_block > sp && control_block - sp < STACK_MAX)
        return control_block;
    if (first_thread > sp && first_thread - sp < STACK_MAX)
        return first_thread;
    return 0;
}

static bool verify(struct ag_thread *self, uint64_t sp)
{
    uint64_t low = sp / PAGE * PAGE;

    if (self->stack_high == 0) {
        uint64_t high = stack_top(sp);
        if (high == 0 || !range_readable(low, high))
            return false;
        self->stack_high = high;
        self->stack_low = low;
        return true;
    }
    if (sp >= self->stack_low || self->stack_low - sp > STEP_MAX
        || !range_readable(low, self->stack_low))
        return false;
    self->stack_low = low;
    return true;
}

static struct pf_memory view(uint64_t low, uint64_t high)
{
    return (struct pf_memory){.bytes = (const void *)(uintptr_t)low, .low = low, .high = high};
}

bool ag_own_stack_extend(struct ag_thread *self, uint64_t sp, struct pf_memory *out)
{
    int kept_errno = errno;
    bool ok = verify(self, sp);

    errno = kept_errno;
    if (ok)
        *out = view(sp, self->stack_high);
    return ok;
}

static struct {
    atomic_flag busy;
    _Alignas(64) char bytes[FOREIGN_BYTES];
} foreign[FOREIGN_BUFFERS];

/* Reads up to the end of sp's page and then whole pages, so that an unmapped one ends the copy. */
static size_t copy_stack(uint64_t sp, char *to)
{
    struct iovec local = {.iov_base = to, .iov_len = FOREIGN_BYTES};
    struct iovec remote[FOREIGN_BYTES / PAGE + 1];
    uint32_t count = 0;
    size_t room = FOREIGN_BYTES;

    for (uint64_t at = sp; room > 0;) {
        size_t part = PAGE - at % PAGE;
        part = part < room ? part : room;
        remote[count++] = (struct iovec){.iov_base = (void *)(uintptr_t)at, .iov_len = part};
        at += part;
        room -= part;
    }
    ssize_t got = process_vm_readv(ourselves(), &local, 1, remote, count, 0);
    return got > 0 ? (size_t)got : 0;
}

int ag_foreign_stack(uint64_t sp, struct pf_memory *out)
{
    int kept_errno = errno;

    for (int i = 0; i < FOREIGN_BUFFERS; i++) {
        if (atomic_flag_test_and_set(&foreign[i].busy))
            continue;
        size_t got = copy_stack(sp, foreign[i].bytes);
        *out = (struct pf_memory){.bytes = foreign[i].bytes, .low = sp, .high = sp + got};
        errno = kept_errno;
        return i;
    }
    return -1;
}

void ag_foreign_stack_done(int buffer)
{
    if (buffer >= 0)
        atomic_flag_clear(&foreign[buffer].busy);
}

/* A handler on an alternate stack was entered from the thread's own: the walk goes on there. */
static bool read_own_word(void *from, uint64_t addr, uint64_t *word)
{
    const struct ag_thread *self = from;

    if (addr < self->stack_low || addr >= self->stack_high
        || self->stack_high - addr < sizeof *word)
        return false;
    *word = *(const uint64_t *)(uintptr_t)addr;
    return true;
}

int ag_stack_memory_for(struct ag_thread *self, uint64_t sp, struct pf_memory *memory)
{
    if (sp >= self->stack_low && sp < self->stack_high) {
        *memory = view(sp, self->stack_high);
        return -1;
    }
    if (ag_own_stack_extend(self, sp, memory))
        return -1;
    pf_thread_count(self->slot, PF_COUNT_FOREIGN_STACKS, 1);
    int buffer = ag_foreign_stack(sp, memory);
    memory->read_word = read_own_word;
    memory->from = self;
    return buffer;
}

static bool is_code(uint64_t addr)
{
    const struct pf_code_map *map = atomic_load_explicit(&ag_agent.code_map, memory_order_acquire);
    size_t low = 0;
    size_t high = map ? map->count : 0;

    while (low < high) {
        size_t middle = (low + high) / 2;
        if (map->at[middle].end <= addr)
            low = middle + 1;
        else
            high = middle;
    }
    return map && low < map->count && map->at[low].start <= addr;
}

/* An object may be unmapped by now: only a read that cannot fault will do. */
bool ag_code_word(void *unused, uint64_t addr, uint64_t *word)
{
    struct iovec local = {.iov_base = word, .iov_len = sizeof *word};
    struct iovec remote = {.iov_base = (void *)(uintptr_t)addr, .iov_len = sizeof *word};

    (void)unused;
    return is_code(addr)
           && process_vm_readv(ourselves(), &local, 1, &remote, 1, 0) == (ssize_t)sizeof *word;
}

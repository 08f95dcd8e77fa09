/* SPDX-License-Identifier: MIT */
#include "profiler/agent/stop_threads.h"

#include <assert.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>

#include "profiler/agent/raw_call_x86_64.h"
#include "profiler/trace/handshake.h"

/* Sixteen registers of two words. */
enum { VECTOR_WORDS = 2 * 16 };

static_assert(sizeof(((struct _libc_fpstate *)0)->_xmm) == VECTOR_WORDS * sizeof(uint64_t),
              "all of a frame's vector registers are kept");

static_assert((int)NGREG + (int)VECTOR_WORDS <= (int)PF_LEAVE_WORDS_MAX,
              "a thread's registers fit");

enum {
    STOP_SIGNAL = 33, /* SIGSETXID of glibc: sigfillset(3) leaves it out */
    RED_ZONE = 128,
    KERNEL_SIGSET_BYTES = 8,
    KERNEL_RESTORER = 0x04000000, /* SA_RESTORER, asm/signal.h */
    PASSES_MAX = 20,
    ENTRIES_BYTES = 2048,
    STAT_BYTES = 512,
};

static const uint64_t ARRIVE_NS = 500000000, STEP_NS = 50000;

/* struct sigaction as the kernel knows it: rt_sigaction(2), "C library/kernel differences". */
struct kernel_action {
    void (*handler)(int, siginfo_t *, void *);
    unsigned long flags;
    void (*restorer)(void);
    uint64_t mask;
};

/* struct linux_dirent64, getdents64(2) */
struct directory_entry {
    uint64_t inode;
    int64_t offset;
    uint16_t size;
    uint8_t type;
    char name[];
};

static struct {
    struct ag_stopped *stopped;
    _Atomic uint32_t next;     /* in stopped->threads */
    _Atomic uint32_t arrived;  /* its registers are written */
    _Atomic uint32_t released; /* futex */
    struct kernel_action before;
} state;

void ag_signal_return(void);

/* rt_sigreturn, where a handler returns to: sigreturn(2). */
__asm__(".text\n"
        ".hidden ag_signal_return\n"
        ".globl ag_signal_return\n"
        ".type ag_signal_return, @function\n"
        "ag_signal_return:\n"
        "    movq $15, %rax\n"
        "    syscall\n"
        ".size ag_signal_return, .-ag_signal_return\n");

static uint64_t control_block(void)
{
    uint64_t at;

    __asm__("movq %%fs:0, %0" : "=r"(at)); /* its first word is its own address */
    return at;
}

/* A compiler may keep the only pointer in a vector register; not across a call, though, and a
 * thread in a system call is in one: what they hold then is stale. */
static bool is_in_system_call(const mcontext_t *context)
{
    uint16_t before;

    memcpy(&before, (const char *)(uintptr_t)context->gregs[REG_RIP] - sizeof before,
           sizeof before);
    return before == 0x050f; /* syscall */
}

static void keep_registers(struct pf_leave_thread *thread, const mcontext_t *context)
{
    uint32_t count = NGREG;

    thread->live_from = (uint64_t)context->gregs[REG_RSP] - RED_ZONE;
    thread->control_block = control_block();
    memcpy(thread->words, context->gregs, NGREG * sizeof *thread->words);
    if (context->fpregs && !is_in_system_call(context)) {
        memcpy(thread->words + NGREG, context->fpregs->_xmm, sizeof context->fpregs->_xmm);
        count += VECTOR_WORDS;
    }
    thread->word_count = count;
}

static void stand_still(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)info;
    if (atomic_load(&state.released))
        return; /* too late: nobody looks any more */
    uint32_t slot = atomic_fetch_add(&state.next, 1);
    if (slot < state.stopped->capacity) {
        keep_registers(&state.stopped->threads[slot], &((ucontext_t *)context)->uc_mcontext);
        atomic_fetch_add(&state.arrived, 1);
    }
    while (!atomic_load(&state.released))
        (void)AG_RAW_CALL(SYS_futex, (uintptr_t)&state.released, FUTEX_WAIT_PRIVATE, 0, 0);
}

typedef void (*each_thread)(void *to, uint32_t tid);

static uint32_t number_in(const char *text)
{
    uint32_t value = 0;

    for (; *text >= '0' && *text <= '9'; text++)
        value = value * 10 + (uint32_t)(*text - '0');
    return value; /* 0: "." and ".." */
}

static void for_each_thread(each_thread each, void *to)
{
    _Alignas(struct directory_entry) char entries[ENTRIES_BYTES] = {0};
    long size;
    long fd = AG_RAW_CALL(SYS_openat, (uintptr_t)AT_FDCWD, (uintptr_t) "/proc/self/task",
                          O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return;
    while ((size = AG_RAW_CALL(SYS_getdents64, (uintptr_t)fd, (uintptr_t)entries, sizeof entries))
           > 0)
        for (long at = 0; at < size;) {
            const struct directory_entry *entry = (const void *)(entries + at);
            if (number_in(entry->name))
                each(to, number_in(entry->name));
            at += entry->size;
        }
    (void)AG_RAW_CALL(SYS_close, (uintptr_t)fd);
}

/* Has the first thread ended before the others? It stays listed, and a signal to it is taken by
 * nobody. Its state stands behind its name's bracket: proc(5), /proc/PID/stat. */
static bool has_first_ended(void)
{
    char text[STAT_BYTES];
    char letter = 0;
    long fd = AG_RAW_CALL(SYS_openat, (uintptr_t)AT_FDCWD, (uintptr_t) "/proc/self/stat",
                          O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return false;
    long size = AG_RAW_CALL(SYS_read, (uintptr_t)fd, (uintptr_t)text, sizeof text);
    (void)AG_RAW_CALL(SYS_close, (uintptr_t)fd);
    for (long at = size - 3; at > 0 && !letter; at--)
        if (text[at] == ')')
            letter = text[at + 2];
    return letter == 'Z' || letter == 'X';
}

struct signalling {
    struct ag_stopped *stopped;
    uint32_t pid, self;
    uint32_t signalled, fresh;
    bool has_first_ended;
};

static void signal_thread(void *to, uint32_t tid)
{
    struct signalling *round = to;

    if (tid == round->self || (tid == round->pid && round->has_first_ended))
        return;
    for (uint32_t i = 0; i < round->signalled; i++)
        if (round->stopped->tids[i] == tid)
            return;
    if (round->signalled == round->stopped->capacity) {
        round->stopped->missed++;
        return;
    }
    if (AG_RAW_CALL(SYS_tgkill, round->pid, tid, STOP_SIGNAL) != 0)
        return; /* it ended meanwhile */
    round->stopped->tids[round->signalled++] = tid;
    round->fresh++;
}

/* One thread more; the caller counts. */
static void count_one(void *to, uint32_t tid)
{
    (void)tid;
    ++*(uint32_t *)to;
}

uint32_t ag_threads_count(void)
{
    uint32_t count = 0;

    for_each_thread(count_one, &count);
    return count ? count : 1;
}

/* Those signalled that still exist. */
struct census {
    const struct signalling *round;
    uint32_t present;
};

static void find_signalled(void *to, uint32_t tid)
{
    struct census *census = to;

    for (uint32_t i = 0; i < census->round->signalled; i++)
        census->present += census->round->stopped->tids[i] == tid;
}

static void await_arrival(const struct signalling *round)
{
    struct timespec step = {0, (long)STEP_NS};

    for (uint64_t waited = 0; waited < ARRIVE_NS; waited += STEP_NS) {
        struct census census = {.round = round};
        if (atomic_load(&state.arrived) == round->signalled)
            return;
        if (waited % (20 * STEP_NS) == 0) { /* some may have ended instead of arriving */
            for_each_thread(find_signalled, &census);
            if (atomic_load(&state.arrived) >= census.present)
                return;
        }
        (void)AG_RAW_CALL(SYS_nanosleep, (uintptr_t)&step, 0);
    }
}

static void count_missed(struct ag_stopped *stopped, const struct signalling *round)
{
    struct census census = {.round = round};

    stopped->count = atomic_load(&state.arrived);
    for_each_thread(find_signalled, &census);
    if (census.present > stopped->count)
        stopped->missed += census.present - stopped->count;
}

void ag_threads_stop(struct ag_stopped *stopped)
{
    struct kernel_action action = {.handler = stand_still,
                                   .flags = SA_SIGINFO | SA_RESTART | KERNEL_RESTORER,
                                   .restorer = ag_signal_return,
                                   .mask = ~UINT64_C(0)};
    struct signalling round = {.stopped = stopped,
                               .pid = (uint32_t)AG_RAW_CALL(SYS_getpid, 0),
                               .self = (uint32_t)AG_RAW_CALL(SYS_gettid, 0),
                               .has_first_ended = has_first_ended()};

    state.stopped = stopped;
    atomic_store(&state.next, 0);
    atomic_store(&state.arrived, 0);
    atomic_store(&state.released, 0);
    if (AG_RAW_CALL(SYS_rt_sigaction, STOP_SIGNAL, (uintptr_t)&action, (uintptr_t)&state.before,
                    KERNEL_SIGSET_BYTES)
        != 0) {
        stopped->missed = ag_threads_count() - 1;
        return;
    }
    /* A thread made while others stop is found in the next pass. */
    for (uint32_t pass = 0; pass < PASSES_MAX; pass++) {
        round.fresh = 0;
        for_each_thread(signal_thread, &round);
        if (!round.fresh)
            break;
        await_arrival(&round);
    }
    count_missed(stopped, &round);
}

void ag_threads_release(const struct ag_stopped *stopped)
{
    atomic_store(&state.released, 1);
    (void)AG_RAW_CALL(SYS_futex, (uintptr_t)&state.released, FUTEX_WAKE_PRIVATE, INT32_MAX);
    /* One that was missed may still meet the signal, and must not meet glibc's handler with it. */
    if (stopped->missed == 0)
        (void)AG_RAW_CALL(SYS_rt_sigaction, STOP_SIGNAL, (uintptr_t)&state.before, 0,
                          KERNEL_SIGSET_BYTES);
}

/* SPDX-License-Identifier: MIT */
#include "profiler/attach/ptrace_capture.h"

#include <sched.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "profiler/attach/proc_stat.h"
#include "profiler/attach/tracee.h"
#include "profiler/base/arena.h"
#include "profiler/base/clock.h"

enum { PAGE = 4096, PAGES_A_CALL = 512 };
static const uint64_t SPIN_NS = 500000;

void pf_capture_fini(struct pf_capture *capture)
{
    free(capture->bytes);
    *capture = (struct pf_capture){0};
}

/* One call reads many pages and stops at the first that is not there. Returns the bytes read. */
static size_t read_pages(pid_t pid, uint64_t addr, uint8_t *to, size_t size)
{
    struct iovec remote[PAGES_A_CALL];
    struct iovec local = {to, 0};
    unsigned count = 0;

    while (local.iov_len < size && count < PAGES_A_CALL) {
        uint64_t at = addr + local.iov_len;
        size_t part = PAGE - at % PAGE;
        if (part > size - local.iov_len)
            part = size - local.iov_len;
        remote[count++] = (struct iovec){(void *)(uintptr_t)at, part}; /* NOLINT */
        local.iov_len += part;
    }
    ssize_t got = process_vm_readv(pid, &local, 1, remote, count, 0);
    return got > 0 ? (size_t)got : 0;
}

static void read_stack(struct pf_capture *capture, pid_t pid, size_t size)
{
    capture->size = 0;
    while (capture->size < size) {
        size_t want = size - capture->size;
        if (want > (size_t)PAGE * (PAGES_A_CALL - 1))
            want = (size_t)PAGE * (PAGES_A_CALL - 1);
        size_t got = read_pages(pid, capture->stack_addr + capture->size,
                                capture->bytes + capture->size, want);
        capture->size += got;
        if (got < want)
            break;
    }
}

/* A running thread stops within microseconds: watch for that before sleeping between looks. */
static void spin_until_stopped(pid_t tid)
{
    uint64_t end_ns = pf_clock_now_ns() + SPIN_NS;

    do {
        siginfo_t info = {0};
        if (waitid(P_PID, (id_t)tid, &info, WSTOPPED | WEXITED | WNOHANG | WNOWAIT | __WALL) != 0
            || info.si_pid != 0)
            return;
        (void)sched_yield();
    } while (pf_clock_now_ns() < end_ns);
}

/* One in uninterruptible sleep would stop only when it wakes, and nobody knows when that is. */
static bool can_stop(pid_t pid, pid_t tid, unsigned wait_ms)
{
    uint64_t end_ns = pf_clock_now_ns() + wait_ms * 1000000ull;
    struct pf_proc_stat stat;

    while (pf_proc_stat_read(&stat, pid, tid) && stat.state == 'D') {
        if (pf_clock_now_ns() >= end_ns)
            return false;
        pf_clock_sleep_ms(1);
    }
    return true;
}

bool pf_capture_thread(struct pf_capture *capture, pid_t pid, pid_t tid, size_t stack_bytes,
                       unsigned wait_ms, struct pf_err *err)
{
    struct pf_tracee tracee = {0};

    if (stack_bytes > PF_CAPTURE_BYTES_MAX)
        stack_bytes = PF_CAPTURE_BYTES_MAX;
    if (stack_bytes > capture->capacity) {
        capture->bytes = pf_mem_resize(capture->bytes, stack_bytes, 1);
        capture->capacity = stack_bytes;
    }
    if (!can_stop(pid, tid, wait_ms))
        return pf_err_set(err, PF_ERR_LIMIT,
                          "thread %d: cannot be stopped: it sleeps in the kernel where nothing can "
                          "wake it (state D)",
                          (int)tid);
    if (!pf_tracee_seize(&tracee, pid, tid, err))
        return false;

    uint64_t start_ns = pf_clock_now_ns();
    pf_tracee_interrupt(&tracee);
    spin_until_stopped(tid);
    if (!pf_tracee_wait_stop(&tracee, start_ns + wait_ms * 1000000ull)) {
        bool is_gone = pf_tracee_is_gone(&tracee);
        if (is_gone)
            pf_tracee_release(&tracee);
        return is_gone ? pf_err_set(err, PF_ERR_NOT_FOUND, "thread %d: it has ended", (int)tid)
                       : pf_err_set(err, PF_ERR_LIMIT,
                                    "thread %d: did not stop within %u ms (it sleeps in the kernel "
                                    "where nothing can wake it)",
                                    (int)tid, wait_ms);
    }
    pf_tracee_regs(&tracee, &capture->regs);
    capture->stack_addr = capture->regs.at[PF_REG_RSP];
    read_stack(capture, pid, stack_bytes);
    pf_tracee_release(&tracee);
    capture->pause_ns = pf_clock_now_ns() - start_ns;
    return true;
}

/* SPDX-License-Identifier: MIT */
#include "profiler/attach/thread_wait.h"

#include <inttypes.h>
#include <linux/futex.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>

#include "profiler/attach/fd_name.h"
#include "profiler/attach/restarted_call.h"
#include "profiler/attach/syscall_name.h"
#include "profiler/attach/tracee.h"
#include "profiler/base/file.h"

enum { FDINFO_BYTES_MAX = 16 << 20, FUTEX_WAITERS_AND_OWNED = 2, MUTEX_OWNER_OFFSET = 8 };

const char *pf_thread_state_name(char state)
{
    switch (state) {
    case 'R':
        return "running";
    case 'S':
    case 'I':
        return "sleeping";
    case 'D':
        return "in uninterruptible sleep";
    case 'T':
        return "stopped by a signal";
    case 't':
        return "stopped by a debugger";
    case 'Z':
    case 'X':
        return "ended";
    default:
        return "in an unknown state";
    }
}

bool pf_thread_syscall_parse(struct pf_thread_syscall *out, const char *text)
{
    uint64_t words[PF_WAIT_ARGS + 2]; /* stack pointer and pc follow the arguments */
    char *at = NULL;
    long number = strtol(text, &at, 10);

    if (at == text || number < 0)
        return false;
    for (unsigned i = 0; i < PF_WAIT_ARGS + 2; i++) {
        char *end = NULL;
        words[i] = strtoull(at, &end, 16);
        if (end == at)
            return false;
        at = end;
    }
    out->number = number;
    memcpy(out->args, words, sizeof out->args);
    out->pc = words[PF_WAIT_ARGS + 1];
    return true;
}

/* Append to wait->text. */
static void say(struct pf_thread_wait *wait, const char *fmt, ...) ASSAY_PRINTF(2, 3);
static void say(struct pf_thread_wait *wait, const char *fmt, ...)
{
    char more[PF_WAIT_TEXT];
    size_t used = strlen(wait->text);
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(more, sizeof more, fmt, args); /* NOLINT(clang-analyzer-valist.Uninitialized) */
    va_end(args);
    (void)snprintf(wait->text + used, sizeof wait->text - used, "%s", more);
}

static void say_fd(struct pf_thread_wait *wait, pid_t pid, int fd)
{
    char name[128];

    pf_fd_name(pid, fd, name, sizeof name);
    say(wait, " fd %d", fd);
    if (name[0])
        say(wait, " (%s)", name);
    if (wait->fd < 0)
        wait->fd = fd;
}

static void say_timeout_ms(struct pf_thread_wait *wait, int64_t timeout_ms)
{
    if (timeout_ms < 0)
        say(wait, ", no timeout");
    else
        say(wait, ", for up to %" PRId64 " ms", timeout_ms);
}

/* A timespec in the thread's memory; 0: none. */
static void say_timespec(struct pf_thread_wait *wait, pid_t pid, uint64_t addr)
{
    struct timespec time;

    if (addr && pf_tracee_read(pid, addr, &time, sizeof time) && time.tv_nsec >= 0)
        say_timeout_ms(wait, (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000);
    else
        say_timeout_ms(wait, -1);
}

static unsigned watched_count(pid_t pid, int fd)
{
    char path[64];
    struct pf_buf text = {0};
    struct pf_err ignored;
    struct pf_bytes line;
    unsigned count = 0;

    (void)snprintf(path, sizeof path, "/proc/%d/fdinfo/%d", (int)pid, fd);
    if (pf_file_read(&text, path, FDINFO_BYTES_MAX, &ignored)) {
        struct pf_cursor lines = pf_cursor_view(pf_buf_view(&text));
        while (pf_cursor_line(&lines, &line))
            count += line.size > 4 && memcmp(line.at, "tfd:", 4) == 0;
    }
    pf_buf_fini(&text);
    return count;
}

static void say_epoll(struct pf_thread_wait *wait, pid_t pid)
{
    wait->fd = (int)wait->args[0];
    say(wait, " on fd %d (%u watched)", wait->fd, watched_count(pid, wait->fd));
    if (wait->syscall == SYS_epoll_pwait2)
        say_timespec(wait, pid, wait->args[3]);
    else
        say_timeout_ms(wait, (int32_t)wait->args[3]);
}

static void say_poll(struct pf_thread_wait *wait, pid_t pid)
{
    enum { SHOWN_MAX = 3 };
    struct pollfd fds[SHOWN_MAX];
    uint64_t count = wait->args[1];
    uint64_t shown = count < SHOWN_MAX ? count : SHOWN_MAX;

    say(wait, " on");
    if (shown && pf_tracee_read(pid, wait->args[0], fds, shown * sizeof fds[0]))
        for (uint64_t i = 0; i < shown; i++)
            say_fd(wait, pid, fds[i].fd);
    if (count > shown || count == 0)
        say(wait, " %" PRIu64 " descriptors", count);
    if (wait->syscall == SYS_ppoll)
        say_timespec(wait, pid, wait->args[2]);
    else
        say_timeout_ms(wait, (int32_t)wait->args[2]);
}

/*
 * glibc's normal mutex: the futex is its first word, 2 while somebody waits, its owner's thread id
 * 8 bytes on (struct __pthread_mutex_s). Believed only if that is a thread of the process.
 */
static void say_futex(struct pf_thread_wait *wait, pid_t pid)
{
    unsigned operation = (unsigned)wait->args[1] & (unsigned)FUTEX_CMD_MASK;
    uint32_t mutex[3] = {0};
    char path[64];
    char comm[PF_COMM_BYTES];

    say(wait, " on 0x%" PRIx64, wait->args[0]);
    bool is_lock = (operation == FUTEX_WAIT || operation == FUTEX_WAIT_BITSET)
                   && (uint32_t)wait->args[2] == FUTEX_WAITERS_AND_OWNED
                   && pf_tracee_read(pid, wait->args[0], mutex, sizeof mutex);
    if (is_lock) {
        (void)snprintf(path, sizeof path, "/proc/%d/task/%u/comm", (int)pid,
                       mutex[MUTEX_OWNER_OFFSET / sizeof mutex[0]]);
        if (pf_proc_read_text(path, comm, sizeof comm)) {
            wait->held_by = (pid_t)mutex[MUTEX_OWNER_OFFSET / sizeof mutex[0]];
            say(wait, ", a mutex held by thread %d (%s)", (int)wait->held_by, comm);
        }
    }
    if (operation != FUTEX_WAIT_BITSET && wait->args[3])
        say_timespec(wait, pid, wait->args[3]);
}

static bool begins_with_fd(long number)
{
    static const short calls[] = {
        SYS_read,     SYS_write,      SYS_pread64,   SYS_pwrite64,       SYS_readv,
        SYS_writev,   SYS_preadv,     SYS_pwritev,   SYS_recvfrom,       SYS_recvmsg,
        SYS_recvmmsg, SYS_sendto,     SYS_sendmsg,   SYS_sendmmsg,       SYS_accept,
        SYS_accept4,  SYS_connect,    SYS_fsync,     SYS_fdatasync,      SYS_flock,
        SYS_fcntl,    SYS_ioctl,      SYS_close,     SYS_shutdown,       SYS_splice,
        SYS_sendfile, SYS_getdents64, SYS_ftruncate, SYS_io_uring_enter,
    };

    for (unsigned i = 0; i < sizeof calls / sizeof calls[0]; i++)
        if (calls[i] == number)
            return true;
    return false;
}

static void say_syscall(struct pf_thread_wait *wait, pid_t pid)
{
    const char *name = pf_syscall_name(wait->syscall);

    if (name)
        say(wait, "%s", name);
    else
        say(wait, "system call %ld", wait->syscall);
    switch (wait->syscall) {
    case SYS_epoll_wait:
    case SYS_epoll_pwait:
    case SYS_epoll_pwait2:
        say_epoll(wait, pid);
        break;
    case SYS_poll:
    case SYS_ppoll:
        say_poll(wait, pid);
        break;
    case SYS_futex:
        say_futex(wait, pid);
        break;
    case SYS_nanosleep:
        say_timespec(wait, pid, wait->args[0]);
        break;
    case SYS_clock_nanosleep:
        if (wait->args[1] == 0)
            say_timespec(wait, pid, wait->args[2]);
        break;
    case SYS_wait4:
        if ((int32_t)wait->args[0] > 0)
            say(wait, " for process %d", (int32_t)wait->args[0]);
        break;
    default:
        if (begins_with_fd(wait->syscall))
            say_fd(wait, pid, (int)wait->args[0]);
        break;
    }
}

bool pf_thread_wait_read(struct pf_thread_wait *out, pid_t pid, pid_t tid)
{
    struct pf_thread_wait wait = {.syscall = -1, .fd = -1};
    struct pf_thread_syscall call;
    struct pf_proc_stat stat;
    char path[64];
    char text[256];

    if (!pf_proc_stat_read(&stat, pid, tid))
        return false;
    wait.state = stat.state;
    memcpy(wait.comm, stat.comm, sizeof wait.comm);
    (void)snprintf(path, sizeof path, "/proc/%d/task/%d/wchan", (int)pid, (int)tid);
    if (pf_proc_read_text(path, text, sizeof text) && strcmp(text, "0") != 0)
        (void)snprintf(wait.channel, sizeof wait.channel, "%.63s", text);
    (void)snprintf(path, sizeof path, "/proc/%d/task/%d/syscall", (int)pid, (int)tid);
    if (pf_proc_read_text(path, text, sizeof text) && pf_thread_syscall_parse(&call, text)) {
        wait.syscall = pf_restarted_call(pid, call.number, call.pc);
        memcpy(wait.args, call.args, sizeof wait.args);
        say_syscall(&wait, pid);
    } else if (wait.channel[0]) {
        say(&wait, "kernel function %s", wait.channel);
    }
    *out = wait;
    return true;
}

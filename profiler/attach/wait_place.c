/* SPDX-License-Identifier: MIT */
#include "profiler/attach/wait_place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "profiler/attach/proc_stat.h"
#include "profiler/attach/restarted_call.h"
#include "profiler/attach/syscall_name.h"

enum { SYSCALL_BYTES = 256, ARGS = 6 };

bool pf_wait_place_parse(struct pf_wait_place *out, const char *text)
{
    struct pf_wait_place place = {.syscall = -1};
    char *end = NULL;

    if (strncmp(text, "running", 7) == 0) {
        place.is_running = true;
        *out = place;
        return true;
    }
    place.syscall = strtol(text, &end, 10);
    if (end == text)
        return false;
    /* Six arguments stand between, but only in a system call. */
    for (unsigned i = 0; place.syscall >= 0 && i < ARGS; i++)
        (void)strtoull(end, &end, 16);
    const char *from = end;
    place.stack_pointer = strtoull(from, &end, 16);
    if (end == from)
        return false;
    from = end;
    place.pc = strtoull(from, &end, 16);
    if (end == from)
        return false;
    place.has_stack = place.stack_pointer != 0 && place.pc != 0;
    *out = place;
    return true;
}

static void read_channel(struct pf_wait_place *place, pid_t pid, pid_t tid)
{
    char path[64];

    (void)snprintf(path, sizeof path, "/proc/%d/task/%d/wchan", (int)pid, (int)tid);
    if (!pf_proc_read_text(path, place->channel, sizeof place->channel)
        || strcmp(place->channel, "0") == 0)
        place->channel[0] = '\0';
}

bool pf_wait_place_read(struct pf_wait_place *out, pid_t pid, pid_t tid)
{
    char path[64];
    char text[SYSCALL_BYTES];
    struct pf_proc_stat stat;

    (void)snprintf(path, sizeof path, "/proc/%d/task/%d/syscall", (int)pid, (int)tid);
    bool is_known = pf_proc_read_text(path, text, sizeof text) && pf_wait_place_parse(out, text);
    if (is_known && out->is_running)
        return true;
    if (!pf_proc_stat_read(&stat, pid, tid))
        return false;
    if (is_known) {
        out->syscall = pf_restarted_call(pid, out->syscall, out->pc);
    } else {
        *out = (struct pf_wait_place){.syscall = -1};
        read_channel(out, pid, tid);
    }
    out->is_running = stat.state == 'R';
    out->is_disk = stat.state == 'D';
    return true;
}

struct kind {
    long syscall;
    const char *state;
};

static const struct kind kinds[] = {
    {SYS_futex, "futex"},
    {SYS_epoll_wait, "epoll"},
    {SYS_epoll_pwait, "epoll"},
    {SYS_epoll_pwait2, "epoll"},
    {SYS_poll, "poll"},
    {SYS_ppoll, "poll"},
    {SYS_select, "poll"},
    {SYS_pselect6, "poll"},
    {SYS_nanosleep, "sleep"},
    {SYS_clock_nanosleep, "sleep"},
    {SYS_accept, "net"},
    {SYS_accept4, "net"},
    {SYS_connect, "net"},
    {SYS_recvfrom, "net"},
    {SYS_recvmsg, "net"},
    {SYS_recvmmsg, "net"},
    {SYS_sendto, "net"},
    {SYS_sendmsg, "net"},
    {SYS_sendmmsg, "net"},
    {SYS_fsync, "disk"},
    {SYS_fdatasync, "disk"},
    {SYS_sync_file_range, "disk"},
    {SYS_msync, "disk"},
    {SYS_pread64, "disk"},
    {SYS_pwrite64, "disk"},
    {SYS_wait4, "child"},
    {SYS_waitid, "child"},
    {SYS_vfork, "child"},
    {SYS_pause, "signal"},
    {SYS_rt_sigsuspend, "signal"},
    {SYS_rt_sigtimedwait, "signal"},
    {SYS_read, "io"},
    {SYS_write, "io"},
    {SYS_readv, "io"},
    {SYS_writev, "io"},
    {SYS_io_uring_enter, "io"},
    {SYS_io_getevents, "io"},
    {SYS_splice, "io"},
};

const char *pf_wait_place_state(const struct pf_wait_place *place)
{
    if (place->is_disk)
        return "disk";
    for (unsigned i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (kinds[i].syscall == place->syscall)
            return kinds[i].state;
    return "other";
}

const char *pf_wait_place_name(const struct pf_wait_place *place)
{
    const char *name = pf_syscall_name(place->syscall);

    if (place->syscall >= 0)
        return name ? name : "system call";
    if (place->has_stack)
        return "page fault";
    return place->channel[0] ? place->channel : "unknown";
}

void pf_wait_place_regs(const struct pf_wait_place *place, struct pf_regs *out)
{
    *out = (struct pf_regs){.known = 1u << PF_REG_PC | 1u << PF_REG_RSP};
    out->at[PF_REG_PC] = place->pc;
    out->at[PF_REG_RSP] = place->stack_pointer;
}

size_t pf_remote_read(pid_t pid, uint64_t addr, void *out, size_t size)
{
    enum { PAGE = 4096 };
    struct iovec to = {out, size};

    /* One piece a page: a read stops at the first piece that is not mapped. */
    struct iovec from[64];
    unsigned count = 0;
    for (size_t done = 0; done < size && count < 64; count++) {
        size_t piece = PAGE - (addr + done) % PAGE;
        if (piece > size - done)
            piece = size - done;
        from[count] = (struct iovec){(void *)(uintptr_t)(addr + done), piece};
        done += piece;
    }
    ssize_t got = process_vm_readv(pid, &to, 1, from, count, 0);
    return got > 0 ? (size_t)got : 0;
}

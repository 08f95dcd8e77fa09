/* SPDX-License-Identifier: MIT */
#include "profiler/attach/inject_point.h"

#include <sys/syscall.h>

enum { POINT_FRAMES_MAX = 256 };

/* Rows are compiled here, before any thread is stopped. */
bool pf_inject_point_init(struct pf_inject_point *out, pid_t pid, struct pf_err *err)
{
    *out = (struct pf_inject_point){.reason = "it has no thread"};
    pf_mapped_objects_init(&out->objects);
    if (!pf_remote_libc_find(&out->libc, pid, err)
        || !pf_space_read(&out->space, pid, &out->objects, err))
        return false;
    (void)pf_space_code(&out->space, &out->objects);
    return true;
}

void pf_inject_point_fini(struct pf_inject_point *point)
{
    pf_space_fini(&point->space);
    pf_mapped_objects_fini(&point->objects);
}

/* System calls in which a thread waits for the world, holding no lock of libc's. */
static bool is_waiting_call(long number)
{
    switch (number) {
    case SYS_epoll_wait:
    case SYS_epoll_pwait:
    case SYS_poll:
    case SYS_ppoll:
    case SYS_select:
    case SYS_pselect6:
    case SYS_accept:
    case SYS_accept4:
    case SYS_recvfrom:
    case SYS_recvmsg:
    case SYS_read:
    case SYS_nanosleep:
    case SYS_clock_nanosleep:
    case SYS_rt_sigtimedwait:
    case SYS_rt_sigsuspend:
    case SYS_wait4:
    case SYS_waitid:
    case SYS_pause:
        return true;
    default:
        return false;
    }
}

static bool is_in(uint64_t pc, uint64_t start, uint64_t end)
{
    return pc >= start && pc < end;
}

static bool refuse(struct pf_inject_point *point, const char *reason)
{
    point->reason = reason;
    return false;
}

static void walk(struct pf_inject_point *point, struct pf_tracee *tracee, struct pf_trail *trail)
{
    struct pf_regs regs;
    struct pf_memory memory = {.read_word = pf_tracee_read_word, .from = &tracee->pid};
    struct pf_code_map map = pf_space_code(&point->space, &point->objects);

    pf_tracee_regs(tracee, &regs);
    pf_unwind_stack(trail, &regs, &map, &memory);
}

/*
 * Frames of libc are allowed at the outer end (what called main or the thread's function) and, for
 * a thread that waits, at the inner end, as those that made the call.
 */
static bool is_frame_allowed(const struct pf_inject_point *point, const struct pf_trail *trail,
                             uint32_t frame, uint32_t outer)
{
    const struct pf_remote_libc *libc = &point->libc;
    uint64_t pc = trail->pcs[frame];

    if (is_in(pc, libc->loader_start, libc->loader_end))
        return false;
    return frame >= outer || !is_in(pc, libc->libc_start, libc->libc_end);
}

/* The first of the run of libc frames that ends the stack. */
static uint32_t outer_libc(const struct pf_inject_point *point, const struct pf_trail *trail)
{
    uint32_t at = trail->count;

    /* _start, outermost in the main thread, belongs to the program. */
    if (at > 1 && !is_in(trail->pcs[at - 1], point->libc.libc_start, point->libc.libc_end))
        at--;
    while (at > 1 && is_in(trail->pcs[at - 1], point->libc.libc_start, point->libc.libc_end))
        at--;
    return at;
}

/* Past the frames of libc that made the system call: sleep calls clock_nanosleep, getline read. */
static uint32_t inner_libc(const struct pf_inject_point *point, const struct pf_trail *trail)
{
    uint32_t at = 0;

    while (at < trail->count && is_in(trail->pcs[at], point->libc.libc_start, point->libc.libc_end))
        at++;
    return at;
}

bool pf_inject_point_is_safe(struct pf_inject_point *point, struct pf_tracee *tracee)
{
    uint64_t pcs[POINT_FRAMES_MAX];
    struct pf_trail trail = {.pcs = pcs, .capacity = POINT_FRAMES_MAX};
    long number = pf_tracee_syscall(tracee);

    if (tracee->pending_signal)
        return refuse(point, "a signal was about to be delivered");
    if (number >= 0 && !is_waiting_call(number))
        return refuse(point, "inside a system call that may belong to the allocator or a lock");
    walk(point, tracee, &trail);
    if (!trail.is_rooted)
        return refuse(point, "its stack cannot be followed to the end");
    if (trail.signals != 0)
        return refuse(point, "inside a signal handler");

    uint32_t outer = outer_libc(point, &trail);
    for (uint32_t frame = number >= 0 ? inner_libc(point, &trail) : 0; frame < trail.count; frame++)
        if (!is_frame_allowed(point, &trail, frame, outer))
            return refuse(point, "inside libc or the loader, where a lock may be held");
    return true;
}

/* SPDX-License-Identifier: MIT */
#include "profiler/attach/inject_point.h"

#include <sys/syscall.h>

/* Rows are compiled here, before any thread is stopped. */
bool pf_inject_point_init(struct pf_inject_point *out, pid_t pid, struct pf_mapped_objects *objects,
                          struct pf_err *err)
{
    *out = (struct pf_inject_point){.reason = "it has no thread", .objects = objects};
    pf_mapped_objects_init(&out->own);
    if (!objects)
        out->objects = &out->own;
    if (!pf_remote_libc_find(&out->libc, pid, err)
        || !pf_space_read(&out->space, pid, out->objects, err))
        return false;
    (void)pf_space_code(&out->space, out->objects);
    return true;
}

void pf_inject_point_fini(struct pf_inject_point *point)
{
    pf_space_fini(&point->space);
    pf_mapped_objects_fini(&point->own);
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

static bool refuse(struct pf_inject_point *point, const char *reason, bool is_lasting)
{
    point->reason = reason;
    point->is_lasting = is_lasting;
    return false;
}

/* Frames [first, end) of a stack, all between two signals, or from one to the root. */
struct run {
    const uint64_t *pcs;
    uint32_t first, end;
};

static bool is_libc(const struct pf_inject_point *point, uint64_t pc)
{
    return pf_remote_code_has(&point->libc.libc, pc);
}

/* The run from first on: up to the trampoline below the next frame that a signal interrupted. */
static struct run run_from(const struct pf_inject_stack *stack, uint32_t first)
{
    uint32_t end = first + 1;

    while (end < stack->count && !stack->is_interrupted[end])
        end++;
    return (struct run){stack->pcs, first, end < stack->count ? end - 1 : end};
}

/* The first of the frames of libc that end the stack: what called main or the thread's function. */
static uint32_t outer_libc(const struct pf_inject_point *point, const struct run *run)
{
    uint32_t at = run->end;

    /* _start, outermost in the main thread, belongs to the program. */
    if (at > run->first + 1 && !is_libc(point, run->pcs[at - 1]))
        at--;
    while (at > run->first + 1 && is_libc(point, run->pcs[at - 1]))
        at--;
    return at;
}

/* Past the frames of libc that made the system call: sleep calls clock_nanosleep, getline read. */
static uint32_t inner_libc(const struct pf_inject_point *point, const struct run *run)
{
    uint32_t at = run->first;

    while (at < run->end && is_libc(point, run->pcs[at]))
        at++;
    return at;
}

/* Was the libc entered, before this frame, for something that takes none of its locks? */
static bool is_waiting_function(const struct pf_inject_point *point, const struct run *run)
{
    uint32_t past = inner_libc(point, run);

    for (uint32_t i = 0; past > run->first && i < point->libc.wait_count; i++)
        if (pf_remote_code_has(&point->libc.waits[i], run->pcs[past - 1]))
            return true;
    return false;
}

/* No frame in [first, end) is of libc, the loader or the allocator. */
static bool is_own_code(const struct pf_inject_point *point, const struct run *run, uint32_t first,
                        uint32_t end)
{
    for (uint32_t frame = first; frame < end; frame++)
        if (is_libc(point, run->pcs[frame])
            || pf_remote_code_has(&point->libc.loader, run->pcs[frame])
            || pf_remote_code_has(&point->libc.allocator, run->pcs[frame]))
            return false;
    return true;
}

/* waits: its innermost frames of libc are known to hold nothing. */
static bool is_run_safe(const struct pf_inject_point *point, const struct run *run, bool waits,
                        bool is_outermost)
{
    uint32_t first = waits ? inner_libc(point, run) : run->first;
    uint32_t end = is_outermost ? outer_libc(point, run) : run->end;

    return is_own_code(point, run, first, end);
}

/* What signals interrupted outside of the innermost run. */
static bool are_interrupted_safe(const struct pf_inject_point *point,
                                 const struct pf_inject_stack *stack, const struct run *innermost)
{
    struct run run = *innermost;

    while (run.end < stack->count) {
        run = run_from(stack, run.end + 1);
        if (!is_run_safe(point, &run, is_waiting_function(point, &run), run.end == stack->count))
            return false;
    }
    return true;
}

static bool is_stack_safe(struct pf_inject_point *point, const struct pf_inject_stack *stack,
                          long number)
{
    bool waits = is_waiting_call(number);

    if (!stack->is_rooted)
        return refuse(point, "its stack cannot be followed to the end", waits);
    if (stack->is_alternate)
        return refuse(point, "in a signal handler on a stack of its own, too small", true);

    struct run run = run_from(stack, 0);
    if (number >= 0 && !waits && !(waits = is_waiting_function(point, &run)))
        return refuse(point, "inside a system call that may belong to the allocator or a lock",
                      false);
    if (!are_interrupted_safe(point, stack, &run))
        return refuse(point, "in a signal handler that interrupted libc, which may hold a lock",
                      true);
    if (!is_run_safe(point, &run, waits, run.end == stack->count))
        return refuse(point, "inside libc or the loader, where a lock may be held", false);
    return true;
}

bool pf_inject_point_is_safe(struct pf_inject_point *point, struct pf_tracee *tracee)
{
    struct pf_code_map map = pf_space_code(&point->space, point->objects);

    if (tracee->pending_signal)
        return refuse(point, "a signal was about to be delivered", false);
    pf_inject_stack_walk(&point->stack, tracee, &map);
    return is_stack_safe(point, &point->stack, pf_tracee_syscall(tracee));
}

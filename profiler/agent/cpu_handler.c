/* SPDX-License-Identifier: MIT */
#include "profiler/agent/cpu_handler.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <ucontext.h>

#include "profiler/agent/agent.h"
#include "profiler/agent/cpu_regs.h"
#include "profiler/agent/cpu_ring.h"
#include "profiler/agent/own_stack.h"
#include "profiler/trace/region_stacks.h"

static struct sigaction before; /* of the signal taken */
static char mark;
static _Atomic(struct pf_region *) aim;
static _Atomic uint32_t inside; /* threads that may hold what aim was */

void ag_cpu_handler_aim(struct pf_region *region)
{
    atomic_store(&aim, region);
}

bool ag_cpu_handler_is_at_rest(void)
{
    return atomic_load(&inside) == 0;
}

void ag_cpu_handler_fork_child(void)
{
    atomic_store(&inside, 0); /* whoever it was is not in this process */
}

void *ag_cpu_tick_mark(void)
{
    return &mark;
}

/*
 * Stacks are interned as return addresses, which lookups lower by one. A pc that was interrupted is
 * exact: raised by one it reads the same. Frames from the 64th on are never marked.
 */
static void raise_exact(struct pf_trail *trail)
{
    uint32_t marked = trail->count < 64 ? trail->count : 64;

    if (trail->count > 0)
        trail->pcs[0]++;
    for (uint32_t i = 1; i < marked; i++)
        trail->pcs[i] += trail->signals >> i & 1;
}

/* What the collector is told of a walk beside its frames. */
static uint32_t flags_of(const struct pf_trail *trail)
{
    uint32_t flags = trail->guessed ? PF_STACK_GUESSED : 0;

    if (!trail->is_rooted)
        flags |= PF_STACK_TRUNCATED | (uint32_t)trail->lost << PF_STACK_REASON_SHIFT;
    return flags;
}

static uint32_t stack_of(struct pf_region *region, struct ag_thread *self, struct ag_cpu_lane *lane,
                         const struct pf_regs *regs)
{
    /* The generation first: one that is new says the map is. */
    uint64_t generation = atomic_load_explicit(&ag_agent.code_generation, memory_order_acquire);
    const struct pf_code_map *map = atomic_load_explicit(&ag_agent.code_map, memory_order_acquire);
    struct pf_unwind_cache *cache = pf_unwind_cache_view(lane->cache);
    struct pf_trail trail = {.pcs = lane->pcs, .capacity = PF_STACK_DEPTH_MAX};
    struct pf_memory memory = {0};

    int buffer = ag_stack_memory_for(self, regs->at[PF_REG_RSP], &memory);
    if (!memory.read_word)
        memory.read_word = ag_code_word;
    pf_unwind_cache_sync(cache, generation);
    (void)pf_unwind_stack_cached(&trail, regs, map, &memory, cache);
    ag_foreign_stack_done(buffer);
    if (!trail.is_rooted)
        pf_thread_count(self->slot, PF_COUNT_TRUNCATED, 1);
    raise_exact(&trail);
    if (trail.count == 0)
        return PF_STACK_UNKNOWN;
    return pf_stack_intern(region, lane->pcs, trail.count, flags_of(&trail));
}

static void take_sample(struct pf_region *region, uint32_t weight, const ucontext_t *context)
{
    struct ag_thread *self = ag_thread_self(region);
    struct ag_cpu_lane *lane = ag_cpu_lane(region, self->slot);
    struct pf_regs regs;

    if (!lane) {
        pf_thread_count(self->slot, PF_COUNT_DROPPED, weight);
        return;
    }
    ag_regs_of_context(context, &regs);
    struct pf_ring_event event = {
        .stack = stack_of(region, self, lane, &regs),
        .weight = weight,
        .tid = self->tid,
    };
    (void)pf_ring_push(&lane->ring, &event);
}

/* A tick that is not ours goes to whoever had the signal, as far as a handler was there. */
static void hand_on(int number, siginfo_t *info, void *context)
{
    if (before.sa_flags & SA_SIGINFO) {
        if (before.sa_sigaction)
            before.sa_sigaction(number, info, context);
    } else if (before.sa_handler != SIG_DFL && before.sa_handler != SIG_IGN) {
        before.sa_handler(number);
    }
}

/* In a child made behind our back the region is not mapped: the alive word tells. */
static struct pf_region *aimed_region(void)
{
    struct pf_region *region = atomic_load_explicit(&aim, memory_order_acquire);

    return region && atomic_load_explicit(ag_agent.alive, memory_order_relaxed) ? region : NULL;
}

/* Counted in before the aim is read: who has put another aim there and then sees nobody inside may
 * take the old one away. */
static void tick(uint32_t weight, const ucontext_t *context)
{
    atomic_fetch_add(&inside, 1);
    struct pf_region *region = aimed_region();
    if (region)
        take_sample(region, weight, context);
    atomic_fetch_sub(&inside, 1);
}

static void on_tick(int number, siginfo_t *info, void *context)
{
    int kept_errno = errno;

    if (info->si_code == SI_TIMER && info->si_value.sival_ptr == &mark)
        tick(1 + (uint32_t)info->si_overrun, context);
    else
        hand_on(number, info, context);
    errno = kept_errno;
}

static bool is_free(const struct sigaction *action)
{
    return !(action->sa_flags & SA_SIGINFO)
           && (action->sa_handler == SIG_DFL || action->sa_handler == SIG_IGN);
}

/* Nothing interrupts the handler: a server's own one might leave it by longjmp. A fault is let
 * through, to be seen as what it is. */
static void block_all_but_faults(sigset_t *set)
{
    static const int faults[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP};

    (void)sigfillset(set);
    for (unsigned i = 0; i < sizeof faults / sizeof *faults; i++)
        (void)sigdelset(set, faults[i]);
}

static bool take(int number)
{
    struct sigaction ours = {.sa_sigaction = on_tick, .sa_flags = SA_SIGINFO | SA_RESTART};

    if (sigaction(number, NULL, &before) != 0 || !is_free(&before))
        return false;
    block_all_but_faults(&ours.sa_mask);
    return sigaction(number, &ours, NULL) == 0;
}

/* The highest first: a server that is going to use a real-time signal takes the lowest, and one
 * that profiles itself SIGPROF. */
int ag_cpu_signal_take(void)
{
    for (int number = SIGRTMAX; number >= SIGRTMIN; number--)
        if (take(number))
            return number;
    if (take(SIGPROF))
        return SIGPROF;
    return take(SIGVTALRM) ? SIGVTALRM : 0;
}

bool ag_cpu_signal_is_lost(int signal_number)
{
    struct sigaction now;

    return sigaction(signal_number, NULL, &now) != 0 || now.sa_sigaction != on_tick;
}

/* The default of these signals is to end the process: a tick still pending must never meet it. To
 * ignore a signal throws away what is pending, in all threads (sigaction(2), POSIX). */
void ag_cpu_signal_give_back(int signal_number)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};

    if (ag_cpu_signal_is_lost(signal_number))
        return;
    (void)sigaction(signal_number, &ignore, NULL);
    (void)sigaction(signal_number, &before, NULL);
}

/*
 * One signal to oneself under 35 frames: an empty handler, the agent's, and what others' handlers
 * do.
 *
 * Each round measures every handler once, in turn; the ratio is to the empty one of the same round.
 *
 * SPDX-License-Identifier: MIT
 */
#define UNW_LOCAL_ONLY
#include <execinfo.h>
#include <libunwind.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "bench/unwind/chain.h"
#include "profiler/agent/agent.h"
#include "profiler/agent/code_objects.h"
#include "profiler/agent/cpu_handler.h"
#include "profiler/agent/cpu_ring.h"

enum { DEPTH = 30, SIGNALS = 20000, ROUNDS = 9, HANDLERS = 5, FRAMES_MAX = 128 };

static int agent_signal;
static pid_t own_id;
static struct pf_region *region;

static void on_nothing(int number)
{
    (void)number;
}

static void on_unw_backtrace(int number)
{
    void *frames[FRAMES_MAX];

    (void)number;
    (void)unw_backtrace(frames, FRAMES_MAX);
}

static void on_backtrace(int number)
{
    void *frames[FRAMES_MAX];

    (void)number;
    (void)backtrace(frames, FRAMES_MAX);
}

static void on_unw_step(int number, siginfo_t *info, void *context)
{
    unw_cursor_t cursor;

    (void)number;
    (void)info;
    if (unw_init_local2(&cursor, context, UNW_INIT_SIGNAL_FRAME) != 0)
        return;
    while (unw_step(&cursor) > 0)
        ;
}

static const struct {
    const char *name;
    int number; /* 0: the agent's */
} handlers[HANDLERS] = {{"empty", SIGUSR1},
                        {"assay agent", 0},
                        {"unw_backtrace", SIGUSR2},
                        {"backtrace()", SIGURG},
                        {"unw_step loop", SIGWINCH}};

static uint64_t now_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* As a timer's expiry looks to the handler, which takes no other for its own. */
static void send(int number)
{
    siginfo_t info;

    memset(&info, 0, sizeof info);
    info.si_signo = number;
    info.si_code = SI_TIMER;
    info.si_value.sival_ptr = ag_cpu_tick_mark();
    (void)syscall(SYS_rt_tgsigqueueinfo, own_id, own_id, number, &info); /* one thread */
}

static void drain(void)
{
    static struct pf_ring_event events[PF_RING_EVENTS];
    struct ag_cpu_lane *lane = ag_cpu_lane(region, ag_thread_self(region)->slot);

    (void)pf_ring_pop(&lane->ring, events, PF_RING_EVENTS);
}

struct measure {
    double ns[HANDLERS][ROUNDS];
};

static double time_signals(int number)
{
    uint64_t began_ns = now_ns();

    for (unsigned i = 0; i < SIGNALS; i++) {
        send(number);
        if (i % 512 == 0)
            drain();
    }
    return (double)(now_ns() - began_ns) / SIGNALS;
}

static void measure_here(void *data)
{
    struct measure *measure = data;

    for (unsigned round = 0; round < ROUNDS; round++)
        for (unsigned i = 0; i < HANDLERS; i++) {
            unsigned which = (i + round) % HANDLERS;
            int number = handlers[which].number ? handlers[which].number : agent_signal;
            measure->ns[which][round] = time_signals(number);
        }
}

static int by_value(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;

    return a < b ? -1 : a > b;
}

static void report(const struct measure *measure)
{
    (void)printf(
        "| handler, %d frames | ns a signal, median [min-max] | ratio to empty |\n|---|---|---|\n",
        DEPTH + 5);
    for (unsigned i = 0; i < HANDLERS; i++) {
        double ns[ROUNDS], ratio[ROUNDS];
        for (unsigned round = 0; round < ROUNDS; round++) {
            ns[round] = measure->ns[i][round];
            ratio[round] = measure->ns[i][round] / measure->ns[0][round];
        }
        qsort(ns, ROUNDS, sizeof *ns, by_value);
        qsort(ratio, ROUNDS, sizeof *ratio, by_value);
        (void)printf("| %s | %.0f [%.0f-%.0f] | %.3f [%.3f-%.3f] |\n", handlers[i].name,
                     ns[ROUNDS / 2], ns[0], ns[ROUNDS - 1], ratio[ROUNDS / 2], ratio[0],
                     ratio[ROUNDS - 1]);
    }
}

static bool start_agent(void)
{
    static _Atomic uint32_t alive = 1;
    struct pf_region_sizes sizes = pf_region_sizes_default();
    void *at = mmap(NULL, pf_region_bytes(&sizes), PROT_READ | PROT_WRITE,
                    MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (at == MAP_FAILED)
        return false;
    region = at;
    pf_region_init(region, &sizes);
    ag_agent.alive = &alive;
    ag_agent.pid = (uint32_t)getpid();
    atomic_store(&ag_agent.generation, 1);
    atomic_store(&ag_agent.linked, region);
    ag_objects_update();
    agent_signal = ag_cpu_signal_take();
    ag_cpu_handler_aim(region);
    return agent_signal != 0;
}

static void install(int number, void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};

    (void)sigaction(number, &action, NULL);
}

int main(void)
{
    static struct measure measure;
    struct sigaction step = {.sa_sigaction = on_unw_step, .sa_flags = SA_SIGINFO | SA_RESTART};

    own_id = getpid();
    if (!start_agent()) {
        (void)fputs("bench_handler: no free signal\n", stderr);
        return 3;
    }
    install(SIGUSR1, on_nothing);
    install(SIGUSR2, on_unw_backtrace);
    install(SIGURG, on_backtrace);
    (void)sigaction(SIGWINCH, &step, NULL);
    (void)bn_chain_run(DEPTH, 0, measure_here, &measure);
    report(&measure);
    return 0;
}

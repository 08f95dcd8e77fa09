/*
 * A fatal signal in the test's process: stop for the runner to look at every thread, then die.
 *
 * The handler records the signal and stops the whole process; the lane tells the runner, which
 * reads the stacks and sends SIGCONT. Then the default action runs for the very same fault, so exit
 * status, core dump and Criterion's .signal expectation are what they would have been.
 *
 * Context of the handler: signal. Children the test forked die as if there were no handler.
 *
 * SPDX-License-Identifier: MIT
 */
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "harness/preload/context_stack.h"
#include "harness/preload/preload.h"

enum { ALT_STACK_BYTES = 64 * 1024, OVERFLOW_BYTES = 128 * 1024 };

/* Whatever ends a process by default. The first few are left to a sanitizer where there is one. */
static const int fatal[] = {SIGSEGV, SIGBUS,    SIGFPE,  SIGILL,   SIGABRT, SIGTRAP,
                            SIGSYS,  SIGPIPE,   SIGTERM, SIGHUP,   SIGINT,  SIGQUIT,
                            SIGALRM, SIGVTALRM, SIGPROF, SIGUSR1,  SIGUSR2, SIGXCPU,
                            SIGXFSZ, SIGIO,     SIGPWR,  SIGSTKFLT};

static uint64_t stands_for; /* a bit a signal */

static void set_action(int signal_number, void (*handler)(int, siginfo_t *, void *), int flags)
{
    struct sigaction action;

    memset(&action, 0, sizeof action);
    if (handler)
        action.sa_sigaction = handler;
    else
        action.sa_handler = SIG_DFL;
    action.sa_flags = handler ? SA_SIGINFO | flags : flags; /* or TSan takes default for one */
    (void)sigfillset(&action.sa_mask);
    (void)sigaction(signal_number, &action, NULL);
}

static void park(int signal_number, const siginfo_t *info)
{
    struct hn_shared *shared = hn_preload.shared;

    shared->crash_signal = signal_number;
    shared->crash_code = info->si_code;
    shared->crash_addr = (uintptr_t)info->si_addr;
    shared->crash_tid = (int32_t)syscall(SYS_gettid);
    __atomic_store_n(&shared->crash, HN_CRASH_PARKED, __ATOMIC_RELEASE);
    (void)kill(getpid(), SIGSTOP);
}

/* A fault runs again into the new action; what was sent is sent again. */
static void again(int signal_number, const siginfo_t *info)
{
    if (info->si_code <= 0 || signal_number == SIGABRT || signal_number == SIGSYS)
        (void)raise(signal_number);
}

static void on_fatal(int signal_number, siginfo_t *info, void *context)
{
    int saved = errno;
    uint32_t none = HN_CRASH_NONE;

    (void)context;
    set_action(signal_number, NULL, 0);
    if (hn_case_is_here()) {
        if (hn_preload.may_park && signal_number != hn_preload.expected_signal
            && __atomic_compare_exchange_n(&hn_preload.shared->crash, &none, HN_CRASH_CLAIMED,
                                           false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
            park(signal_number, info);
        hn_coverage_dump();
    }
    again(signal_number, info);
    errno = saved;
}

static siginfo_t overflow;

void hn_crash_overflow(void)
{
    on_fatal(overflow.si_signo, &overflow, NULL);
    for (;;) /* there is room now, so the fault would not come again */
        (void)raise(overflow.si_signo);
}

static bool is_stack_overflow(const siginfo_t *info, const void *context)
{
    uintptr_t stack = hn_context_stack(context);
    uintptr_t address = (uintptr_t)info->si_addr;

    return info->si_code > 0 && address + OVERFLOW_BYTES > stack
           && address < stack + OVERFLOW_BYTES;
}

/*
 * A memory fault is first met on the alternate stack, the only one left after an overflow. Any
 * other is let run into on_fatal on the stack it happened on, so that the runner finds one
 * contiguous stack to read.
 */
static void on_fault(int signal_number, siginfo_t *info, void *context)
{
    int saved = errno;

    if (info->si_code > 0 && hn_context_pc(context) == (uintptr_t)info->si_addr)
        hn_preload.shared->jumped = 1;
    if (is_stack_overflow(info, context)) {
        hn_preload.shared->overflowed = 1;
        overflow = *info;
        if (!hn_context_call_overflow(context))
            on_fatal(signal_number, info, context);
    } else {
        set_action(signal_number, on_fatal, 0);
        again(signal_number, info);
    }
    errno = saved;
}

/* A stack overflow needs another stack to be reported from. */
static void install_stack(void)
{
    void *memory = mmap(NULL, ALT_STACK_BYTES, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    stack_t stack = {.ss_sp = memory, .ss_size = ALT_STACK_BYTES};

    if (memory != MAP_FAILED)
        (void)sigaltstack(&stack, NULL);
}

/* Sanitizers report memory faults better than we could: their handlers are left alone. */
static bool is_instrumented(void)
{
    return dlsym(RTLD_DEFAULT, "__asan_init") || dlsym(RTLD_DEFAULT, "__tsan_init")
           || dlsym(RTLD_DEFAULT, "__msan_init");
}

void hn_crash_prepare(void)
{
    hn_preload.is_instrumented = is_instrumented();
}

/* Late, and about to be killed: what was covered is worth keeping. */
static void on_late(int signal_number, siginfo_t *info, void *context)
{
    (void)signal_number;
    (void)info;
    (void)context;
    if (hn_case_is_here())
        hn_coverage_dump();
    (void)kill(getpid(), SIGKILL);
}

bool hn_crash_stands_for(int signal_number)
{
    return signal_number > 0 && signal_number < 64 && (stands_for >> signal_number & 1)
           && !hn_preload.is_instrumented;
}

bool hn_crash_is_ours(const void *handler)
{
    void (*const ours[])(int, siginfo_t *, void *) = {on_fatal, on_fault};

    return memcmp(&handler, &ours[0], sizeof handler) == 0
           || memcmp(&handler, &ours[1], sizeof handler) == 0;
}

void hn_crash_stand(int signal_number)
{
    bool is_fault = signal_number == SIGSEGV || signal_number == SIGBUS;

    set_action(signal_number, is_fault ? on_fault : on_fatal, is_fault ? SA_ONSTACK : 0);
    stands_for |= UINT64_C(1) << signal_number;
}

/* A sanitizer's interceptors would show our handlers to the code under test: few stand there. */
static bool is_wanted(int signal_number, const struct sigaction *before)
{
    if (!hn_preload.is_instrumented)
        return before->sa_handler == SIG_DFL;
    return before->sa_handler == SIG_DFL
           && (signal_number == SIGABRT || signal_number == SIGTRAP || signal_number == SIGSYS);
}

void hn_crash_install(void)
{
    struct sigaction before;

    if (hn_preload.gcov_dump)
        set_action(HN_WIRE_SIGNAL_DUMP, on_late, 0);
    if (!hn_preload.is_instrumented)
        install_stack();
    for (size_t i = 0; i < sizeof fatal / sizeof fatal[0]; i++)
        if (sigaction(fatal[i], NULL, &before) == 0 && is_wanted(fatal[i], &before))
            hn_crash_stand(fatal[i]);
    /* What a test is declared to die of shall not become a report of the sanitizer's. */
    if (hn_preload.is_instrumented && hn_preload.expected_signal)
        set_action(hn_preload.expected_signal, NULL, 0);
}

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

#include "harness/preload/preload.h"

enum { ALT_STACK_BYTES = 64 * 1024 };

static const int fatal[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};

static void restore_default(int signal_number)
{
    struct sigaction action;

    memset(&action, 0, sizeof action);
    action.sa_handler = SIG_DFL;
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

static void on_fatal(int signal_number, siginfo_t *info, void *context)
{
    int saved = errno;
    uint32_t none = HN_CRASH_NONE;

    (void)context;
    restore_default(signal_number);
    if (hn_case_is_here()) {
        if (hn_preload.may_park && signal_number != hn_preload.expected_signal
            && __atomic_compare_exchange_n(&hn_preload.shared->crash, &none, HN_CRASH_CLAIMED,
                                           false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
            park(signal_number, info);
        hn_coverage_dump();
    }
    /* A fault runs again into the default action; what was sent is sent again. */
    if (info->si_code <= 0 || signal_number == SIGABRT || signal_number == SIGSYS)
        (void)raise(signal_number);
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

/* Sanitizers and valgrind report better than we could: leave their handlers alone. */
static bool is_instrumented(void)
{
    return dlsym(RTLD_DEFAULT, "__asan_init") || dlsym(RTLD_DEFAULT, "__tsan_init")
           || dlsym(RTLD_DEFAULT, "__msan_init");
}

void hn_crash_install(void)
{
    struct sigaction action, before;

    if (is_instrumented())
        return;
    install_stack();
    memset(&action, 0, sizeof action);
    action.sa_sigaction = on_fatal;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    (void)sigfillset(&action.sa_mask);
    for (size_t i = 0; i < sizeof fatal / sizeof fatal[0]; i++)
        if (sigaction(fatal[i], NULL, &before) == 0 && before.sa_handler == SIG_DFL)
            (void)sigaction(fatal[i], &action, NULL);
}

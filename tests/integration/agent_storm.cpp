/*
 * Everything a sampling signal can meet, at once and all the time: allocation, dlopen and dlclose,
 * C++ exceptions, fork, threads that come and go, signal handlers on alternate stacks or left by a
 * jump, stacks of coroutines. Says "ready",
 * runs for the seconds of its first argument, then says "ok" and ends with 0 if nothing it did went
 * wrong. A second argument "own" makes it use SIGPROF itself and demand that its handler stays.
 *
 * SPDX-License-Identifier: MIT
 */
#include <atomic>
#include <cerrno>
#include <csetjmp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <stdexcept>
#include <string>
#include <sys/mman.h>
#include <sys/wait.h>
#include <thread>
#include <ucontext.h>
#include <unistd.h>
#include <vector>

static std::atomic<bool> is_over;
static std::atomic<int> failures;
static volatile sig_atomic_t own_ticks;

static void check(bool ok, const char *what)
{
    if (ok)
        return;
    failures++;
    (void)fprintf(stderr, "storm: %s: %s\n", what, strerror(errno));
}

static void allocate()
{
    while (!is_over) {
        errno = 77;
        std::vector<void *> blocks;
        for (size_t size = 1; size < 100000; size *= 3)
            blocks.push_back(malloc(size));
        for (void *block : blocks)
            free(block);
        /* A handler that does not keep errno shows here. */
        check(errno == 77, "errno changed under malloc and free");
    }
}

static void load_and_unload()
{
    while (!is_over) {
        void *object = dlopen("libz.so.1", RTLD_NOW | RTLD_LOCAL);
        check(object != nullptr, "dlopen");
        if (object)
            (void)dlclose(object);
    }
}

__attribute__((noinline)) static int throw_deep(int depth)
{
    if (depth == 0)
        throw std::runtime_error(std::string(100, 'x'));
    return throw_deep(depth - 1) + 1;
}

static void throw_and_catch()
{
    while (!is_over) {
        try {
            (void)throw_deep(20);
            check(false, "the exception was not thrown");
        } catch (const std::runtime_error &error) {
            check(strlen(error.what()) == 100, "the exception lost its text");
        }
    }
}

static void fork_and_wait()
{
    while (!is_over) {
        pid_t pid = fork();
        if (pid == 0)
            _exit(5);
        int status = 0;
        check(pid > 0 && waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 5, "fork");
    }
}

static void start_threads()
{
    while (!is_over)
        std::thread([] { free(malloc(100)); }).join();
}

static volatile sig_atomic_t handled;

static void on_signal(int)
{
    handled = handled + 1;
}

/* Its own signals, on an alternate stack, while the sampling signal comes too. */
static void signal_itself()
{
    static char memory[64 * 1024];
    stack_t stack = {};
    stack.ss_sp = memory;
    stack.ss_size = sizeof memory;
    check(sigaltstack(&stack, nullptr) == 0, "sigaltstack");

    struct sigaction action = {};
    action.sa_handler = on_signal;
    action.sa_flags = SA_ONSTACK;
    check(sigaction(SIGUSR1, &action, nullptr) == 0, "sigaction");
    while (!is_over)
        check(pthread_kill(pthread_self(), SIGUSR1) == 0, "pthread_kill");
    stack.ss_flags = SS_DISABLE;
    (void)sigaltstack(&stack, nullptr);
}

/* A stack of its own between two pages that cannot be read, as coroutines have them. */
struct island {
    ucontext_t home, there;
    void *memory;
};

static const size_t island_page = 4096, island_bytes = 64 * 1024;

static void work_there(unsigned high, unsigned low)
{
    auto *island = reinterpret_cast<struct island *>(static_cast<uintptr_t>(high) << 32 | low);
    for (volatile int i = 0; i < 20000; i++)
        free(malloc(32));
    (void)swapcontext(&island->there, &island->home);
}

static void visit(struct island *island)
{
    auto at = reinterpret_cast<uintptr_t>(island);
    (void)getcontext(&island->there);
    island->there.uc_stack.ss_sp = static_cast<char *>(island->memory) + island_page;
    island->there.uc_stack.ss_size = island_bytes;
    island->there.uc_link = &island->home;
    makecontext(&island->there, reinterpret_cast<void (*)()>(work_there), 2,
                static_cast<unsigned>(at >> 32), static_cast<unsigned>(at));
    (void)swapcontext(&island->home, &island->there);
}

static void switch_stacks()
{
    struct island island = {};
    island.memory = mmap(nullptr, island_bytes + 2 * island_page, PROT_NONE,
                         MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    check(island.memory != MAP_FAILED
              && mprotect(static_cast<char *>(island.memory) + island_page, island_bytes,
                          PROT_READ | PROT_WRITE)
                     == 0,
          "a stack between unreadable pages");
    while (!is_over)
        visit(&island);
}

/* A handler of the server's own that leaves by a jump, wherever it came. */
static thread_local sigjmp_buf way_out;

static void on_jump(int)
{
    siglongjmp(way_out, 1);
}

static void jump_out_of_handlers()
{
    struct sigaction action = {};
    action.sa_handler = on_jump;
    check(sigaction(SIGUSR2, &action, nullptr) == 0, "sigaction");
    while (!is_over) {
        if (sigsetjmp(way_out, 1) == 0) {
            (void)pthread_kill(pthread_self(), SIGUSR2);
            check(false, "its own handler was not called");
        }
    }
    sigset_t blocked;
    (void)sigemptyset(&blocked);
    (void)pthread_sigmask(SIG_BLOCK, nullptr, &blocked);
    for (int number = SIGRTMIN; number <= SIGRTMAX; number++)
        check(sigismember(&blocked, number) == 0, "a signal stayed blocked");
}

static void on_own_tick(int)
{
    own_ticks = own_ticks + 1;
}

static void use_sigprof()
{
    struct sigaction action = {};
    action.sa_handler = on_own_tick;
    check(sigaction(SIGPROF, &action, nullptr) == 0, "sigaction");
}

static bool sigprof_is_ours()
{
    struct sigaction action = {};
    return sigaction(SIGPROF, nullptr, &action) == 0 && action.sa_handler == on_own_tick;
}

int main(int argc, char **argv)
{
    unsigned seconds = argc > 1 ? static_cast<unsigned>(atoi(argv[1])) : 1;
    bool owns_sigprof = argc > 2 && strcmp(argv[2], "own") == 0;

    if (owns_sigprof)
        use_sigprof();
    std::vector<std::thread> threads;
    for (auto *body : {allocate, allocate, load_and_unload, throw_and_catch, fork_and_wait,
                       start_threads, signal_itself, switch_stacks, jump_out_of_handlers})
        threads.emplace_back(body);
    (void)puts("ready");
    (void)fflush(stdout);

    for (unsigned left = seconds * 10; left > 0; left--)
        usleep(100000);
    if (owns_sigprof) {
        check(raise(SIGPROF) == 0 && own_ticks > 0, "its own handler was not called");
        check(sigprof_is_ours(), "its own handler was replaced");
    }
    is_over = true;
    for (std::thread &thread : threads)
        thread.join();
    check(handled > 0, "no signal was handled on the alternate stack");
    (void)puts("ok");
    return failures ? 1 : 0;
}

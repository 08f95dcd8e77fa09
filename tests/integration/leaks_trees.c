/*
 * Processes that do not stay one: "leaks_trees CASE [ARG...]". What must be found of each stands in
 * leaks_trees_test.c.
 *
 * SPDX-License-Identifier: MIT
 */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { LOST = 907, EXECED_BLOCKS = 100 };

void *volatile kept;

/* In a frame of its own, that others then overwrite. */
__attribute__((noinline)) static void lose(void)
{
    void *volatile block = malloc(LOST);

    block = NULL;
    (void)block;
}

/* A daemon as daemon(3) and most servers make one: both of its parents are gone at once. */
static void become_daemon(void)
{
    if (fork() != 0)
        _exit(0);
    (void)setsid();
    if (fork() != 0)
        _exit(0);
}

static int run_daemon(char **args)
{
    (void)args;
    become_daemon();
    lose();
    return 0;
}

/* A daemon that tells through the pipe args[0] when nobody knows the first process any more, and
 * runs until it is told to end. */
static int run_linger(char **args)
{
    pid_t first = getpid();

    become_daemon();
    lose();
    while (kill(first, 0) == 0)
        (void)sched_yield();
    int fd = open(args[0], O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, "x", 1) != 1)
        return 1;
    (void)close(fd);
    for (;;)
        pause();
}

static pthread_t first_thread;

static void *outlive(void *unused)
{
    void *volatile on_stack = malloc(501);

    (void)unused;
    (void)pthread_join(first_thread, NULL);
    /* It can be joined before the kernel has ended it: then /proc shows nothing through it. */
    while (access("/proc/self/exe", F_OK) == 0)
        (void)sched_yield();
    lose();
    exit(on_stack == NULL);
}

/* The first thread ends before the others. A global, a mapping, a stack hold what it leaves. */
static int run_leader(char **args)
{
    pthread_t thread;
    void **page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    (void)args;
    first_thread = pthread_self();
    if (page == MAP_FAILED || pthread_create(&thread, NULL, outlive, NULL) != 0)
        return 1;
    kept = malloc(301);
    page[0] = malloc(801);
    pthread_exit(NULL);
}

/* Everything it holds is gone with its memory when it becomes the program args[0]. */
static int run_exec(char **args)
{
    for (unsigned i = 0; i < EXECED_BLOCKS; i++) {
        void **block = malloc(1000);
        if (!block)
            return 1;
        *block = kept;
        kept = block;
    }
    (void)execv(args[0], args);
    return 1;
}

static void *exec_from_thread(void *args)
{
    exit(run_exec(args));
}

/* The same by another thread than the first. */
static int run_exec_thread(char **args)
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, exec_from_thread, args) != 0)
        return 1;
    for (;;)
        pause();
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(char **args);
    } cases[] = {{"daemon", run_daemon},
                 {"linger", run_linger},
                 {"leader", run_leader},
                 {"exec", run_exec},
                 {"exec-thread", run_exec_thread}};

    for (unsigned i = 0; argc > 1 && i < sizeof cases / sizeof *cases; i++)
        if (strcmp(argv[1], cases[i].name) == 0)
            return cases[i].run(argv + 2);
    return 2;
}

/*
 * A program that lives through what takes an agent away or makes its life hard; which of it is its
 * first argument. It says "ready" once on standard output. Those that wait for the agent look for
 * it in their own /proc/self/maps, so that nothing here depends on the machine's speed.
 *
 * SPDX-License-Identifier: MIT
 */
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LEAF __attribute__((noinline, noclone))

enum { BURN_MS = 250, WAIT_SECONDS = 60, LINE_BYTES = 4096, POLL_US = 10000 };

extern char **environ;

static void say_ready(void)
{
    (void)puts("ready");
    (void)fflush(stdout);
}

static double now_s(clockid_t clock)
{
    struct timespec now;

    (void)clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Is an agent with a collector's memory here? */
static int has_agent(void)
{
    char line[LINE_BYTES];
    int found = 0;
    FILE *maps = fopen("/proc/self/maps", "r");

    while (maps && !found && fgets(line, sizeof line, maps))
        found = strstr(line, "/memfd:assay-agent") != NULL;
    if (maps)
        (void)fclose(maps);
    return found;
}

static void wait_for_agent(void)
{
    double until = now_s(CLOCK_MONOTONIC) + WAIT_SECONDS;

    while (!has_agent()) {
        if (now_s(CLOCK_MONOTONIC) > until)
            exit(9);
        (void)usleep(POLL_US);
    }
}

#define BURN(ms)                                                                                   \
    do {                                                                                           \
        double until = now_s(CLOCK_THREAD_CPUTIME_ID) + (ms) / 1e3;                                \
        while (now_s(CLOCK_THREAD_CPUTIME_ID) < until)                                             \
            for (volatile int i = 0; i < 100000; i++)                                              \
                continue;                                                                          \
    } while (0)

static LEAF void burn_before_exec(void)
{
    BURN(BURN_MS);
}

static LEAF void burn_after_exec(void)
{
    BURN(BURN_MS);
}

static LEAF void burn_in_helper(void)
{
    BURN(BURN_MS);
}

static LEAF void burn_in_parent(void)
{
    BURN(BURN_MS);
}

/* "exec PROGRAM [MODE]": as soon as the agent is here, work, and become that program; its name is
 * said so that a second one is told from the first. */
static int do_exec(char **argv, char **environment)
{
    char *words[] = {argv[2], argv[3] ? argv[3] : NULL, NULL};

    say_ready();
    wait_for_agent();
    burn_before_exec();
    (void)execve(words[0], words, environment);
    return 8;
}

static int after_exec(void)
{
    wait_for_agent();
    burn_after_exec();
    return 0;
}

/* Started by vfork and exec, which no fork handler sees. */
static int do_spawn(char *self)
{
    char *words[] = {self, "helper", NULL};
    pid_t pid = 0;
    int status = 0;

    say_ready();
    wait_for_agent();
    burn_in_parent();
    if (posix_spawn(&pid, self, NULL, NULL, words, environ) != 0 || waitpid(pid, &status, 0) != pid)
        return 8;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 7;
}

static int helper(void)
{
    wait_for_agent();
    burn_in_helper();
    return 0;
}

/* The only thread that the agent can be put in by: a system call's wait. It ends soon after, and
 * its stack, too large to be kept for another thread, is unmapped with its thread-local storage. */
static void *be_entered(void *unused)
{
    wait_for_agent();
    (void)usleep(POLL_US);
    return unused;
}

static int do_door(int times)
{
    pthread_attr_t attr;
    pthread_t thread;

    (void)pthread_attr_init(&attr);
    (void)pthread_attr_setstacksize(&attr, (size_t)128 << 20);
    if (pthread_create(&thread, &attr, be_entered, NULL) != 0)
        return 8;
    say_ready();
    (void)pthread_join(thread, NULL);
    for (int i = 0; i < times; i++)
        burn_in_parent();
    return 0;
}

static void *burn_a_thread(void *unused)
{
    BURN(10);
    return unused;
}

/* A thread after another, each alive for 10 ms of CPU time. */
static int do_churn(int threads)
{
    pthread_t thread;

    say_ready();
    for (int i = 0; i < threads; i++)
        if (pthread_create(&thread, NULL, burn_a_thread, NULL) == 0)
            (void)pthread_join(thread, NULL);
    return 0;
}

/* Works for ever with the sampling signals blocked, as libraries' own threads often do. */
static void *burn_blocked(void *unused)
{
    sigset_t all;

    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_BLOCK, &all, NULL);
    for (;;)
        burn_in_helper();
    return unused;
}

static int do_blocked(void)
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, burn_blocked, NULL) != 0)
        return 8;
    say_ready();
    wait_for_agent();
    for (int i = 0; i < 3; i++)
        burn_in_parent();
    return 0;
}

int main(int argc, char **argv)
{
    static char *nothing[] = {NULL};
    const char *what = argc > 1 ? argv[1] : "";

    if (strcmp(what, "exec") == 0 && argc > 2)
        return do_exec(argv, environ);
    if (strcmp(what, "exec-bare") == 0 && argc > 2)
        return do_exec(argv, nothing);
    if (strcmp(what, "after") == 0)
        return after_exec();
    if (strcmp(what, "spawn") == 0)
        return do_spawn(argv[0]);
    if (strcmp(what, "helper") == 0)
        return helper();
    if (strcmp(what, "door") == 0)
        return do_door(argc > 2 ? atoi(argv[2]) : 3);
    if (strcmp(what, "churn") == 0 && argc > 2)
        return do_churn(atoi(argv[2]));
    if (strcmp(what, "blocked") == 0)
        return do_blocked();
    return 2;
}

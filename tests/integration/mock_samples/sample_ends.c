/* SPDX-License-Identifier: MIT */
#include "sample_ends.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

void ends_with(int code)
{
    exit(code);
}

void ends_after_worker(int code)
{
    int status = -1;
    pid_t worker = fork();

    if (worker == 0)
        _exit(0);
    if (waitpid(worker, &status, 0) != worker || status != 0)
        exit(50);
    exit(code);
}

void ends_as_daemon(void)
{
    if (fork() > 0)
        _exit(0);
}

static void *end_process(void *code)
{
    exit(*(int *)code);
}

void ends_in_thread(int code)
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, end_process, &code) == 0)
        pthread_join(thread, NULL);
}

void ends_fatally(const char *why)
{
    die(why);
}

void ends_quickly(int code)
{
    quit(code);
}

void ends_giving_up(const char *name)
{
    give_up("%s: %d tries\n", name, 3);
}

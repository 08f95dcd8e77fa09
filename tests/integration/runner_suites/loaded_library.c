/*
 * What libraries do when they are loaded: one keeps a descriptor, one starts a thread.
 *
 * SPDX-License-Identifier: MIT
 */
#include "loaded_library.h"

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

int loaded_fd = -1;
atomic_bool loaded_thread_runs;

static void *run(void *unused)
{
    (void)unused;
    for (;;) {
        atomic_store(&loaded_thread_runs, true);
        (void)usleep(1000);
    }
    return NULL;
}

__attribute__((constructor)) static void load(void)
{
    pthread_t thread;

    loaded_fd = open("/dev/null", O_WRONLY);
    if (getenv("LOADED_THREAD"))
        (void)pthread_create(&thread, NULL, run, NULL);
}

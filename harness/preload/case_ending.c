/*
 * How a test ended that did not come back from its body: exit(), of whom, or pthread_exit().
 *
 * The kernel only says with what status. What says nothing here was _exit(), quick_exit(), exec or
 * a signal.
 *
 * SPDX-License-Identifier: MIT
 */
#include <pthread.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "harness/preload/preload.h"

static void note(enum hn_ending ending)
{
    uint32_t unknown = HN_ENDING_UNKNOWN;

    if (hn_case_is_here())
        (void)__atomic_compare_exchange_n(&hn_preload.shared->ending, &unknown, (uint32_t)ending,
                                          false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

/* Keys are destroyed where a thread ends alone, not where the process does. */
static void on_thread_end(void *unused)
{
    (void)unused;
    note(HN_ENDING_THREAD);
}

static void on_process_end(int status, void *unused)
{
    bool is_test_thread = (pid_t)syscall(SYS_gettid) == hn_preload.test_tid;

    (void)status;
    (void)unused;
    note(is_test_thread ? HN_ENDING_EXIT : HN_ENDING_EXIT_IN_THREAD);
}

void hn_ending_watch(void)
{
    pthread_key_t key;

    if (pthread_key_create(&key, on_thread_end) == 0)
        (void)pthread_setspecific(key, &hn_preload);
    (void)on_exit(on_process_end, NULL);
}

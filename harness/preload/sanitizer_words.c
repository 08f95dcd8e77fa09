/*
 * A sanitizer writes to descriptor 2, which a test may redirect or close: it is given a copy of
 * what that was before the test.
 *
 * Not where the user's own options name a file for the reports: the runner reads it there.
 *
 * SPDX-License-Identifier: MIT
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/preload/preload.h"

enum { FD_ABOVE = 200 }; /* out of the way of tests that count theirs */

static int words_fd = -1;
static void (*set_report_fd)(void *fd);

static bool has_file(void)
{
    static const char *const names[] = {"ASAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS",
                                        "LSAN_OPTIONS", "MSAN_OPTIONS"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *options = getenv(names[i]);
        if (options && strstr(options, "log_path="))
            return true;
    }
    return false;
}

/* A process is believed only what it set itself. */
static void set_again(void)
{
    set_report_fd((void *)(intptr_t)words_fd);
}

void hn_sanitizer_prepare(void)
{
    *(void **)&set_report_fd = dlsym(RTLD_DEFAULT, "__sanitizer_set_report_fd");
    if (!set_report_fd || has_file())
        return;
    words_fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, FD_ABOVE);
    if (words_fd < 0)
        return;
    set_again();
    (void)pthread_atfork(NULL, NULL, set_again);
}

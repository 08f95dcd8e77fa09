/*
 * Linked with a library that opens a descriptor, or starts a thread, when it is loaded.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <time.h>
#include <unistd.h>

#include "loaded_library.h"

Test(loaded, descriptor_works)
{
    cr_assert_eq(write(loaded_fd, "x", 1), 1, "fd %d is dead", loaded_fd);
}

Test(loaded, no_other_descriptor_is_open)
{
    for (int fd = 3; fd < 256; fd++)
        cr_expect(fd == loaded_fd || (write(fd, "", 0) < 0 && errno == EBADF), "descriptor %d", fd);
}

Test(loaded, preload_is_the_users)
{
    const char *preload = getenv("LD_PRELOAD"), *wanted = getenv("WANTED_PRELOAD");

    cr_assert(preload && wanted, "%s", preload ? preload : "none");
    cr_assert_str_eq(preload, wanted);
}

Test(loaded, thread_runs)
{
    struct timespec moment = {0, 1000000};

    atomic_store(&loaded_thread_runs, false);
    for (int i = 0; i < 200 && !atomic_load(&loaded_thread_runs); i++)
        (void)nanosleep(&moment, NULL);
    cr_assert(atomic_load(&loaded_thread_runs));
}

/* SPDX-License-Identifier: MIT */
#include "profiler/base/spawn.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <unistd.h>

#include "profiler/base/clock.h"

static const uint64_t ten_seconds_ns = 10000000000;

static struct pf_child start_shell(const char *script, bool hold)
{
    char *argv[] = {"sh", "-c", (char *)(uintptr_t)script, NULL};
    struct pf_spawn spec = {.argv = argv, .hold = hold, .env = {"ASSAY_SPAWN_TEST=yes", "HOME"}};
    struct pf_child child = {0};
    struct pf_err err = {0};

    cr_assert(pf_child_start(&child, &spec, &err), "%s", err.text);
    return child;
}

Test(spawn, exit_status_and_environment_arrive)
{
    struct pf_child child =
        start_shell("test -z \"$HOME\" && test $ASSAY_SPAWN_TEST = yes && exit 7", false);

    cr_assert(pf_child_wait(&child, pf_clock_now_ns() + ten_seconds_ns));
    cr_assert_eq(pf_child_exit_status(&child), 7);
    pf_child_fini(&child);
}

Test(spawn, missing_program_is_named)
{
    char *argv[] = {"assay-no-such-program", NULL};
    struct pf_spawn spec = {.argv = argv};
    struct pf_child child = {0};
    struct pf_err err = {0};

    cr_assert_not(pf_child_start(&child, &spec, &err));
    cr_assert_eq(err.code, PF_ERR_NOT_FOUND);
    cr_assert_not_null(strstr(err.text, "assay-no-such-program: cannot be started"));
}

Test(spawn, held_child_runs_only_when_released)
{
    struct pf_child child = start_shell("exit 3", true);
    struct pf_err err = {0};

    cr_assert_not(pf_child_wait(&child, pf_clock_now_ns() + 50000000));
    cr_assert(pf_child_release(&child, &err), "%s", err.text);
    cr_assert(pf_child_wait(&child, pf_clock_now_ns() + ten_seconds_ns));
    cr_assert_eq(pf_child_exit_status(&child), 3);
    pf_child_fini(&child);
}

Test(spawn, stop_ends_grandchildren_too)
{
    int fds[2];
    char byte;

    cr_assert_eq(pipe(fds), 0);
    char *argv[] = {"sh", "-c", "trap '' TERM; sleep 60 & echo; wait", NULL};
    struct pf_spawn spec = {.argv = argv, .stdout_fd = fds[1]};
    struct pf_child child = {0};
    struct pf_err err = {0};
    cr_assert(pf_child_start(&child, &spec, &err), "%s", err.text);
    (void)close(fds[1]);
    cr_assert_eq(read(fds[0], &byte, 1), 1);

    pf_child_stop(&child, 100);

    /* The pipe ends only when the sleep that inherited it is gone. */
    cr_assert_eq(read(fds[0], &byte, 1), 0);
    (void)close(fds[0]);
}

Test(spawn, death_by_signal_reads_as_a_shell_says_it)
{
    struct pf_child child = start_shell("kill -SEGV $$", false);

    cr_assert(pf_child_wait(&child, pf_clock_now_ns() + ten_seconds_ns));
    cr_assert_eq(pf_child_exit_status(&child), 128 + SIGSEGV);
    pf_child_fini(&child);
}

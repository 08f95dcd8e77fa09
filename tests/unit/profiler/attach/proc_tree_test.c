/* SPDX-License-Identifier: MIT */
#include "profiler/attach/proc_tree.h"

#include <criterion/criterion.h>
#include <unistd.h>

#include "profiler/base/clock.h"
#include "profiler/base/spawn.h"

/* A shell with one child; both wait until the pipe is closed. */
static struct pf_child start_family(int input)
{
    char *argv[] = {"sh", "-c", "exec 3<&0; cat <&3 & wait", NULL};
    struct pf_spawn spec = {.argv = argv, .stdin_fd = input};
    struct pf_child child = {0};
    struct pf_err err = {0};

    cr_assert(pf_child_start(&child, &spec, &err), "%s", err.text);
    return child;
}

Test(proc_tree, grandchildren_are_found_and_we_are_not)
{
    int fds[2];
    struct pf_pid_list list = {0};
    uint64_t deadline_ns = pf_clock_now_ns() + UINT64_C(10000000000);

    cr_assert_eq(pipe(fds), 0);
    struct pf_child shell = start_family(fds[0]);
    pf_pid_list_add(&list, shell.pid);
    while (list.count < 2 && pf_clock_now_ns() < deadline_ns)
        pf_proc_tree_grow(&list);
    cr_expect_eq(list.count, 2u);

    /* From our parent down: the family is in it, this process is not. */
    list.count = 0;
    pf_pid_list_add(&list, getppid());
    pf_proc_tree_grow(&list);
    cr_expect_not(pf_pid_list_has(&list, getpid()));

    pf_pid_list_fini(&list);
    (void)close(fds[1]);
    (void)close(fds[0]);
    pf_child_stop(&shell, 100);
}

Test(proc_tree, our_threads_begin_with_us)
{
    struct pf_pid_list list = {0};

    cr_assert(pf_proc_threads(&list, getpid()));
    cr_expect(pf_pid_list_has(&list, getpid()));
    cr_expect_not(pf_proc_threads(&list, 1 << 29));
    pf_pid_list_fini(&list);
}

Test(proc_tree, a_process_is_looked_at_through_itself_while_its_first_thread_lives)
{
    cr_expect_eq(pf_proc_living_thread(getpid()), getpid());
    cr_expect_eq(pf_proc_living_thread(1 << 29), 0);
}

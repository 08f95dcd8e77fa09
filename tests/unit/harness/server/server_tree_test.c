/* SPDX-License-Identifier: MIT */
#include "harness/server/server_tree.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define TAIL " S 1 7 7 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 12345 1000 10"

Test(server_tree, reads_a_line_of_proc)
{
    struct hn_proc proc;

    cr_assert(hn_proc_parse(&proc, "71 (redis)" TAIL));
    cr_assert_eq(proc.pid, 71);
    cr_assert_eq(proc.parent, 1);
    cr_assert_eq(proc.group, 7);
    cr_assert_eq(proc.state, 'S');
    cr_assert_eq(proc.start_time, 12345);
}

Test(server_tree, is_not_fooled_by_a_name)
{
    static const char *const names[] = {"a) R 99 98", "((((", "))))", "a b\nc", ""};
    char line[256];

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct hn_proc proc;
        (void)snprintf(line, sizeof line, "71 (%s)%s", names[i], TAIL);
        cr_assert(hn_proc_parse(&proc, line), "%s", line);
        cr_assert_eq(proc.parent, 1, "%s", line);
    }
}

Test(server_tree, refuses_what_is_cut_short)
{
    static const char line[] = "71 (redis) S 1 7 7 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 1";
    char part[sizeof line];

    for (size_t size = 0; size + 1 < sizeof line; size++) {
        struct hn_proc proc = {.pid = -5};
        memcpy(part, line, size);
        part[size] = '\0';
        cr_assert_not(hn_proc_parse(&proc, part), "%s", part);
        cr_assert_eq(proc.pid, -5);
    }
}

Test(server_tree, finds_grandchildren_and_forgets_zombies)
{
    struct hn_proc_tree tree;
    int fds[2];
    char byte;

    cr_assert_eq(pipe(fds), 0);
    pid_t child = fork();
    if (child == 0) {
        pid_t grandchild = fork();
        if (grandchild != 0)
            (void)!write(fds[1], "x", 1);
        for (;;)
            (void)pause();
    }
    cr_assert_eq(read(fds[0], &byte, 1), 1);

    hn_proc_tree_read(&tree, getpid());
    cr_assert_eq(tree.count, 2);
    hn_proc_tree_fini(&tree);

    cr_assert_eq(setpgid(child, child), 0);
    while (hn_proc_tree_kill(getpid()) > 0)
        ;
    hn_proc_tree_read(&tree, getpid());
    cr_assert_eq(tree.count, 0);
    hn_proc_tree_fini(&tree);
    cr_assert_eq(waitpid(child, NULL, 0), child);
}

/* SPDX-License-Identifier: MIT */
#include "profiler/attach/thread_wait.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "profiler/attach/syscall_name.h"
#include "profiler/base/clock.h"
#include "profiler/base/spawn.h"

Test(thread_wait, system_call_lines_are_read)
{
    long number = 0;
    uint64_t args[PF_WAIT_ARGS];

    cr_assert(pf_thread_syscall_parse(
        "202 0x7f00 0x80 0x2 0x0 0x0 0xffffffffffffffff 0x7ffe 0x7f11", &number, args));
    cr_expect_eq(number, 202);
    cr_expect_eq(args[0], 0x7f00);
    cr_expect_eq(args[2], 2);
    cr_expect_eq(args[5], UINT64_MAX);
}

Test(thread_wait, other_lines_are_none)
{
    static const char *const lines[] = {
        "running", "", "-1 0x7ffe 0x7f11", "202", "202 0x1 0x2", "x 0x1 0x2 0x3 0x4 0x5 0x6"};
    long number = 0;
    uint64_t args[PF_WAIT_ARGS];

    for (unsigned i = 0; i < sizeof lines / sizeof lines[0]; i++)
        cr_expect_not(pf_thread_syscall_parse(lines[i], &number, args), "%s", lines[i]);
}

Test(thread_wait, system_calls_have_names)
{
    cr_expect_str_eq(pf_syscall_name(SYS_epoll_wait), "epoll_wait");
    cr_expect_str_eq(pf_syscall_name(SYS_futex), "futex");
    cr_expect_null(pf_syscall_name(-1));
    cr_expect_null(pf_syscall_name(1000000));
}

/* A command's wait, once it is asleep. */
static struct pf_thread_wait wait_of(const char *word, const char *argument)
{
    char *argv[] = {(char *)(uintptr_t)word, (char *)(uintptr_t)argument, NULL};
    struct pf_spawn spec = {.argv = argv};
    struct pf_child child = {0};
    struct pf_thread_wait wait = {0};
    struct pf_err err;
    uint64_t end_ns = pf_clock_now_ns() + 10000000000ull;

    cr_assert(pf_child_start(&child, &spec, &err), "%s", err.text);
    do {
        cr_assert(pf_thread_wait_read(&wait, child.pid, child.pid));
    } while ((wait.state != 'S' || !strstr(wait.text, "nanosleep")) && pf_clock_now_ns() < end_ns);
    pf_child_stop(&child, 100);
    pf_child_fini(&child);
    return wait;
}

Test(thread_wait, a_sleep_says_how_long)
{
    struct pf_thread_wait wait = wait_of("sleep", "77");

    cr_expect_str_eq(wait.text, "clock_nanosleep, for up to 77000 ms");
    cr_expect_str_eq(wait.comm, "sleep");
    cr_expect_str_eq(pf_thread_state_name(wait.state), "sleeping");
}

Test(thread_wait, a_thread_that_is_gone_is_none)
{
    struct pf_thread_wait wait;

    cr_expect_not(pf_thread_wait_read(&wait, getpid(), 1));
    cr_expect_not(pf_thread_wait_read(&wait, 1 << 22, 1 << 22));
}

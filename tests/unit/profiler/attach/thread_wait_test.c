/* SPDX-License-Identifier: MIT */
#include "profiler/attach/thread_wait.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "profiler/attach/ptrace_capture.h"
#include "profiler/attach/syscall_name.h"
#include "profiler/attach/wait_place.h"
#include "profiler/base/clock.h"
#include "profiler/base/spawn.h"

Test(thread_wait, system_call_lines_are_read)
{
    struct pf_thread_syscall call = {0};

    cr_assert(pf_thread_syscall_parse(
        &call, "202 0x7f00 0x80 0x2 0x0 0x0 0xffffffffffffffff 0x7ffe 0x7f11"));
    cr_expect_eq(call.number, 202);
    cr_expect_eq(call.args[0], 0x7f00);
    cr_expect_eq(call.args[2], 2);
    cr_expect_eq(call.args[5], UINT64_MAX);
    cr_expect_eq(call.pc, 0x7f11);
}

Test(thread_wait, other_lines_are_none)
{
    static const char *const lines[] = {"running",          "",
                                        "-1 0x7ffe 0x7f11", "202",
                                        "202 0x1 0x2",      "x 0x1 0x2 0x3 0x4 0x5 0x6 0x7 0x8"};
    struct pf_thread_syscall call;

    for (unsigned i = 0; i < sizeof lines / sizeof lines[0]; i++)
        cr_expect_not(pf_thread_syscall_parse(&call, lines[i]), "%s", lines[i]);
}

Test(thread_wait, system_calls_have_names)
{
    cr_expect_str_eq(pf_syscall_name(SYS_epoll_wait), "epoll_wait");
    cr_expect_str_eq(pf_syscall_name(SYS_futex), "futex");
    cr_expect_null(pf_syscall_name(-1));
    cr_expect_null(pf_syscall_name(1000000));
}

static struct pf_child start_sleep(void)
{
    char *argv[] = {(char *)(uintptr_t) "sleep", (char *)(uintptr_t) "77", NULL};
    struct pf_spawn spec = {.argv = argv};
    struct pf_child child = {0};
    struct pf_err err;

    cr_assert(pf_child_start(&child, &spec, &err), "%s", err.text);
    return child;
}

/* What it waits for, once it waits by that system call. */
static struct pf_thread_wait wait_for_call(const struct pf_child *child, long number)
{
    struct pf_thread_wait wait = {0};
    uint64_t end_ns = pf_clock_now_ns() + 10000000000ull;
    struct pf_wait_place place = {0};

    do {
        cr_assert(pf_thread_wait_read(&wait, child->pid, child->pid));
        cr_assert(pf_wait_place_read(&place, child->pid, child->pid));
    } while ((wait.state != 'S' || wait.syscall != number || place.syscall != number)
             && pf_clock_now_ns() < end_ns);
    return wait;
}

static void end_sleep(struct pf_child *child)
{
    pf_child_stop(child, 100);
    pf_child_fini(child);
}

Test(thread_wait, a_sleep_says_how_long)
{
    struct pf_child child = start_sleep();

    struct pf_thread_wait wait = wait_for_call(&child, SYS_clock_nanosleep);

    end_sleep(&child);
    cr_expect_str_eq(wait.text, "clock_nanosleep, for up to 77000 ms");
    cr_expect_str_eq(wait.comm, "sleep");
    cr_expect_str_eq(pf_thread_state_name(wait.state), "sleeping");
}

/* The kernel goes on by restart_syscall, whose number tells nothing. */
Test(thread_wait, a_sleep_stays_one_after_a_stop)
{
    struct pf_child child = start_sleep();
    struct pf_capture capture = {0};
    struct pf_err err;
    (void)wait_for_call(&child, SYS_clock_nanosleep);

    bool ok = pf_capture_thread(&capture, child.pid, child.pid, 4096, 1000, &err);
    struct pf_thread_wait wait = wait_for_call(&child, SYS_clock_nanosleep);

    pf_capture_fini(&capture);
    end_sleep(&child);
    cr_assert(ok, "%s", err.text);
    cr_expect_str_eq(wait.text, "clock_nanosleep, for up to 77000 ms");
}

Test(thread_wait, a_thread_that_is_gone_is_none)
{
    struct pf_thread_wait wait;

    cr_expect_not(pf_thread_wait_read(&wait, getpid(), 1));
    cr_expect_not(pf_thread_wait_read(&wait, 1 << 22, 1 << 22));
}

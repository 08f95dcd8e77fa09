/* SPDX-License-Identifier: MIT */
#include "profiler/attach/ptrace_capture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "profiler/attach/proc_stat.h"
#include "profiler/attach/tracee.h"
#include "profiler/base/clock.h"
#include "profiler/base/spawn.h"

static struct pf_child start_sleeper(void)
{
    char *argv[] = {(char *)"sleep", (char *)"60", NULL};
    struct pf_spawn spec = {.argv = argv};
    struct pf_child child = {0};
    struct pf_err err;

    cr_assert(pf_child_start(&child, &spec, &err), "%s", err.text);
    return child;
}

Test(ptrace_capture, copies_registers_and_stack_and_lets_go)
{
    struct pf_child child = start_sleeper();
    struct pf_capture capture = {0};
    struct pf_proc_stat stat = {0};
    struct pf_err err;
    uint64_t end_ns = pf_clock_now_ns() + 5000000000ull;

    cr_assert(pf_capture_thread(&capture, child.pid, child.pid, 64 << 10, 1000, &err), "%s",
              err.text);

    cr_expect_eq(capture.stack_addr, capture.regs.at[PF_REG_RSP]);
    cr_expect_gt(capture.size, 64);
    cr_expect_leq(capture.size, 64 << 10);
    cr_expect_gt(capture.pause_ns, 0);
    do {
        cr_assert(pf_proc_stat_read(&stat, child.pid, 0));
    } while (stat.state == 't' && pf_clock_now_ns() < end_ns);
    cr_expect_neq(stat.state, 't');
    pf_capture_fini(&capture);
    pf_child_stop(&child, 100);
    pf_child_fini(&child);
}

Test(ptrace_capture, copies_no_more_than_asked_for_and_grows)
{
    struct pf_child child = start_sleeper();
    struct pf_capture capture = {0};
    struct pf_err err;

    cr_assert(pf_capture_thread(&capture, child.pid, child.pid, 128, 1000, &err));
    cr_expect_eq(capture.size, 128);
    cr_assert(pf_capture_thread(&capture, child.pid, child.pid, SIZE_MAX, 1000, &err));
    cr_expect_gt(capture.size, 128);
    cr_expect_leq(capture.size, PF_CAPTURE_BYTES_MAX);
    pf_capture_fini(&capture);
    pf_child_stop(&child, 100);
    pf_child_fini(&child);
}

Test(ptrace_capture, a_thread_that_has_ended_is_not_found)
{
    struct pf_capture capture = {0};
    struct pf_err err = {0};

    cr_expect_not(pf_capture_thread(&capture, 1 << 22, 1 << 22, 4096, 100, &err));
    cr_expect_eq(err.code, PF_ERR_NOT_FOUND, "%s", err.text);
    pf_capture_fini(&capture);
}

Test(ptrace_capture, a_thread_traced_by_another_is_denied_with_the_remedy)
{
    struct pf_child child = start_sleeper();
    struct pf_capture capture = {0};
    struct pf_err err = {0};
    int status = -1;

    pid_t other = fork();
    if (other == 0) { /* a second tracer, which tells by its end whether it was refused */
        struct pf_tracee tracee;
        _exit(pf_tracee_seize(&tracee, child.pid, child.pid, &err) ? 1 : 0);
    }
    (void)waitpid(other, &status, 0);
    cr_expect_eq(WEXITSTATUS(status), 1, "nobody traced it yet");

    struct pf_tracee ours;
    cr_assert(pf_tracee_seize(&ours, child.pid, child.pid, &err), "%s", err.text);
    cr_expect_not(pf_capture_thread(&capture, child.pid, child.pid, 4096, 100, &err));
    cr_expect_eq(err.code, PF_ERR_DENIED);
    cr_expect_not_null(strstr(err.text, "traced already"));
    pf_capture_fini(&capture);
    pf_child_stop(&child, 100);
    pf_child_fini(&child);
}

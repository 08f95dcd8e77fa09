/*
 * A lane: one test after another, each forked into a fresh process.
 *
 * It is the subreaper of everything a test starts: what outlives the test becomes its child and is
 * killed before the next test begins. Time limits and stacks are the runner's business.
 *
 * SPDX-License-Identifier: MIT
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness/preload/preload.h"

static uint64_t now_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void send_state(struct hn_wire_state *state, enum hn_wire_type type)
{
    state->type = (uint32_t)type;
    while (send(hn_preload.control_fd, state, sizeof *state, MSG_NOSIGNAL) < 0)
        if (errno != EINTR)
            _exit(3);
}

static void forget_records(void)
{
    struct hn_shared *shared = hn_preload.shared;
    size_t used = shared->used + sizeof *shared;

    memset(shared, 0, used < HN_WIRE_SHARED_BYTES ? used : HN_WIRE_SHARED_BYTES);
}

/* Is it, though ended, still what was forked? It ended in the middle of the test, and without
 * exit(): proc(5), the process's flags. */
static bool has_execed(pid_t pid)
{
    enum { FLAGS = 7, PF_FORKNOEXEC = 0x40 };
    char path[64], text[1024] = "";
    const struct hn_shared *shared = hn_preload.shared;

    if (shared->phase < HN_PHASE_SETUP || shared->phase > HN_PHASE_TEARDOWN || shared->ending)
        return false;
    (void)snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t size = read(fd, text, sizeof text - 1);
    (void)close(fd);
    char *at = size > 0 ? strrchr(text, ')') : NULL;
    for (unsigned i = 0; at && i < FLAGS; i++)
        at = strchr(at + 1, ' ');
    return at && !(strtoul(at + 1, NULL, 10) & PF_FORKNOEXEC);
}

/* Wait for the test's end, burying orphans as they come; pass on that it stopped to be inspected.
 */
static void wait_for_end(struct hn_wire_state *state, struct rusage *usage)
{
    for (;;) {
        int status;
        siginfo_t who = {0};

        hn_lane_end_allow(true);
        int waited = waitid(P_ALL, 0, &who, WEXITED | WSTOPPED | WNOWAIT);
        hn_lane_end_allow(false);
        if (waited != 0 && errno == EINTR)
            continue;
        if (waited == 0 && who.si_pid == state->pid && who.si_code == CLD_EXITED)
            state->has_execed = has_execed(state->pid);
        pid_t pid = wait4(waited == 0 ? who.si_pid : -1, &status, WUNTRACED, usage);
        if (pid < 0 && errno == EINTR)
            continue;
        if (pid < 0)
            return;
        if (pid != state->pid)
            continue;
        if (!WIFSTOPPED(status)) {
            state->wait_status = status;
            return;
        }
        if (__atomic_load_n(&hn_preload.shared->crash, __ATOMIC_ACQUIRE) == HN_CRASH_PARKED)
            send_state(state, HN_WIRE_CRASHED);
    }
}

static void run_one(const struct hn_wire_run *run)
{
    struct hn_wire_state state = {0};
    struct rusage usage = {0};

    forget_records();
    hn_lane_end_dir(run->temp_dir);
    uint64_t start_ns = now_ns();
    state.pid = fork();
    if (state.pid == 0)
        hn_case_run(&hn_preload.items[run->test], run);
    if (state.pid < 0) {
        hn_record_printf(HN_RECORD_ERROR, "the test could not be started: fork: %s",
                         strerror(errno));
        state.pid = 0;
    } else {
        __atomic_store_n(&hn_preload.page->test_pid, state.pid, __ATOMIC_RELEASE);
        wait_for_end(&state, &usage);
        __atomic_store_n(&hn_preload.page->test_pid, 0, __ATOMIC_RELEASE);
    }
    state.duration_ns = now_ns() - start_ns;
    state.user_us = (uint64_t)usage.ru_utime.tv_sec * 1000000u + (uint64_t)usage.ru_utime.tv_usec;
    state.system_us = (uint64_t)usage.ru_stime.tv_sec * 1000000u + (uint64_t)usage.ru_stime.tv_usec;
    state.peak_kib = (uint64_t)usage.ru_maxrss;
    state.left_over = hn_children_sweep(true);
    hn_lane_end_at_once(true);
    hn_outcome_report(run, state.wait_status, state.duration_ns);
    hn_lane_end_at_once(false);
    send_state(&state, HN_WIRE_ENDED);
}

/* Handlers that libcriterion installed for its own runner are none of the tests' business. */
static void drop_runner_handlers(void)
{
    Dl_info ours, theirs;
    struct sigaction action;
    void *runner = dlsym(RTLD_DEFAULT, "criterion_initialize");

    if (!runner || !dladdr(runner, &ours))
        return;
    for (int number = 1; number < SIGRTMIN; number++) {
        void *handler = NULL;
        if (sigaction(number, NULL, &action) == 0 && action.sa_handler != SIG_IGN)
            memcpy(&handler, &action.sa_handler, sizeof handler);
        if (handler && dladdr(handler, &theirs) && theirs.dli_fbase == ours.dli_fbase)
            (void)signal(number, SIG_DFL);
    }
}

void hn_lane_serve(int control_fd, pid_t binary)
{
    struct hn_wire_run run;

    (void)prctl(PR_SET_CHILD_SUBREAPER, 1);
    drop_runner_handlers();
    hn_lane_end_prepare(binary);
    hn_crash_prepare();
    hn_sanitizer_prepare();
    hn_fds_remember(control_fd);
    for (;;) {
        ssize_t got = recv(control_fd, &run, sizeof run, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got != sizeof run || run.test >= hn_preload.item_count)
            hn_lane_end(got > 0);
        run_one(&run);
    }
}

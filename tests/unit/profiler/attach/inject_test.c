/* SPDX-License-Identifier: MIT */
#include "profiler/attach/inject.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "profiler/attach/inject_apart.h"
#include "profiler/attach/proc_stat.h"
#include "profiler/base/clock.h"

enum { STORM_THREADS = 3, INJECTIONS = 10, TIMEOUT_MS = 5000 };

/* The allocator's lock is taken all the time by others. */
static void *storm(void *unused)
{
    for (;;) {
        void *volatile block = malloc(100000);
        free(block);
        block = malloc(10);
        free(block);
    }
    return unused;
}

/* Does this target wait for events, or compute? */
static void be_server(bool waits, int ready)
{
    pthread_t thread;
    struct epoll_event event;
    int fd = epoll_create1(0);
    char byte = 0;

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (int i = 0; i < STORM_THREADS; i++)
        (void)pthread_create(&thread, NULL, storm, NULL);
    (void)!write(ready, &byte, 1);
    if (waits && epoll_wait(fd, &event, 1, -1) < 0)
        _exit(errno);
    for (volatile uint64_t i = 0;; i++)
        continue;
}

static pid_t start_server(bool waits, int fds[2])
{
    char byte;

    cr_assert_eq(pipe(fds), 0);
    pid_t pid = fork();
    if (pid == 0)
        be_server(waits, fds[1]);
    cr_assert_eq(read(fds[0], &byte, 1), 1);
    return pid;
}

static void end_server(pid_t pid)
{
    int status = 0;

    (void)kill(pid, SIGKILL);
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    cr_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "ended by itself: %x", status);
}

static struct pf_inject request_for(pid_t pid, const char *entry, const char *text)
{
    return (struct pf_inject){.pid = pid,
                              .library = INJECT_PROBE,
                              .entry = entry,
                              .text = text,
                              .timeout_ms = TIMEOUT_MS};
}

static void inject_often(bool waits)
{
    int fds[2];
    char text[16], byte = 0;
    pid_t pid = start_server(waits, fds);

    (void)snprintf(text, sizeof text, "%d", fds[1]);
    for (int i = 0; i < INJECTIONS; i++) {
        struct pf_inject request = request_for(pid, "inject_probe_entry", text);
        struct pf_injection done = {0};
        struct pf_err err = {0};
        cr_assert(pf_inject(&request, &done, &err), "round %d: %s", i, err.text);
        cr_assert_eq(read(fds[0], &byte, 1), 1);
        cr_assert_eq(byte, (char)strlen(text));
        cr_assert_gt(done.pause_ns, 0);
    }
    end_server(pid);
}

Test(inject, waiting_server_loads_the_object_and_waits_on)
{
    inject_often(true);
}

Test(inject, computing_server_loads_the_object_and_computes_on)
{
    inject_often(false);
}

static void expect_refusal(const char *library, const char *entry, const char *words)
{
    int fds[2];
    pid_t pid = start_server(true, fds);
    struct pf_inject request = request_for(pid, entry, "x");
    struct pf_injection done = {0};
    struct pf_err err = {0};

    request.library = library;
    cr_assert_not(pf_inject(&request, &done, &err));
    cr_assert_not_null(strstr(err.text, words), "%s", err.text);
    end_server(pid);
}

Test(inject, refusals_name_the_reason_and_leave_the_server_running)
{
    expect_refusal(INJECT_PROBE, "no_such_function", "no function no_such_function");
    expect_refusal(INJECT_PROBE, "inject_probe_refuse", "could not begin there");
    expect_refusal("/etc/passwd", "x", "dlopen refused the agent");
    expect_refusal("/no/such/file", "x", "no such file");
}

Test(inject, filtered_process_is_refused)
{
    int fds[2];
    cr_assert_eq(pipe(fds), 0);
    pid_t pid = fork();
    if (pid == 0) {
        char byte = 0;
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        /* Strict mode allows read, write and exit alone. */
        (void)!prctl(PR_SET_SECCOMP, 1);
        (void)!write(fds[1], &byte, 1);
        for (;;)
            (void)!read(fds[0] + 1000, &byte, 1);
    }
    char byte;
    cr_assert_eq(read(fds[0], &byte, 1), 1);

    struct pf_inject request = request_for(pid, "inject_probe_entry", "x");
    struct pf_injection done = {0};
    struct pf_err err = {0};
    cr_assert_not(pf_inject(&request, &done, &err));
    cr_assert_not_null(strstr(err.text, "seccomp"), "%s", err.text);
    end_server(pid);
}

Test(inject, missing_process_is_named)
{
    struct pf_inject request = request_for(0x3ffffff, "x", "x");
    struct pf_injection done = {0};
    struct pf_err err = {0};

    cr_assert_not(pf_inject(&request, &done, &err));
    cr_assert_eq(err.code, PF_ERR_NOT_FOUND);
}

static int tracer_of(pid_t pid)
{
    char path[64], text[4096];

    (void)snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    cr_assert(pf_proc_read_text(path, text, sizeof text), "the server is gone");
    const char *line = strstr(text, "TracerPid:");
    return line ? atoi(line + strlen("TracerPid:")) : 0;
}

/* A collector that is killed while a thread of the server is inside the borrowed call. */
static void be_collector(pid_t server, const char *text)
{
    struct pf_inject request = request_for(server, "inject_probe_linger", text);
    struct pf_inject_apart apart = {.result_fd = -1};
    struct pf_err err = {0};

    if (!pf_inject_apart_begin(&apart, &request, NULL, 0, &err))
        _exit(1);
    for (;;)
        (void)pause();
}

Test(inject, server_survives_a_collector_killed_inside_the_call)
{
    int fds[2], release[2], status = 0;
    char text[32], byte = 0;
    uint64_t deadline_ns = pf_clock_now_ns() + (uint64_t)TIMEOUT_MS * 1000000;

    cr_assert_eq(pipe(release), 0);
    pid_t server = start_server(true, fds);
    (void)snprintf(text, sizeof text, "%d %d", fds[1], release[0]);
    pid_t collector = fork();
    if (collector == 0)
        be_collector(server, text);
    cr_assert_eq(read(fds[0], &byte, 1), 1);

    (void)kill(collector, SIGKILL);
    cr_assert_eq(waitpid(collector, &status, 0), collector);
    cr_assert_eq(write(release[1], &byte, 1), 1);

    while (tracer_of(server) != 0 && pf_clock_now_ns() < deadline_ns)
        pf_clock_sleep_ms(1);
    cr_expect_eq(tracer_of(server), 0, "its thread is still held");
    end_server(server);
}

Test(inject, apart_says_what_inject_says)
{
    struct pf_inject request = request_for(0x3ffffff, "x", "x");
    struct pf_inject_apart apart = {.result_fd = -1};
    struct pf_injection done = {0};
    struct pf_err err = {0};

    cr_assert(pf_inject_apart_begin(&apart, &request, NULL, 0, &err), "%s", err.text);
    cr_assert_not(pf_inject_apart_end(&apart, &done, &err));
    cr_assert_eq(err.code, PF_ERR_NOT_FOUND);
    cr_assert_not_null(strstr(err.text, "was not put in"));
}

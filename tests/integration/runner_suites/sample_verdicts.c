/*
 * One test for every verdict the runner knows; the name says which.
 *
 * SPDX-License-Identifier: MIT
 */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

Test(verdicts, pass)
{
    cr_assert(1);
}

Test(verdicts, asserts_nothing)
{
}

Test(verdicts, fail)
{
    printf("to stdout\n");
    fprintf(stderr, "to stderr\n");
    cr_expect_eq(1, 2, "one is not %d", 2);
    cr_assert(0, "and \"this\" <ends> it");
}

Test(verdicts, crash)
{
    printf("last words\n");
    *(volatile int *)8 = 1;
}

static pthread_barrier_t both_there;

static void *wait_for_ever(void *unused)
{
    (void)unused;
    pthread_barrier_wait(&both_there);
    pause();
    return NULL;
}

static void *crash_here(void *address)
{
    pthread_barrier_wait(&both_there);
    *(volatile int *)address = 1;
    return NULL;
}

Test(verdicts, crash_in_thread)
{
    pthread_t waiting, crashing;

    pthread_barrier_init(&both_there, NULL, 2);
    pthread_create(&waiting, NULL, wait_for_ever, NULL);
    pthread_create(&crashing, NULL, crash_here, (void *)16);
    pthread_join(crashing, NULL);
}

static int descend(int depth)
{
    volatile char frame[4096];

    frame[0] = (char)depth;
    return descend(depth + 1) + frame[0];
}

Test(verdicts, crash_of_stack)
{
    descend(0);
}

Test(verdicts, crash_by_jump)
{
    void (*volatile nowhere)(void) = NULL;

    nowhere();
}

Test(verdicts, exit_zero)
{
    exit(0);
}

Test(verdicts, skip)
{
    cr_skip("because of %d", 3);
}

Test(verdicts, skip_disabled, .disabled = true)
{
}

Test(verdicts, timeout_busy, .timeout = 0.4)
{
    for (;;)
        ;
}

Test(verdicts, hang_idle, .timeout = 0.4)
{
    pause();
}

Test(verdicts, left_over_process)
{
    if (fork() == 0) {
        execlp("sleep", "sleep", "3851", (char *)NULL);
        _exit(1);
    }
    cr_assert(1);
}

/* In a session of its own, its parent gone: out of reach of any process group. */
Test(verdicts, left_over_daemon)
{
    cr_assert(1);
    if (fork() == 0) {
        setsid();
        if (fork() == 0) {
            execlp("sleep", "sleep", "3852", (char *)NULL);
            _exit(1);
        }
        _exit(0);
    }
}

Test(verdicts, left_over_socket)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    cr_assert_eq(listen(fd, 1), 0);
}

Test(verdicts, pass_with_open_file)
{
    cr_assert_geq(open("/dev/null", O_RDONLY), 0);
}

static void redirect_output(void)
{
    cr_redirect_stdout();
    cr_redirect_stderr();
    cr_redirect_stdin();
}

Test(verdicts, pass_redirected, .init = redirect_output)
{
    printf("foo");
    fflush(stdout);
    cr_assert_stdout_eq_str("foo");
}

Test(verdicts, pass_redirected_with_open_file, .init = redirect_output)
{
    cr_assert_geq(open("/dev/null", O_RDONLY), 0);
}

Test(verdicts, error_parent_killed)
{
    kill(getppid(), SIGKILL);
    pause();
}

/*
 * Ways to end, and what is left to tell of them.
 *
 * SPDX-License-Identifier: MIT
 */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

Test(endings, aborts_amid_a_line)
{
    printf("no newline");
    abort();
}

Test(endings, hangs_amid_a_line, .timeout = 0.4)
{
    printf("no newline");
    pause();
}

Test(endings, leaves_amid_a_line)
{
    printf("no newline");
    _exit(3);
}

Test(endings, is_killed_amid_a_line)
{
    printf("no newline");
    raise(SIGKILL);
}

Test(endings, follows_null)
{
    *(volatile int *)0 = 1;
}

Test(endings, writes_to_nobody)
{
    int ends[2];

    cr_assert_eq(pipe(ends), 0);
    close(ends[0]);
    cr_assert_eq(write(ends[1], "x", 1), 1);
}

Test(endings, is_terminated)
{
    kill(getpid(), SIGTERM);
}

Test(endings, crashes_with_the_default_restored)
{
    signal(SIGSEGV, SIG_DFL);
    *(volatile int *)8 = 1;
}

Test(endings, crashes_with_the_signal_blocked)
{
    sigset_t all;

    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    *(volatile int *)8 = 1;
}

Test(endings, finds_default_actions)
{
    struct sigaction action, reset = {.sa_handler = SIG_DFL};

    cr_assert_eq(sigaction(SIGPIPE, NULL, &action), 0);
    cr_expect_eq(action.sa_handler, SIG_DFL);
    cr_expect_eq(signal(SIGPIPE, SIG_IGN), SIG_DFL);
    cr_expect_eq(signal(SIGPIPE, SIG_DFL), SIG_IGN);
    cr_expect_eq(signal(SIGPIPE, SIG_DFL), SIG_DFL);
    cr_expect_eq(sigaction(SIGSEGV, &reset, &reset), 0);
    cr_expect_eq(reset.sa_handler, SIG_DFL);
}

Test(endings, becomes_another_program)
{
    execlp("true", "true", (char *)NULL);
}

static void *leave(void *unused)
{
    (void)unused;
    exit(4);
}

Test(endings, exits_in_a_thread)
{
    pthread_t thread;

    pthread_create(&thread, NULL, leave, NULL);
    pthread_join(thread, NULL);
}

Test(endings, ends_its_thread)
{
    pthread_exit(NULL);
}

Test(endings, keeps_a_port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
}

Test(endings, speaks_of_a_sanitizer)
{
    fprintf(stderr, "the log says: ERROR: AddressSanitizer: heap-use-after-free\n");
    cr_assert(1);
}

Test(endings, starts_what_a_sanitizer_reports)
{
    fprintf(stderr, "==42==ERROR: AddressSanitizer: heap-use-after-free on address 0x1\n");
    cr_assert(1);
}

Test(endings, says_too_much)
{
    size_t size = 300000;
    char *text = malloc(size + 1);

    memset(text, 'x', size);
    text[size] = '\0';
    cr_assert(0, "%s", text);
}

Test(endings, prints_too_much)
{
    for (int i = 0; i < 20000; i++)
        printf("line %d of many\n", i);
    cr_assert(0);
}

Test(endings, paints_the_terminal)
{
    printf("\033[31mred\a\n");
    cr_assert(0, "\033[2J");
}

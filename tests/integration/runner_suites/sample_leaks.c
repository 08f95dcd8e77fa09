/*
 * Blocks lost and kept in every way a test can; suite "agree" is judged by memcheck, too.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct node {
    struct node *next;
    char text[40];
};

static void *volatile kept;

__attribute__((noinline)) static struct node *make(size_t size)
{
    struct node *node = calloc(1, size);

    if (!node)
        abort();
    return node;
}

__attribute__((noinline)) static void lose(size_t size)
{
    kept = make(size);
    kept = NULL;
}

Test(agree, nothing)
{
    free(make(10));
    cr_assert(1);
}

Test(agree, one)
{
    lose(100);
    cr_assert(1);
}

Test(agree, list)
{
    struct node *first = make(sizeof *first);
    first->next = make(sizeof *first);
    first->next->next = make(sizeof *first);
    cr_assert(1);
}

Test(agree, cycle)
{
    struct node *first = make(sizeof *first);
    first->next = make(sizeof *first);
    first->next->next = first;
    cr_assert(1);
}

Test(agree, kept)
{
    struct node *first = make(sizeof *first);
    first->next = make(sizeof *first);
    kept = first;
    cr_assert(1);
}

Test(agree, middle)
{
    kept = (char *)make(1000) + 500;
    cr_assert(1);
}

Test(agree, copied_text)
{
    kept = strdup("a text that nobody frees");
    kept = NULL;
    cr_assert(1);
}

Test(agree, grown)
{
    kept = realloc(make(100), 5000);
    kept = NULL;
    cr_assert(1);
}

static void *lose_in_thread(void *unused)
{
    lose(200);
    return unused;
}

Test(agree, by_a_thread_that_ended)
{
    pthread_t thread;

    pthread_create(&thread, NULL, lose_in_thread, NULL);
    pthread_join(thread, NULL);
    cr_assert(1);
}

static void make_kept(void)
{
    kept = make(70);
}

static void free_kept(void)
{
    free(kept);
}

static void lose_first(void)
{
    lose(71);
}

Test(agree, fixture_frees, .init = make_kept, .fini = free_kept)
{
    cr_assert(kept);
}

Test(agree, fixture_loses, .init = lose_first)
{
    cr_assert(1);
}

static int ready[2];

static void *wait_with_block(void *unused)
{
    void *volatile on_stack = make(64);

    (void)!write(ready[1], "x", 1);
    pause();
    free(on_stack);
    return unused;
}

/* With every signal blocked, as servers' workers are. */
static void *wait_deaf(void *unused)
{
    sigset_t all;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, NULL);
    return wait_with_block(unused);
}

static void start_waiting(void *(*body)(void *))
{
    pthread_t thread;
    char byte;

    cr_assert_eq(pipe(ready), 0);
    pthread_create(&thread, NULL, body, NULL);
    (void)!read(ready[0], &byte, 1);
    close(ready[0]);
    close(ready[1]);
}

Test(own, thread_that_waits_holds_its_block)
{
    start_waiting(wait_with_block);
    cr_assert(1);
}

Test(own, deaf_thread_holds_its_block)
{
    start_waiting(wait_deaf);
    cr_assert(1);
}

Test(own, failed_check_stays_the_verdict)
{
    void *volatile held = make(90);

    cr_assert_fail("here");
    free(held);
}

Test(own, skipped)
{
    lose(91);
    cr_skip_test("not today");
}

Test(own, dies_as_declared, .signal = SIGTERM)
{
    lose(92);
    raise(SIGTERM);
}

Test(own, closed_every_descriptor)
{
    lose(93);
    for (int fd = 3; fd < 64; fd++)
        close(fd);
    cr_assert(1);
}

Test(own, many_of_one_place)
{
    for (int i = 0; i < 1000; i++)
        lose(16);
    cr_assert(1);
}

static void wait_for(pid_t pid)
{
    int status;

    cr_assert_eq(waitpid(pid, &status, 0), pid);
}

Test(child, forked_loses)
{
    pid_t pid = fork();

    if (pid == 0) {
        lose(110);
        _exit(0);
    }
    wait_for(pid);
}

Test(child, forked_holds_what_it_inherited)
{
    void *volatile held = make(111);
    pid_t pid = fork();

    if (pid == 0)
        _exit(0);
    wait_for(pid);
    free(held);
}

static void run_program(const char *kind)
{
    pid_t pid = fork();

    if (pid == 0) {
        execl(getenv("SEEDED"), "leaks_seeded", kind, (char *)NULL);
        _exit(127);
    }
    wait_for(pid);
}

Test(child, program_loses)
{
    run_program("one");
    cr_assert(1);
}

Test(child, program_loses_nothing)
{
    run_program("nothing");
    cr_assert(1);
}

Test(child, program_crashes)
{
    run_program("crash");
    cr_assert(1);
}

Test(child, tools_of_the_system)
{
    cr_assert_eq(system("true && ls / > /dev/null"), 0);
}

Test(child, orphan_loses)
{
    int line[2];
    char byte;
    cr_assert_eq(pipe(line), 0);
    pid_t pid = fork();

    if (pid == 0) {
        pid_t parent = getpid();
        if (fork() == 0) {
            while (getppid() == parent)
                sched_yield();
            lose(112);
            _exit(0);
        }
        _exit(0);
    }
    close(line[1]);
    wait_for(pid);
    (void)!read(line[0], &byte, 1); /* end of file: the orphan ended */
    close(line[0]);
}

/*
 * What makes Criterion's own runner lie, hang or die; the runner's tests say what ours does.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

Test(traps, stdin_ends)
{
    cr_assert(getchar() == EOF);
}

Test(traps, quote_in_message)
{
    cr_assert(0, "say \"hi\"\n\tand <bye> & \x01");
}

static void ignore(int signal_number)
{
    (void)signal_number;
}

Test(traps, timeout_despite_sigprof, .timeout = 0.4)
{
    signal(SIGPROF, ignore);
    signal(SIGALRM, ignore);
    signal(SIGTERM, SIG_IGN);
    for (;;)
        pause();
}

Test(traps, timeout_kills_children, .timeout = 0.4)
{
    if (fork() == 0) {
        execlp("sleep", "sleep", "3853", (char *)NULL);
        _exit(1);
    }
    for (;;)
        pause();
}

Test(traps, forked_child_returns)
{
    pid_t child = fork();

    if (child == 0)
        return;
    cr_assert(waitpid(child, NULL, 0) == child);
}

Test(traps, forked_child_asserts)
{
    pid_t child = fork();

    if (child == 0)
        cr_assert(0, "said by the child");
    cr_assert(waitpid(child, NULL, 0) == child);
}

Test(traps, stopped_for_ever, .timeout = 0.4)
{
    raise(SIGSTOP);
}

static void assert_in_fini(void)
{
    cr_assert(0, "in the fixture");
}

static void crash_in_fixture(void)
{
    abort();
}

Test(traps, fini_asserts, .fini = assert_in_fini)
{
    cr_assert(1);
}

Test(traps, init_asserts, .init = assert_in_fini)
{
    cr_assert(1);
}

Test(traps, fini_crashes, .fini = crash_in_fixture)
{
    cr_assert(1);
}

Test(traps, exits_zero)
{
    exit(0);
}

Test(traps, exits_quickly)
{
    quick_exit(0);
}

Test(traps, exits_seven)
{
    exit(7);
}

static void fail_at_exit(void)
{
    _exit(9);
}

Test(traps, fails_after_the_end)
{
    cr_assert(1);
    atexit(fail_at_exit);
}

Test(traps, one_thread)
{
    cr_assert(unshare(CLONE_NEWUSER) == 0 || errno != EINVAL, "%s", strerror(errno));
}

Test(traps, closes_everything)
{
    for (int fd = 0; fd < 256; fd++)
        close(fd);
    cr_expect(0, "still told");
}

Test(traps, environment_is_clean)
{
    cr_assert(getenv("BXFI_MAP") == NULL);
    cr_assert(getenv("GMON_OUT_PREFIX") == NULL);
    cr_assert(getenv("LD_PRELOAD") == NULL);
}

Test(traps, runs_itself)
{
    char self[4096] = "";

    cr_assert(readlink("/proc/self/exe", self, sizeof self - 1) > 0);
    cr_assert(setenv("SELF", self, 1) == 0);
    cr_assert(system("\"$SELF\" --list >/dev/null") == 0);
}

static void *assert_in_thread(void *unused)
{
    (void)unused;
    cr_assert(0, "in a thread");
    return NULL;
}

Test(traps, thread_asserts)
{
    pthread_t thread;

    pthread_create(&thread, NULL, assert_in_thread, NULL);
    pthread_join(thread, NULL);
}

static void *expect_200_times(void *unused)
{
    (void)unused;
    for (int i = 0; i < 200; i++)
        cr_expect(0, "%d", i);
    return NULL;
}

Test(traps, four_threads_fail_800_times)
{
    pthread_t threads[4];

    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, expect_200_times, NULL);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
}

Test(traps, no_descriptors_inherited)
{
    for (int fd = 3; fd < 256; fd++)
        cr_expect(write(fd, "", 0) < 0 && errno == EBADF, "descriptor %d", fd);
    cr_assert(1);
}

Test(traps, new_interface_names_values)
{
    int answer = 41;

    cr_expect(eq(int, answer, 42));
    cr_expect(all(gt(int, answer, 3), lt(int, answer, 7)));
}

Test(traps, keeps_the_users_preload)
{
    const char *preload = getenv("LD_PRELOAD");

    cr_assert_not_null(preload);
    cr_assert_str_eq(preload, getenv("WANTED_PRELOAD"));
}

Test(traps, skips_itself)
{
    cr_skip("in the middle");
}

Test(traps, equal_arrays)
{
    int left[] = {1, 2, 3}, right[] = {1, 2, 3};

    cr_assert(eq(int[3], left, right));
}

Test(traps, equal_arrays_and_a_leak)
{
    static void *volatile kept;
    int left[] = {1, 2, 3}, right[] = {1, 2, 3};

    kept = malloc(41);
    kept = NULL;
    cr_assert(eq(int[3], left, right));
}

/* SPDX-License-Identifier: MIT */
#include "harness/runner/temp_dir.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct hn_temp_dir temp;
static char path[256], before[256];

static void setup(void)
{
    cr_assert(hn_temp_dir_open(&temp));
    path[0] = '\0';
    hn_temp_dir_make(&temp, path, sizeof path);
    cr_assert(path[0]);
    (void)strcpy(before, path);
}

static void teardown(void)
{
    hn_temp_dir_close(&temp);
}

TestSuite(temp_dir, .init = setup, .fini = teardown);

/* Given back after use: gone, and the next one is another. */
static void expect_replaced(void)
{
    hn_temp_dir_recycle(path);

    cr_expect_str_empty(path);
    cr_expect_neq(access(before, F_OK), 0);
    hn_temp_dir_make(&temp, path, sizeof path);
    cr_expect_str_not_empty(path);
    cr_expect_str_neq(path, before);
}

Test(temp_dir, an_untouched_one_is_used_again)
{
    hn_temp_dir_recycle(path);
    hn_temp_dir_make(&temp, path, sizeof path);

    cr_expect_str_eq(path, before);
    cr_expect_eq(access(path, W_OK), 0);
}

/* A server that root starts and that becomes another user; for anybody else it is private. */
Test(temp_dir, roots_can_be_entered_but_not_listed_by_others)
{
    struct stat st;
    mode_t others = geteuid() == 0 ? 0011 : 0;

    cr_assert_eq(stat(path, &st), 0);
    cr_expect_eq(st.st_mode & 077, others);
    cr_assert_eq(stat(temp.base, &st), 0);
    cr_expect_eq(st.st_mode & 077, others);
}

Test(temp_dir, one_with_a_file_is_replaced)
{
    char file[300];

    (void)snprintf(file, sizeof file, "%s/.left", path);
    int fd = open(file, O_CREAT | O_WRONLY, 0600);
    cr_assert_geq(fd, 0);
    (void)close(fd);
    expect_replaced();
}

Test(temp_dir, one_with_a_directory_is_replaced)
{
    char inner[300];

    (void)snprintf(inner, sizeof inner, "%s/left", path);
    cr_assert_eq(mkdir(inner, 0700), 0);
    expect_replaced();
}

Test(temp_dir, one_of_another_mode_is_replaced)
{
    cr_assert_eq(chmod(path, 0755), 0);
    expect_replaced();
}

Test(temp_dir, one_that_was_removed_is_replaced)
{
    cr_assert_eq(rmdir(path), 0);
    expect_replaced();
}

Test(temp_dir, a_link_in_its_place_is_replaced)
{
    cr_assert_eq(rmdir(path), 0);
    cr_assert_eq(symlink(temp.base, path), 0);
    hn_temp_dir_recycle(path);

    cr_expect_str_empty(path);
    cr_expect_eq(access(temp.base, F_OK), 0);
}

/* SPDX-License-Identifier: MIT */
#include "profiler/base/file.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[] = "/tmp/assay-file-XXXXXX";

static void make_dir(void)
{
    cr_assert_not_null(mkdtemp(dir));
}

static void drop_dir(void)
{
    char command[64];
    (void)snprintf(command, sizeof command, "rm -rf %s", dir);
    (void)!system(command);
}

static const char *in_dir(const char *name)
{
    static char path[128];
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    return path;
}

TestSuite(file, .init = make_dir, .fini = drop_dir);

Test(file, written_bytes_are_read_back)
{
    struct pf_err err = {0};
    struct pf_file file = {0};

    cr_assert(pf_file_write(in_dir("a"), (struct pf_bytes){"hello", 5}, &err), "%s", err.text);
    cr_assert(pf_file_open(&file, in_dir("a"), &err), "%s", err.text);
    cr_assert_eq(file.size, 5);
    cr_assert_arr_eq(file.map, "hello", 5);
    pf_file_close(&file);
}

Test(file, uncommitted_file_leaves_nothing)
{
    struct pf_err err = {0};
    struct pf_new_file file = {0};

    cr_assert(pf_new_file_open(&file, in_dir("b"), &err));
    char *temporary = strdup(file.temporary);
    pf_new_file_close(&file);

    cr_assert_neq(access(in_dir("b"), F_OK), 0);
    cr_assert_neq(access(temporary, F_OK), 0);
    free(temporary);
}

Test(file, missing_directory_is_named)
{
    struct pf_err err = {0};

    cr_assert_not(pf_file_write(in_dir("no/such"), (struct pf_bytes){"x", 1}, &err));
    cr_assert_eq(err.code, PF_ERR_SYSTEM);
    cr_assert_not_null(strstr(err.text, "no/such: cannot be written"));
}

Test(file, whether_it_can_be_written_is_known_before_and_leaves_nothing)
{
    struct pf_err err = {0};

    cr_expect(pf_new_file_check(in_dir("later"), &err), "%s", err.text);
    cr_expect_neq(access(in_dir("later"), F_OK), 0);
    cr_expect(pf_new_file_check("/dev/null", &err), "%s", err.text);
    cr_expect_not(pf_new_file_check(in_dir("no/such"), &err));
    cr_expect_eq(err.code, PF_ERR_SYSTEM);
    cr_expect_not(pf_new_file_check(dir, &err));
    cr_expect_not_null(strstr(err.text, "Is a directory"));
    cr_expect_not(pf_new_file_check("", &err));
    cr_expect_eq(err.code, PF_ERR_USAGE);
}

/* To open it for writing would wait for a reader, and to close it would end one. */
Test(file, a_pipe_nobody_reads_yet_can_be_written)
{
    struct pf_err err = {0};

    cr_assert_eq(mkfifo(in_dir("pipe"), 0600), 0);
    cr_expect(pf_new_file_check(in_dir("pipe"), &err), "%s", err.text);
}

Test(file, full_disk_is_an_error)
{
    struct pf_err err = {0};

    cr_assert_not(pf_file_write("/dev/full", (struct pf_bytes){"x", 1}, &err));
    cr_assert_not_null(strstr(err.text, "No space left"));
}

Test(file, directory_is_not_a_file)
{
    struct pf_err err = {0};
    struct pf_file file = {0};

    cr_assert_not(pf_file_open(&file, dir, &err));
    cr_assert_eq(err.code, PF_ERR_FORMAT);
}

Test(file, empty_file_has_an_empty_view)
{
    struct pf_err err = {0};
    struct pf_file file = {0};

    cr_assert(pf_file_write(in_dir("e"), (struct pf_bytes){0}, &err));
    cr_assert(pf_file_open(&file, in_dir("e"), &err));
    cr_assert_eq(pf_file_view(&file).size, 0);
    pf_file_close(&file);
}

Test(file, read_stops_at_its_maximum)
{
    struct pf_err err = {0};
    struct pf_buf buf = {0};

    cr_assert_not(pf_file_read(&buf, "/dev/zero", 1 << 20, &err));
    cr_assert_eq(err.code, PF_ERR_LIMIT);
    pf_buf_fini(&buf);
}

Test(file, file_cut_short_while_it_is_viewed_stays_whole)
{
    struct pf_err err = {0};
    struct pf_file file = {0};
    static char bytes[3 * 4096];

    memset(bytes, 'x', sizeof bytes);
    cr_assert(pf_file_write(in_dir("cut"), (struct pf_bytes){bytes, sizeof bytes}, &err));
    cr_assert(pf_file_open(&file, in_dir("cut"), &err), "%s", err.text);

    cr_assert_eq(truncate(in_dir("cut"), 0), 0);

    cr_expect_eq(pf_file_view(&file).size, sizeof bytes);
    cr_expect_arr_eq(pf_file_view(&file).at, bytes, sizeof bytes);
    pf_file_close(&file);
}

Test(file, large_file_is_viewed_without_a_copy)
{
    enum { LARGE_BYTES = 65 << 20 };
    struct pf_err err = {0};
    struct pf_file file = {0};

    cr_assert(pf_file_write(in_dir("large"), (struct pf_bytes){"begin", 5}, &err));
    cr_assert_eq(truncate(in_dir("large"), LARGE_BYTES), 0); /* a hole: takes no disk */
    cr_assert(pf_file_open(&file, in_dir("large"), &err), "%s", err.text);

    cr_expect_not(file.is_copy);
    cr_expect_eq(file.size, LARGE_BYTES);
    cr_expect_arr_eq(file.map, "begin", 5);
    pf_file_close(&file);
}

Test(file, empty_name_is_told_before_anything_is_made)
{
    struct pf_new_file file = {0};
    struct pf_err err = {0};

    cr_assert_not(pf_new_file_open(&file, "", &err));
    cr_expect_eq(err.code, PF_ERR_USAGE);
    cr_expect_not_null(strstr(err.text, "empty name"));
}

Test(file, link_stays_and_what_it_leads_to_is_replaced)
{
    struct pf_err err = {0};
    struct stat st;
    char link[128], target[128];

    (void)snprintf(link, sizeof link, "%s", in_dir("link"));
    (void)snprintf(target, sizeof target, "%s", in_dir("target"));
    cr_assert_eq(symlink("target", link), 0);
    for (int round = 0; round < 2; round++) /* it need not exist */
        cr_assert(pf_file_write(link, (struct pf_bytes){"new", 3}, &err), "%s", err.text);

    cr_expect(lstat(link, &st) == 0 && S_ISLNK(st.st_mode));
    cr_expect(lstat(target, &st) == 0 && S_ISREG(st.st_mode) && st.st_size == 3);
}

Test(file, descriptors_file_is_written_in_place)
{
    struct pf_err err = {0};
    char path[64];
    int fd = open(in_dir("log"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    char bytes[8] = "";

    cr_assert_eq(write(fd, "old ", 4), 4);
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    cr_assert(pf_file_write(path, (struct pf_bytes){"new", 3}, &err), "%s", err.text);

    cr_expect_eq(pread(fd, bytes, sizeof bytes, 0), 7);
    cr_expect_arr_eq(bytes, "old new", 7);
    (void)close(fd);
}

Test(file, pipe_without_a_reader_is_refused_and_one_with_a_reader_written)
{
    struct pf_err err = {0};
    char bytes[4] = "";
    const char *path = in_dir("pipe");

    cr_assert_eq(mkfifo(path, 0600), 0);
    cr_expect_not(pf_file_write(path, (struct pf_bytes){"x", 1}, &err));
    cr_expect_not_null(strstr(err.text, "nobody reads this pipe"), "%s", err.text);
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    cr_assert(pf_file_write(path, (struct pf_bytes){"abc", 3}, &err), "%s", err.text);

    cr_expect_eq(read(fd, bytes, sizeof bytes), 3);
    (void)close(fd);
}

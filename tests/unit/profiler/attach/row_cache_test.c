/* SPDX-License-Identifier: MIT */
#include "profiler/attach/row_cache.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "profiler/attach/object_rows.h"

#define ID "0123456789abcdef0123"

struct place {
    char dir[64];
    struct pf_row_cache cache;
};

static struct place new_place(void)
{
    struct place place = {.dir = "/tmp/row_cache_test.XXXXXX"};

    cr_assert_not_null(mkdtemp(place.dir));
    pf_row_cache_open_at(&place.cache, place.dir);
    cr_assert_geq(place.cache.dir_fd, 0);
    return place;
}

static void end_place(struct place *place)
{
    char command[128];

    pf_row_cache_close(&place->cache);
    (void)snprintf(command, sizeof command, "rm -rf '%s'", place->dir);
    (void)!system(command);
}

/* Real rows: our own program's. */
static struct pf_object_rows *some_object(void)
{
    struct pf_object_rows *object = NULL;
    struct pf_err err = {0};

    cr_assert(pf_object_rows_open(&object, NULL, "/proc/self/exe", &err), "%s", err.text);
    cr_assert_gt(object->block.size, 0);
    return object;
}

static bool finds(const struct pf_row_cache *cache, const char *id)
{
    struct pf_bytes block = {0};
    bool found = pf_row_cache_find(cache, id, &block);

    free((void *)(uintptr_t)block.at);
    return found;
}

static const char *path_of(const struct place *place, const char *id)
{
    static char path[160];

    (void)snprintf(path, sizeof path, "%s/%s.rows", place->dir, id);
    return path;
}

static void write_byte(const char *path, off_t at, uint8_t byte)
{
    int fd = open(path, O_WRONLY);

    cr_assert_eq(pwrite(fd, &byte, 1, at), 1);
    (void)close(fd);
}

Test(row_cache, what_was_kept_is_found_again)
{
    struct place place = new_place();
    struct pf_object_rows *object = some_object();
    struct pf_bytes block = {0};

    cr_expect_not(finds(&place.cache, ID));
    pf_row_cache_keep(&place.cache, ID, object->block);

    cr_assert(pf_row_cache_find(&place.cache, ID, &block));
    cr_assert_eq(block.size, object->block.size);
    cr_assert_eq(memcmp(block.at, object->block.at, block.size), 0);
    free((void *)(uintptr_t)block.at);
    pf_object_rows_release(object);
    end_place(&place);
}

Test(row_cache, a_truncated_file_is_not_used)
{
    struct place place = new_place();
    struct pf_object_rows *object = some_object();
    off_t whole = 0;
    struct stat st;

    pf_row_cache_keep(&place.cache, ID, object->block);
    cr_assert_eq(stat(path_of(&place, ID), &st), 0);
    whole = st.st_size;
    for (off_t size = 0; size < whole; size += size < 200 ? 1 : 997) {
        cr_assert_eq(truncate(path_of(&place, ID), size), 0);
        cr_expect_not(finds(&place.cache, ID), "%ld bytes", (long)size);
        pf_row_cache_keep(&place.cache, ID, object->block);
    }
    cr_expect(finds(&place.cache, ID));
    pf_object_rows_release(object);
    end_place(&place);
}

Test(row_cache, a_file_with_any_bit_changed_is_not_used)
{
    struct place place = new_place();
    struct pf_object_rows *object = some_object();
    struct stat st;

    pf_row_cache_keep(&place.cache, ID, object->block);
    cr_assert_eq(stat(path_of(&place, ID), &st), 0);
    for (off_t at = 0; at < st.st_size; at += at < 200 ? 1 : 499) {
        uint8_t byte = 0;
        int fd = open(path_of(&place, ID), O_RDONLY);
        cr_assert_eq(pread(fd, &byte, 1, at), 1);
        (void)close(fd);
        write_byte(path_of(&place, ID), at, byte ^ 1);
        cr_expect_not(finds(&place.cache, ID), "byte %ld", (long)at);
        write_byte(path_of(&place, ID), at, byte);
    }
    cr_expect(finds(&place.cache, ID));
    pf_object_rows_release(object);
    end_place(&place);
}

Test(row_cache, what_others_may_write_is_not_used)
{
    struct place place = new_place();
    struct pf_object_rows *object = some_object();
    struct pf_row_cache other;

    pf_row_cache_keep(&place.cache, ID, object->block);
    cr_assert_eq(chmod(path_of(&place, ID), 0666), 0);
    cr_expect_not(finds(&place.cache, ID), "a file that anybody may write");
    cr_assert_eq(chmod(path_of(&place, ID), 0600), 0);
    cr_expect(finds(&place.cache, ID));
    if (geteuid() == 0) {
        cr_assert_eq(chown(path_of(&place, ID), 65534, 65534), 0);
        cr_expect_not(finds(&place.cache, ID), "somebody else's file");
    }
    cr_assert_eq(chmod(place.dir, 0777), 0);
    pf_row_cache_open_at(&other, place.dir);
    cr_expect_eq(other.dir_fd, -1, "a directory that anybody may write");
    pf_object_rows_release(object);
    end_place(&place);
}

Test(row_cache, links_are_not_followed)
{
    struct place place = new_place();
    struct pf_object_rows *object = some_object();

    pf_row_cache_keep(&place.cache, "aaaaaaaaaaaa", object->block);
    cr_assert_eq(symlinkat("aaaaaaaaaaaa.rows", place.cache.dir_fd, ID ".rows"), 0);
    cr_expect_not(finds(&place.cache, ID));
    pf_object_rows_release(object);
    end_place(&place);
}

Test(row_cache, a_build_id_is_no_path)
{
    static const char *const ids[] = {"",
                                      "abc",
                                      "../../../../tmp/x",
                                      "0123456789abcdeg",
                                      "0123456789ABCDEF",
                                      "01234567/89abcdef"};
    struct place place = new_place();
    struct pf_object_rows *object = some_object();

    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        pf_row_cache_keep(&place.cache, ids[i], object->block);
        cr_expect_not(finds(&place.cache, ids[i]), "%s", ids[i]);
    }
    pf_object_rows_release(object);
    end_place(&place);
}

static unsigned count_files(const struct place *place, uint64_t *bytes)
{
    DIR *dir = opendir(place->dir);
    unsigned count = 0;
    struct stat st;

    for (struct dirent *at = readdir(dir); at; at = readdir(dir))
        if (at->d_name[0] != '.' && fstatat(dirfd(dir), at->d_name, &st, 0) == 0) {
            count++;
            *bytes += (uint64_t)st.st_size;
        }
    (void)closedir(dir);
    return count;
}

Test(row_cache, grows_no_larger_than_its_maximum_and_keeps_the_newest)
{
    struct place place = new_place();
    struct pf_object_rows *object = some_object();
    char id[32];
    uint64_t bytes = 0;

    place.cache.total_max_bytes = 10 * object->block.size;
    for (int i = 0; i < 40; i++) {
        (void)snprintf(id, sizeof id, "%016x", i);
        pf_row_cache_keep(&place.cache, id, object->block);
    }

    cr_expect_gt(count_files(&place, &bytes), 3);
    cr_expect_leq(bytes, place.cache.total_max_bytes + object->block.size);
    cr_expect(finds(&place.cache, id), "the last one kept");
    cr_expect_not(finds(&place.cache, "0000000000000000"), "the first one");
    pf_object_rows_release(object);
    end_place(&place);
}

Test(row_cache, many_writers_and_readers_at_once_see_whole_files)
{
    struct place place = new_place();
    struct pf_object_rows *object = some_object();
    int status = 0;
    int bad = 0;
    uint64_t bytes = 0;

    pf_row_cache_keep(&place.cache, ID, object->block);
    for (int i = 0; i < 4; i++) {
        if (fork() == 0) {
            int missing = 0;
            for (int n = 0; n < 50; n++) {
                pf_row_cache_keep(&place.cache, ID, object->block);
                missing += !finds(&place.cache, ID);
            }
            _exit(missing != 0);
        }
    }
    while (wait(&status) > 0)
        bad += status != 0;

    cr_expect_eq(bad, 0);
    cr_expect_eq(count_files(&place, &bytes), 1, "no half-made file stays behind");
    pf_object_rows_release(object);
    end_place(&place);
}

Test(row_cache, without_a_home_there_is_none)
{
    struct pf_row_cache cache;

    (void)unsetenv("XDG_CACHE_HOME");
    (void)unsetenv("HOME");
    pf_row_cache_open(&cache);
    cr_expect_eq(cache.dir_fd, -1);
    (void)setenv("HOME", "relative", 1);
    pf_row_cache_open(&cache);
    cr_expect_eq(cache.dir_fd, -1);
    cr_expect_not(finds(&cache, ID));
    pf_row_cache_keep(&cache, ID, (struct pf_bytes){"x", 1});
    pf_row_cache_close(&cache);
}

Test(row_cache, lies_where_xdg_says)
{
    struct place place = new_place();
    struct pf_row_cache cache;
    struct stat st;
    char path[128];

    (void)setenv("XDG_CACHE_HOME", place.dir, 1);
    pf_row_cache_open(&cache);
    (void)snprintf(path, sizeof path, "%s/assay", place.dir);

    cr_assert_geq(cache.dir_fd, 0);
    cr_assert_eq(stat(path, &st), 0);
    cr_assert_eq(st.st_mode & 0777, 0700);
    pf_row_cache_close(&cache);
    end_place(&place);
}

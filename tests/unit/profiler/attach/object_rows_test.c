/* SPDX-License-Identifier: MIT */
#include "profiler/attach/object_rows.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "profiler/attach/row_cache.h"
#include "profiler/unwind/rows_priv.h"

static struct pf_object_rows *open_rows(struct pf_object_store *store, const char *path)
{
    struct pf_object_rows *object = NULL;
    struct pf_err err = {0};

    cr_assert(pf_object_rows_open(&object, store, path, &err), "%s", err.text);
    return object;
}

Test(object_rows, our_own_program_has_rows_and_a_build_id)
{
    struct pf_object_rows *object = open_rows(NULL, "/proc/self/exe");

    cr_assert_not_null(object->rows);
    cr_assert_gt(object->stats.row_count, 10);
    cr_assert_eq(object->stats.skipped_fdes, 0);
    cr_assert_geq(strlen(object->build_id), 16);
    pf_object_rows_release(object);
}

Test(object_rows, one_file_by_two_paths_is_one_object)
{
    struct pf_object_store store = {0};
    char path[64];
    (void)snprintf(path, sizeof path, "/proc/%d/exe", getpid());

    struct pf_object_rows *a = open_rows(&store, "/proc/self/exe");
    struct pf_object_rows *b = open_rows(&store, path);

    cr_expect_eq(a, b);
    cr_expect_eq(a->holders, 3);
    pf_object_rows_release(a);
    pf_object_store_fini(&store);
    cr_expect_not_null(b->rows, "still held");
    pf_object_rows_release(b);
}

/* As -gz and Go's linker store it, where nothing else says how to unwind. */
Test(object_rows, a_compressed_debug_frame_is_read)
{
    char path[] = "/tmp/assay-rows-XXXXXX";
    char command[512];
    int fd = mkstemp(path);
    cr_assert_geq(fd, 0);
    (void)close(fd);
    (void)snprintf(command, sizeof command,
                   "for i in $(seq 60); do echo \"int f$i(int n) { return n * $i; }\"; done | cc "
                   "-xc -shared -nostdlib -g -gz "
                   "-fno-asynchronous-unwind-tables -fno-unwind-tables -o '%s' - && "
                   "readelf -SW '%s' | grep -q 'debug_frame.* C '",
                   path, path);
    cr_assert_eq(system(command), 0);

    struct pf_object_rows *object = open_rows(NULL, path);

    (void)unlink(path);
    cr_assert_not_null(object->rows);
    cr_expect_eq(object->stats.fde_count, 60u);
    pf_object_rows_release(object);
}

static void copy_self(const char *to)
{
    char command[128];

    (void)snprintf(command, sizeof command, "cp /proc/%d/exe '%s'", getpid(), to);
    cr_assert_eq(system(command), 0);
}

Test(object_rows, a_file_replaced_under_its_name_is_another_object)
{
    struct pf_object_store store = {0};
    char path[] = "/tmp/object_rows_test.XXXXXX";
    char other[] = "/tmp/object_rows_other.XXXXXX";
    (void)close(mkstemp(path));
    (void)close(mkstemp(other));
    copy_self(path);
    copy_self(other);

    struct pf_object_rows *before = open_rows(&store, path);
    cr_assert_eq(rename(other, path), 0);
    struct pf_object_rows *after = open_rows(&store, path);

    cr_expect_neq(before, after);
    pf_object_rows_release(before);
    pf_object_rows_release(after);
    pf_object_store_fini(&store);
    (void)unlink(path);
}

Test(object_rows, second_opening_comes_from_the_cache_and_says_the_same)
{
    char dir[] = "/tmp/object_rows_cache.XXXXXX";
    char command[128];
    struct pf_row_cache cache;
    cr_assert_not_null(mkdtemp(dir));
    pf_row_cache_open_at(&cache, dir);
    struct pf_object_store first = {.cache = &cache};
    struct pf_object_store second = {.cache = &cache};

    struct pf_object_rows *compiled = open_rows(&first, "/proc/self/exe");
    struct pf_object_rows *cached = open_rows(&second, "/proc/self/exe");

    cr_expect_not(compiled->from_cache);
    cr_expect(cached->from_cache);
    cr_assert_eq(cached->block.size, compiled->block.size);
    cr_expect_eq(memcmp(cached->block.at, compiled->block.at, cached->block.size), 0);
    pf_object_rows_release(compiled);
    pf_object_rows_release(cached);
    pf_object_store_fini(&first);
    pf_object_store_fini(&second);
    pf_row_cache_close(&cache);
    (void)snprintf(command, sizeof command, "rm -rf '%s'", dir);
    (void)!system(command);
}

/* The mapping that holds an address, as /proc/self/maps has it. */
static bool find_mapping(uint64_t here, uint64_t *start, uint64_t *end, uint64_t *offset)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    char line[512];
    bool found = false;

    while (!found && fgets(line, sizeof line, maps)) {
        unsigned long from = 0;
        unsigned long to = 0;
        unsigned long at = 0;
        if (sscanf(line, "%lx-%lx %*s %lx", &from, &to, &at) != 3)
            continue;
        found = here >= from && here < to;
        *start = from;
        *end = to;
        *offset = at;
    }
    (void)fclose(maps);
    return found;
}

Test(object_rows, bias_of_a_real_mapping_finds_the_rule_for_a_real_function)
{
    struct pf_object_rows *object = open_rows(NULL, "/proc/self/exe");
    uint64_t start = 0;
    uint64_t end = 0;
    uint64_t offset = 0;
    uint64_t bias = 0;
    cr_assert(find_mapping((uint64_t)(uintptr_t)find_mapping, &start, &end, &offset));

    cr_assert(pf_object_rows_bias(object, start, offset, &bias));

    uint64_t file_addr = (uint64_t)(uintptr_t)find_mapping - bias;
    cr_assert_eq(pf_rows_find(object->rows, file_addr)->kind, PF_RULE_CFA);
    cr_assert_not(pf_object_rows_bias(object, start, 1ULL << 40, &bias));
    pf_object_rows_release(object);
}

Test(object_rows, the_vdso_is_compiled_from_memory)
{
    uint64_t start = 0;
    uint64_t end = 0;
    uint64_t offset = 0;
    const void *vdso = (const void *)getauxval(AT_SYSINFO_EHDR);
    struct pf_object_rows *object = NULL;
    struct pf_err err = {0};
    if (!vdso || !find_mapping((uint64_t)(uintptr_t)vdso, &start, &end, &offset))
        cr_skip("no vDSO");

    cr_assert(
        pf_object_rows_from_image(&object, (struct pf_bytes){vdso, end - start}, "[vdso]", &err),
        "%s", err.text);

    cr_assert_not_null(object->rows);
    cr_assert_gt(object->stats.fde_count, 2);
    pf_object_rows_release(object);
}

Test(object_rows, what_is_no_object_is_an_error_with_its_name)
{
    static const struct {
        const char *path;
        enum pf_err_code code;
    } table[] = {
        {"/tmp/there-is-no-such-file", PF_ERR_NOT_FOUND},
        {"/etc/passwd", PF_ERR_FORMAT},
        {"/dev/null", PF_ERR_FORMAT},
        {"/tmp", PF_ERR_FORMAT},
    };

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct pf_object_rows *object = NULL;
        struct pf_err err = {0};
        cr_expect_not(pf_object_rows_open(&object, NULL, table[i].path, &err));
        cr_expect_eq(err.code, table[i].code, "%s: %d %s", table[i].path, err.code, err.text);
        cr_expect(strstr(err.text, table[i].path) != NULL);
        cr_expect_null(object);
    }
    pf_object_rows_release(NULL);
}

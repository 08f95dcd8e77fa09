/* SPDX-License-Identifier: MIT */
#include "profiler/trace/given_rows.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static struct pf_region *region;

static void make_region(void)
{
    struct pf_region_sizes sizes = pf_region_sizes_default();
    void *at = mmap(NULL, pf_region_bytes(&sizes), PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    cr_assert_neq(at, MAP_FAILED);
    region = at;
    pf_region_init(region, &sizes);
}

TestSuite(given_rows, .init = make_region);

Test(given_rows, nothing_given_is_nothing_found)
{
    cr_assert_eq(pf_given_rows_find(region, 1).size, 0);
}

Test(given_rows, each_block_is_found_by_its_content)
{
    static const char *const texts[] = {"one", "two and more", ""};

    for (uint64_t i = 0; i < 3; i++)
        cr_assert(
            pf_given_rows_put(region, 100 + i, (struct pf_bytes){texts[i], strlen(texts[i])}));
    for (uint64_t i = 0; i < 3; i++) {
        struct pf_bytes found = pf_given_rows_find(region, 100 + i);
        cr_expect_eq(found.size, strlen(texts[i]));
        cr_expect_arr_eq(found.at, texts[i], found.size);
    }
    cr_expect_eq(pf_given_rows_find(region, 7).size, 0);
}

Test(given_rows, half_of_the_work_part_stays_free)
{
    size_t size = region->sizes.work_bytes / 2;
    char *large = calloc(1, size);

    cr_assert_not(pf_given_rows_put(region, 1, (struct pf_bytes){large, size}));
    cr_assert_eq(atomic_load(&region->work_next), 0);
    free(large);
}

Test(given_rows, content_tells_bytes_and_lengths_apart)
{
    cr_assert_neq(pf_rows_content((struct pf_bytes){"abcdefgh1", 9}),
                  pf_rows_content((struct pf_bytes){"abcdefgh2", 9}));
    cr_assert_neq(pf_rows_content((struct pf_bytes){"a\0", 2}),
                  pf_rows_content((struct pf_bytes){"a", 1}));
    cr_assert_neq(pf_rows_content((struct pf_bytes){0}), 0);
}

/*
 * What a test may tell the runner in .data.
 *
 * SPDX-License-Identifier: MIT
 */
#include <arpa/inet.h>
#include <assay/runner.h>
#include <criterion/criterion.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(options, .data = assay_options(.tags = "suite"));

Test(options, slow, .data = assay_options(.tags = "slow net"))
{
    cr_assert(1);
}

Test(options, untagged)
{
    cr_assert(1);
}

Test(options, retried, .data = assay_options(.retries = 2))
{
    cr_assert_not_null(getenv("ASSAY_ATTEMPT"));
}

Test(options, little_memory, .data = assay_options(.memory_mb = 64))
{
    cr_assert_null(malloc(256u << 20));
    cr_assert_not_null(malloc(1u << 20));
}

Test(options, own_network, .data = assay_options(.network_namespace = true))
{
    struct if_nameindex *names = if_nameindex();

    cr_assert_not_null(names);
    cr_assert_str_eq(names[0].if_name, "lo");
    cr_assert_eq(names[1].if_index, 0);
}

Test(options, foreign_data, .data = (void *)42)
{
    cr_assert(1);
}

Test(options, own_temp_dir)
{
    struct stat st;
    FILE *file;

    cr_assert_not_null(getenv("TMPDIR"));
    cr_assert_eq(chdir(getenv("TMPDIR")), 0);
    cr_assert_neq(stat("left", &st), 0);
    file = fopen("left", "w");
    cr_assert_not_null(file);
    fclose(file);
}

Test(options, temp_dir_is_fresh)
{
    struct stat st;

    cr_assert_eq(chdir(getenv("TMPDIR")), 0);
    cr_assert_neq(stat("left", &st), 0);
}

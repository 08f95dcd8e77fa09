/* The flamegraph's tree, and the document made of it.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "profiler/profile/paths.h"
#include "profiler/profile/profile.h"
#include "profiler/report/flame_tree.h"
#include "tests/unit/profiler/profile/stacks_fixture.h"
#include "tests/unit/profiler/report/report_fixture.h"

static struct pf_profile profile;
static struct pf_paths paths;
static struct pf_flame_tree tree;
static struct pf_buf buf;

static void start(void)
{
    pf_profile_init(&profile);
    (void)pf_profile_add_value_type(&profile, "samples", "count");
}

static void end(void)
{
    pf_flame_tree_fini(&tree);
    pf_paths_fini(&paths);
    pf_profile_fini(&profile);
    pf_buf_fini(&buf);
}

TestSuite(flame_tree, .init = start, .fini = end);
TestSuite(svg, .init = start, .fini = end);

static void grow(uint32_t nodes_max, int64_t least)
{
    struct pf_paths_spec spec = {0};

    pf_paths_init(&paths, &profile, &spec);
    pf_flame_tree_init(&tree, &paths, nodes_max, least);
}

static const char *name(uint32_t node)
{
    return paths.frames.at[tree.at[node].frame].name;
}

Test(flame_tree, paths_merge_from_the_root_in_order_of_name)
{
    static const struct {
        const char *name;
        uint32_t depth;
        int64_t total, self;
    } expected[] = {
        {"main", 1, 10, 0}, {"a", 2, 7, 3}, {"z", 3, 4, 4}, {"b", 2, 3, 3}, {"other", 1, 1, 1},
    };
    ts_add_stack(&profile, "other", 1);
    ts_add_stack(&profile, "main;b", 3);
    ts_add_stack(&profile, "main;a;z", 4);
    ts_add_stack(&profile, "main;a", 3);

    grow(100, 0);

    uint32_t node = 0;
    cr_assert_eq(tree.at[0].total, 11);
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        node = pf_flame_next(&tree, node);
        cr_assert_str_eq(name(node), expected[i].name);
        cr_assert_eq(tree.at[node].depth, expected[i].depth);
        cr_assert_eq(tree.at[node].total, expected[i].total);
        cr_assert_eq(tree.at[node].self, expected[i].self);
        cr_assert_eq(tree.at[node].cut, 0);
    }
    cr_assert_eq(pf_flame_next(&tree, node), PF_NONE);
    cr_assert_eq(tree.depth, 3);
}

Test(flame_tree, no_paths_are_a_root_alone)
{
    grow(100, 0);

    cr_assert_eq(tree.count, 1);
    cr_assert_eq(tree.at[0].total, 0);
    cr_assert_eq(pf_flame_next(&tree, 0), PF_NONE);
}

Test(flame_tree, the_heaviest_are_kept_and_the_rest_is_cut_not_lost)
{
    char stack[64];
    for (int i = 0; i < 1000; i++) {
        (void)snprintf(stack, sizeof stack, "main;f%d;g%d;h%d", i, i, i);
        ts_add_stack(&profile, stack, i < 5 ? 1000 : 1);
    }

    grow(1012, 0);

    int64_t sum = 0;
    for (uint32_t i = 0; i < tree.count; i++)
        sum += tree.at[i].self + tree.at[i].cut;
    cr_assert_eq(sum, tree.at[0].total);
    unsigned heavy = 0;
    for (uint32_t i = 1; i < tree.count; i++)
        heavy += tree.at[i].depth > 2 && tree.at[i].total == 1000;
    cr_assert_eq(heavy, 10, "g and h of the five heavy stacks, before any light one is split");
}

Test(flame_tree, below_least_there_is_no_node)
{
    ts_add_stack(&profile, "main;big", 90);
    ts_add_stack(&profile, "main;small", 10);

    grow(100, 50);

    cr_assert_eq(tree.count, 3);
    cr_assert_eq(tree.at[1].cut, 10);
}

Test(flame_tree, very_deep_stacks_are_no_recursion_of_ours)
{
    struct pf_function function = {.name = pf_profile_string(&profile, "f")};
    uint32_t frame =
        pf_profile_named_location(&profile, pf_profile_function(&profile, &function), 0);
    uint32_t *frames = malloc(100000 * sizeof *frames);
    for (int i = 0; i < 100000; i++)
        frames[i] = frame;
    (void)pf_profile_add(&profile, pf_profile_stack(&profile, frames, 100000), PF_NONE,
                         (int64_t[]){1});

    grow(200000, 0);

    cr_assert_eq(tree.count, 100001);
    ts_write(&buf, &profile, "svg", NULL);
    free(frames);
}

/* --- the document ------------------------------------------------------------------------------
 */

Test(svg, empty_profile_is_a_picture)
{
    ts_write(&buf, &profile, "svg", NULL);

    cr_assert(strstr(pf_buf_cstr(&buf), "</svg>"));
}

Test(svg, same_profile_gives_the_same_bytes)
{
    struct pf_buf other = {0};
    ts_add_stack(&profile, "main;a@/lib/a.so;b", 3);
    ts_add_stack(&profile, "main;c", 4);

    ts_write(&buf, &profile, "svg", NULL);
    ts_write(&other, &profile, "svg", NULL);

    cr_assert_eq(buf.size, other.size);
    cr_assert_eq(memcmp(buf.at, other.at, buf.size), 0);
    pf_buf_fini(&other);
}

Test(svg, drawn_legend_names_the_kinds_that_occur_and_no_other)
{
    ts_add_stack(&profile, "main;a@/lib/a.so;b", 3);

    ts_write(&buf, &profile, "svg", NULL);
    const char *text = pf_buf_cstr(&buf);

    cr_expect(strstr(text, "class=\"f-legend\" x=\"30\""));
    cr_expect(strstr(text, ">libraries</text>"));
    cr_expect_null(strstr(text, ">libc</text>"));
    cr_expect_null(strstr(text, ">kernel</text>"));
}

Test(svg, nothing_is_fetched)
{
    ts_add_stack(&profile, "main", 3);
    ts_write(&buf, &profile, "svg", NULL);
    const char *text = pf_buf_cstr(&buf);

    for (const char *at = strstr(text, "http"); at; at = strstr(at + 1, "http"))
        cr_assert(strncmp(at, "http://www.w3.org/", 18) == 0, "%.60s", at);
    cr_assert_null(strstr(text, "url("));
    cr_assert_null(strstr(text, "@import"));
    cr_assert_null(strstr(text, "href"));
}

Test(svg, hostile_names_stay_text)
{
    static const char *const hostile[] = {
        "</script><script>alert(1)</script>",
        "]]><script>alert(1)</script>",
        "<!--",
        "\"onload=x",
        "&lt;",
        "\xff\xfe\x01",
    };
    for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++)
        ts_add_stack(&profile, hostile[i], 1 + (int64_t)i);

    ts_write(&buf, &profile, "svg", NULL);
    const char *text = pf_buf_cstr(&buf);

    cr_assert_null(strstr(text, "alert(1)</script>"));
    cr_assert_null(strstr(text, "<script>alert"));
    cr_assert_null(strstr(text, "<!--"));
    cr_assert_null(strstr(text, "]]><script>alert"));
    for (const char *at = text; *at; at++)
        cr_assert((unsigned char)*at >= 0x20 || *at == '\n' || *at == '\t');
}

Test(svg, page_holds_the_picture_and_the_table)
{
    pf_profile_fini(&profile);
    ts_rich_profile(&profile);
    ts_write(&buf, &profile, "html", NULL);
    const char *text = pf_buf_cstr(&buf);

    cr_assert(strstr(text, "class=\"assay-flame\""));
    cr_assert(strstr(text, "<code>serve</code>"));
    cr_assert(strstr(text, "only 90.0 %"));
}

/*
 * Seeded programs: every kind as it must be, and as memcheck says.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/integration/leaks_support.h"
#include "tests/support/command.h"
#include "tests/support/json_schema.h"

struct seed {
    const char *name;
    uint64_t definite, indirect, possible; /* blocks */
    bool ask_memcheck;
};

static const struct seed seeds[] = {
    {"nothing", 0, 0, 0, true},
    {"one", 1, 0, 0, true},
    {"list", 1, 2, 0, true},
    {"cycle", 1, 1, 0, true},
    {"middle", 0, 0, 1, true},
    {"kept", 0, 0, 0, true},
    {"mmap", 0, 0, 0, true},
    {"exit", 1, 0, 0, true},
    {"dead-thread", 2, 2, 0, true},
    {"freed", 64, 0, 0, true},
    /* memcheck knows nothing of what the kernel holds, and takes a live thread's vector of TLS
     * blocks for possibly lost: both are its famous false positives. */
    {"epoll", 0, 0, 0, false},
    /* Now and then a number in memory happens to lie inside of it under Valgrind's low addresses.
     */
    {"large", 1, 0, 0, false},
    {"thread", 0, 0, 0, false},
};

static struct leaks_found run_by(const char *program, const char *name, const char *options)
{
    char command[512];

    (void)snprintf(command, sizeof command, "%s %s", program, name);
    return leaks_of(options, command);
}

static struct leaks_found seeded(const char *name, const char *options)
{
    return run_by(LEAKS_SEEDED, name, options);
}

static const char *note_of(const struct leaks_found *found)
{
    return json_string_value(json_object_get(found->report, "note"));
}

static void expect_all_as_seeded(const char *program)
{
    for (unsigned i = 0; i < sizeof seeds / sizeof *seeds; i++) {
        struct leaks_found found = run_by(program, seeds[i].name, "--show-kinds all");
        cr_expect_str_eq(note_of(&found), "", "%s", seeds[i].name);
        cr_expect_eq(leaks_blocks(&found, "definite"), seeds[i].definite, "%s: %lu definite",
                     seeds[i].name, (unsigned long)leaks_blocks(&found, "definite"));
        cr_expect_eq(leaks_blocks(&found, "indirect"), seeds[i].indirect, "%s: %lu indirect",
                     seeds[i].name, (unsigned long)leaks_blocks(&found, "indirect"));
        cr_expect_eq(leaks_blocks(&found, "possible"), seeds[i].possible, "%s: %lu possible",
                     seeds[i].name, (unsigned long)leaks_blocks(&found, "possible"));
        cr_expect_eq(found.status, seeds[i].definite > 0, "%s: status %d", seeds[i].name,
                     found.status);
        leaks_found_fini(&found);
    }
}

Test(leaks_kinds, are_as_seeded)
{
    expect_all_as_seeded(LEAKS_SEEDED);
}

/* Its threads' caches are full of pointers to blocks they handed out, its metadata of pointers to
 * the large ones. */
Test(leaks_kinds, are_as_seeded_on_jemalloc)
{
    expect_all_as_seeded(LEAKS_JEMALLOC);
}

Test(leaks_kinds, an_allocator_that_is_not_known_is_told)
{
    struct leaks_found found = run_by(LEAKS_ODD_MALLOC, "one", "");

    cr_expect(strstr(note_of(&found), "of an allocator whose caches are not known"), "%s",
              note_of(&found));
    leaks_found_fini(&found);
}

/* "   definitely lost: 1,048 bytes in 3 blocks": the number before " blocks", 0 if the line is not
 * there. */
static uint64_t memcheck_blocks(const char *text, const char *label)
{
    const char *line = strstr(text, label);
    const char *in = line ? strstr(line, " in ") : NULL;
    uint64_t blocks = 0;

    for (in = in ? in + 4 : ""; (*in >= '0' && *in <= '9') || *in == ','; in++)
        if (*in != ',')
            blocks = blocks * 10 + (uint64_t)(*in - '0');
    return blocks;
}

Test(leaks_kinds, agree_with_memcheck)
{
    for (unsigned i = 0; i < sizeof seeds / sizeof *seeds; i++) {
        if (!seeds[i].ask_memcheck)
            continue;
        struct ts_result result =
            ts_run("valgrind --leak-check=full %s %s", LEAKS_SEEDED, seeds[i].name);
        const char *text = ts_err(&result);
        cr_assert_not_null(strstr(text, "ERROR SUMMARY"), "valgrind did not run: %s", text);
        cr_expect_eq(memcheck_blocks(text, "definitely lost:"), seeds[i].definite, "%s:\n%s",
                     seeds[i].name, text);
        cr_expect_eq(memcheck_blocks(text, "indirectly lost:"), seeds[i].indirect, "%s:\n%s",
                     seeds[i].name, text);
        cr_expect_eq(memcheck_blocks(text, "possibly lost:"), seeds[i].possible, "%s:\n%s",
                     seeds[i].name, text);
        ts_result_fini(&result);
    }
}

Test(leaks_kinds, a_crash_is_judged_as_it_stood)
{
    struct leaks_found found = seeded("crash", "");

    cr_assert_eq(leaks_blocks(&found, "definite"), 1);
    cr_assert_eq(leaks_bytes(&found, "definite"), 100);
    leaks_found_fini(&found);
}

/* Nobody may trace: the process asks to be looked at, and the answers are the same. */
Test(leaks_kinds, are_the_same_where_ptrace_is_denied)
{
    for (unsigned i = 0; i < sizeof seeds / sizeof *seeds; i++) {
        struct ts_result result = ts_run(DENY_PTRACE " assay leaks --quiet --format json -- %s %s",
                                         LEAKS_SEEDED, seeds[i].name);
        struct leaks_found found = {result.status, json_loads(ts_out(&result), 0, NULL)};
        cr_assert_not_null(found.report, "%s: %s", seeds[i].name, ts_err(&result));
        cr_expect_eq(leaks_blocks(&found, "definite"), seeds[i].definite, "%s", seeds[i].name);
        cr_expect_eq(leaks_blocks(&found, "indirect"), seeds[i].indirect, "%s", seeds[i].name);
        cr_expect_eq(leaks_blocks(&found, "possible"), seeds[i].possible, "%s", seeds[i].name);
        cr_expect_eq(found.status, seeds[i].definite > 0, "%s", seeds[i].name);
        leaks_found_fini(&found);
        ts_result_fini(&result);
    }
}

Test(leaks_kinds, a_crash_where_ptrace_is_denied_says_so)
{
    struct ts_result result = ts_run(DENY_PTRACE " assay leaks -- " LEAKS_SEEDED " crash");

    cr_expect_eq(result.status, 3);
    cr_expect(strstr(ts_err(&result), "a signal ended it, and ptrace is not permitted here"), "%s",
              ts_err(&result));
    ts_result_fini(&result);
}

Test(leaks_kinds, fail_on_decides_the_exit_status)
{
    static const struct {
        const char *seed, *fail_on;
        int status;
    } cases[] = {{"one", "none", 0},
                 {"one", "possible", 0},
                 {"middle", "definite", 0},
                 {"middle", "all", 1},
                 {"kept", "reachable", 1},
                 {"list", "indirect", 1},
                 {"nothing", "definite,possible", 0}};

    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        char options[64];
        (void)snprintf(options, sizeof options, "--fail-on %s", cases[i].fail_on);
        struct leaks_found found = seeded(cases[i].seed, options);
        cr_expect_eq(found.status, cases[i].status, "%s with --fail-on %s: %d", cases[i].seed,
                     cases[i].fail_on, found.status);
        leaks_found_fini(&found);
    }
}

Test(leaks_kinds, show_kinds_decides_what_is_listed)
{
    struct leaks_found all = seeded("list", "--show-kinds all");
    struct leaks_found usual = seeded("list", "");
    struct leaks_found none = seeded("list", "--show-kinds reachable");

    cr_assert_eq(json_array_size(json_object_get(all.report, "leaks")), 3,
                 "two places in the list, each a stack");
    cr_assert_eq(json_array_size(json_object_get(usual.report, "leaks")), 1);
    cr_assert_eq(json_array_size(json_object_get(none.report, "leaks")), 0);
    leaks_found_fini(&all);
    leaks_found_fini(&usual);
    leaks_found_fini(&none);
}

Test(leaks_kinds, json_follows_its_schema)
{
    char why[512];

    for (unsigned i = 0; i < sizeof seeds / sizeof *seeds; i++) {
        struct leaks_found found = seeded(seeds[i].name, "--show-kinds all");
        char *text = json_dumps(found.report, 0);
        cr_expect(ts_json_follows(text, "leaks.json", why, sizeof why), "%s: %s", seeds[i].name,
                  why);
        free(text);
        leaks_found_fini(&found);
    }
}

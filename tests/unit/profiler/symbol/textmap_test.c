/* SPDX-License-Identifier: MIT */
#include "profiler/symbol/textmap.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/buf.h"

static const char perf_map[] = "7f0000001000 20 first\n"
                               "0x7f0000001020 0x10 second with spaces\r\n"
                               "not a line\n"
                               "7f0000001030\n"
                               "7f0000001040 zz bad size\n"
                               "7f0000001050 10 \n"
                               "7f0000001000 8 again\n"
                               "7f0000001060 10 last";

struct fixture {
    struct pf_arena arena;
    struct pf_query query;
    struct pf_queries queries;
};

static const char *match(struct fixture *fixture, struct pf_bytes text, uint64_t address,
                         void (*how)(struct pf_bytes, struct pf_queries *))
{
    fixture->query = (struct pf_query){.file_addr = address};
    fixture->queries = (struct pf_queries){&fixture->query, 1, &fixture->arena};
    how(text, &fixture->queries);
    return fixture->query.symbol.name;
}

static struct pf_bytes view(const char *text)
{
    return (struct pf_bytes){text, strlen(text)};
}

Test(perfmap, entries_cover_their_ranges)
{
    struct fixture fixture = {0};
    struct pf_bytes text = view(perf_map);

    cr_assert_str_eq(match(&fixture, text, 0x7f0000001010, pf_perfmap_match), "first");
    cr_assert_str_eq(match(&fixture, text, 0x7f000000102f, pf_perfmap_match), "second with spaces");
    cr_assert_str_eq(match(&fixture, text, 0x7f000000106f, pf_perfmap_match), "last");
    cr_assert_null(match(&fixture, text, 0x7f0000001035, pf_perfmap_match));
    cr_assert_null(match(&fixture, text, 0x7f0000001045, pf_perfmap_match));
    cr_assert_null(match(&fixture, text, 0x7f0000001055, pf_perfmap_match), "no name, no entry");
    pf_arena_fini(&fixture.arena);
}

Test(perfmap, the_later_entry_holds_where_code_was_reused)
{
    struct fixture fixture = {0};

    cr_assert_str_eq(match(&fixture, view(perf_map), 0x7f0000001004, pf_perfmap_match), "again");
    pf_arena_fini(&fixture.arena);
}

Test(perfmap, empty_and_cut_maps_name_what_is_there)
{
    struct fixture fixture = {0};

    for (size_t size = 0; size < sizeof perf_map; size++) {
        const char *name =
            match(&fixture, (struct pf_bytes){perf_map, size}, 0x7f0000001010, pf_perfmap_match);
        cr_assert(name == NULL || strncmp("first", name, strlen(name)) == 0, "%zu: %s", size, name);
    }
    pf_arena_fini(&fixture.arena);
}

Test(perfmap, hostile_numbers_do_not_wrap)
{
    struct fixture fixture = {0};

    cr_assert_null(
        match(&fixture, view("ffffffffffffffff ffffffffffffffff all\n"), 0x1000, pf_perfmap_match));
    cr_assert_null(match(&fixture, view("00000000000000001 10 long\n"), 0x1, pf_perfmap_match));
    cr_assert_str_eq(
        match(&fixture, view("0 ffffffffffffffff a\033[31mb\n"), 0x1000, pf_perfmap_match),
        "a?[31mb", "no escape sequence reaches a terminal");
    pf_arena_fini(&fixture.arena);
}

Test(perfmap, many_lines_that_cover_everything_end)
{
    enum { LINES = 100000, QUERIES = 1000 };
    struct pf_arena arena = {0};
    struct pf_query *at = pf_mem_new(QUERIES, sizeof *at);
    struct pf_buf text = {0};
    struct pf_queries queries = {at, QUERIES, &arena};
    for (uint32_t i = 0; i < QUERIES; i++)
        at[i].file_addr = 0x1000 + i;
    for (int i = 0; i < LINES; i++)
        pf_buf_put_str(&text, "0 ffffffff x\n");

    pf_perfmap_match(pf_buf_view(&text), &queries);

    cr_assert_str_eq(at[QUERIES - 1].symbol.name, "x");
    cr_assert_lt(arena.used_bytes, 16 << 20);
    pf_buf_fini(&text);
    pf_arena_fini(&arena);
    free(at);
}

static const char kallsyms[] = "ffffffff81000000 T startup_64\n"
                               "ffffffff81000100 t do_one\n"
                               "ffffffff81000180 D some_data\n"
                               "ffffffff81000200 W weak_one\n"
                               "ffffffffc0000000 t module_function\t[nf_tables]\n";

Test(kallsyms, the_nearest_symbol_below_names_an_address)
{
    struct fixture fixture = {0};
    struct pf_bytes text = view(kallsyms);

    cr_assert_str_eq(match(&fixture, text, 0xffffffff81000000, pf_kallsyms_match), "startup_64");
    cr_assert_str_eq(match(&fixture, text, 0xffffffff810001ff, pf_kallsyms_match), "do_one");
    cr_assert_str_eq(match(&fixture, text, 0xffffffff81000200, pf_kallsyms_match), "weak_one");
    cr_assert_str_eq(match(&fixture, text, 0xffffffffc0000010, pf_kallsyms_match),
                     "module_function");
    cr_assert_null(match(&fixture, text, 0xffffffff80000000, pf_kallsyms_match));
    pf_arena_fini(&fixture.arena);
}

Test(kallsyms, hidden_addresses_name_nothing)
{
    struct fixture fixture = {0};
    const char hidden[] = "0000000000000000 T startup_64\n0000000000000000 t do_one\n";

    cr_assert_null(match(&fixture, view(hidden), 0xffffffff81000000, pf_kallsyms_match));
    pf_arena_fini(&fixture.arena);
}

/* SPDX-License-Identifier: MIT */
#include "mocks/generator/gen_object.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mocks/generator/gen_dwarf.h"
#include "profiler/base/file.h"

static char dir[] = "/tmp/assay-gen-object-XXXXXX";

static void make_object(void)
{
    char command[512];

    cr_assert_not_null(mkdtemp(dir));
    (void)snprintf(
        command, sizeof command,
        "cd %s && printf 'int read(int); static int quiet(int a) { return a; }"
        " int loud(int a) { return quiet(read(a)); } int twice(void) { return loud(1); }'"
        " > a.c && cc -g -c a.c && ar rc lib.a a.o && : > empty && ar rcT thin.a a.o"
        " && cc -shared -fPIC a.c -o a.so && strip -o bare.o a.o && head -c 1500 a.o > short.o"
        " && mkfifo pipe && cc -g -gsplit-dwarf -c a.c -o split.o && cc -g1 -c a.c -o g1.o",
        dir);
    cr_assert_eq(system(command), 0);
}

static void drop(void)
{
    char command[64];
    (void)snprintf(command, sizeof command, "rm -rf %s", dir);
    (void)!system(command);
}

TestSuite(gen_object, .init = make_object, .fini = drop);

static const char *in_dir(const char *name)
{
    static char path[128];
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    return path;
}

static unsigned flags(const struct mk_gen_symbols *symbols, const char *name)
{
    const struct mk_gen_symbol *symbol = mk_gen_symbols_find(symbols, name);
    return symbol ? symbol->flags : 0;
}

Test(gen_object, tells_what_is_called_and_defined)
{
    struct mk_gen_symbols symbols = {0};
    struct pf_err err = {0};

    cr_assert(mk_gen_symbols_read(&symbols, in_dir("a.o"), &err), "%s", err.text);
    cr_assert_eq(flags(&symbols, "read"), MK_GEN_CALLED);
    cr_assert(flags(&symbols, "quiet") & MK_GEN_STATIC);
    cr_assert_eq(flags(&symbols, "loud"), MK_GEN_DEFINED | MK_GEN_CALLED_AT_HOME);
    cr_assert_eq(flags(&symbols, "twice"), MK_GEN_DEFINED);
    cr_assert_eq(flags(&symbols, "write"), 0);
    mk_gen_symbols_fini(&symbols);
}

Test(gen_object, reads_the_members_of_an_archive)
{
    struct mk_gen_symbols symbols = {0};
    struct pf_err err = {0};

    cr_assert(mk_gen_symbols_read(&symbols, in_dir("lib.a"), &err), "%s", err.text);
    const struct mk_gen_symbol *loud = mk_gen_symbols_find(&symbols, "loud");
    cr_assert_not_null(loud);
    cr_assert_not_null(strstr(loud->defined_in, "lib.a(a.o)"), "%s", loud->defined_in);
    mk_gen_symbols_fini(&symbols);
}

Test(gen_object, what_is_no_object_is_named)
{
    struct mk_gen_symbols symbols = {0};
    struct pf_err err = {0};

    cr_assert_not(mk_gen_symbols_read(&symbols, in_dir("none"), &err));
    cr_assert_eq(err.code, PF_ERR_NOT_FOUND);
    cr_assert_not(mk_gen_symbols_read(&symbols, in_dir("empty"), &err));
    cr_assert_eq(err.code, PF_ERR_FORMAT);
    cr_assert_not(mk_gen_symbols_read(&symbols, in_dir("a.c"), &err));
    cr_assert_not_null(strstr(err.text, "neither an ELF object nor an archive"), "%s", err.text);
    mk_gen_symbols_fini(&symbols);
}

Test(gen_object, what_the_linker_does_not_wrap_is_refused, .timeout = 10)
{
    static const char *const cases[][2] = {
        {"a.so", "linked already, --wrap cannot change its calls"},
        {"bare.o", "stripped, without a symbol table"},
        {"short.o", "cut short: its section table is past its end"},
        {"thin.a", "a thin archive, its objects are elsewhere"},
        {"pipe", "not a regular file"},
        {"", "a directory"},
    };

    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mk_gen_symbols symbols = {0};
        struct pf_err err = {0};
        cr_expect_not(mk_gen_symbols_read(&symbols, in_dir(cases[i][0]), &err), "%s", cases[i][0]);
        cr_expect_not_null(strstr(err.text, cases[i][1]), "%s: %s", cases[i][0], err.text);
        mk_gen_symbols_fini(&symbols);
    }
}

/* Reads whatever stands in the file; only crashing or hanging would be wrong. */
static void read_anyhow(const struct pf_buf *bytes, size_t size)
{
    struct mk_gen_symbols symbols = {0};
    struct pf_err err = {0};
    struct pf_arena arena = {0};
    struct mk_gen_wanted wanted[] = {{.name = "loud"}, {.name = "read"}};
    int fd = open(in_dir("cut.o"), O_WRONLY | O_CREAT | O_TRUNC, 0600);

    cr_assert_eq(write(fd, bytes->at, size), (ssize_t)size);
    close(fd);
    if (!mk_gen_symbols_read(&symbols, in_dir("cut.o"), &err))
        cr_expect_neq(err.text[0], '\0');
    (void)!mk_gen_dwarf_read(wanted, 2, in_dir("cut.o"), &arena, &err);
    pf_arena_fini(&arena);
    mk_gen_symbols_fini(&symbols);
}

Test(gen_object, an_object_cut_at_any_byte_is_read_or_refused, .timeout = 120)
{
    struct pf_buf bytes = {0};
    struct pf_err err = {0};

    cr_assert(pf_file_read(&bytes, in_dir("a.o"), 1 << 20, &err), "%s", err.text);
    for (size_t size = 0; size < bytes.size; size += size < 128 ? 1 : 7)
        read_anyhow(&bytes, size);
    pf_buf_fini(&bytes);
}

Test(gen_object, an_object_with_any_byte_wrong_is_read_or_refused, .timeout = 120)
{
    struct pf_buf bytes = {0};
    struct pf_err err = {0};

    cr_assert(pf_file_read(&bytes, in_dir("a.o"), 1 << 20, &err), "%s", err.text);
    for (size_t at = 0; at < bytes.size; at += 5) {
        uint8_t was = bytes.at[at];
        bytes.at[at] ^= 0xff;
        read_anyhow(&bytes, bytes.size);
        bytes.at[at] = was;
    }
    pf_buf_fini(&bytes);
}

Test(gen_object, prototypes_come_with_names_from_definitions)
{
    struct pf_arena arena = {0};
    struct pf_err err = {0};
    struct mk_gen_wanted wanted[] = {{.name = "loud"}, {.name = "read"}, {.name = "none"}};

    cr_assert(mk_gen_dwarf_read(wanted, 3, in_dir("lib.a"), &arena, &err), "%s", err.text);
    cr_assert(wanted[0].found && wanted[0].has_names);
    cr_assert_str_eq(wanted[0].proto.params[0].name, "a");
    cr_assert(wanted[1].found && !wanted[1].has_names);
    cr_assert_str_eq(wanted[1].proto.params[0].name, "arg1");
    cr_assert_not(wanted[2].found);
    pf_arena_fini(&arena);
}

Test(gen_object, what_debug_information_does_not_describe_is_told)
{
    static const char *const cases[][2] = {
        {"split.o", "its debug information stands in a .dwo file"},
        {"g1.o", "it is declared without a prototype (or built with -g1)"},
    };

    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct pf_arena arena = {0};
        struct pf_err err = {0};
        struct mk_gen_wanted wanted = {.name = "read"};
        cr_assert(mk_gen_dwarf_read(&wanted, 1, in_dir(cases[i][0]), &arena, &err));
        cr_expect_not(wanted.found);
        cr_expect(wanted.why_not && strstr(wanted.why_not, cases[i][1]), "%s: %s", cases[i][0],
                  wanted.why_not ? wanted.why_not : "nothing");
        pf_arena_fini(&arena);
    }
}

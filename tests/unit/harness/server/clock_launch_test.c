/* SPDX-License-Identifier: MIT */
#include "harness/server/clock_launch.h"

#include <criterion/criterion.h>
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "profiler/base/file.h"

static char dir[] = "/tmp/clock-launch-XXXXXX";
static struct hn_clock_place place = {dir, "ASSAY_CLOCK_PAGE=/page", "/"};
static struct pf_arena arena;

static void start(void)
{
    cr_assert(mkdtemp(dir));
    (void)unsetenv("LD_PRELOAD");
    (void)unsetenv("ASAN_OPTIONS");
}

static void end(void)
{
    char command[128];

    (void)snprintf(command, sizeof command, "rm -r %s", dir);
    cr_assert_eq(system(command), 0);
    pf_arena_fini(&arena);
}

TestSuite(clock_launch, .init = start, .fini = end);

static void prepare(char **env, const char *program)
{
    struct pf_err err = {0};
    cr_assert(hn_clock_prepare(env, &arena, program, &place, &err), "%s", err.text);
}

static bool ends_with(const char *text, const char *tail)
{
    size_t size = strlen(text), tail_size = strlen(tail);
    return size >= tail_size && strcmp(text + size - tail_size, tail) == 0;
}

Test(clock_launch, the_library_is_written_and_preloaded)
{
    char *env[8] = {(char *)"A=1"};
    char path[64];

    prepare(env, "sh");
    cr_assert_str_eq(env[0], "A=1");
    cr_assert(ends_with(env[1], "/libassay-clock.so"), "%s", env[1]);
    cr_assert_str_eq(env[2], "ASSAY_CLOCK_PAGE=/page");
    cr_assert_null(env[4]);
    (void)snprintf(path, sizeof path, "%s/libassay-clock.so", dir);
    cr_assert_eq(access(path, X_OK), 0);
}

Test(clock_launch, a_preload_of_the_user_s_stays)
{
    char *inherited[8] = {0}, *given[8] = {(char *)"LD_PRELOAD=mine.so"},
         *unset[8] = {(char *)"LD_PRELOAD"};

    (void)setenv("LD_PRELOAD", "theirs.so", 1);
    (void)setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
    prepare(inherited, "sh");
    cr_assert(ends_with(inherited[0], "/libassay-clock.so:theirs.so"), "%s", inherited[0]);
    cr_assert_str_eq(inherited[2], "ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0");
    prepare(given, "sh");
    cr_assert(ends_with(given[1], "/libassay-clock.so:mine.so"), "%s", given[1]);
    prepare(unset, "sh");
    cr_assert(ends_with(unset[1], "/libassay-clock.so"), "%s", unset[1]);
    (void)unsetenv("LD_PRELOAD");
}

Test(clock_launch, a_place_that_cannot_be_written_is_named)
{
    struct hn_clock_place nowhere = {"/nowhere", "ASSAY_CLOCK_PAGE=/page", "/"};
    char *env[8] = {0};
    struct pf_err err = {0};

    cr_assert_not(hn_clock_prepare(env, &arena, "sh", &nowhere, &err));
    cr_assert(strstr(err.text, "/nowhere/libassay-clock.so"), "%s", err.text);
    cr_assert_null(env[0]);
}

static bool is_static(const void *bytes, size_t size)
{
    char path[64];
    struct pf_err err = {0};

    (void)snprintf(path, sizeof path, "%s/program", dir);
    cr_assert(pf_file_write(path, (struct pf_bytes){bytes, size}, &err), "%s", err.text);
    return hn_clock_is_static(path);
}

struct program {
    Elf64_Ehdr header;
    Elf64_Phdr segments[2];
};

static struct program program_of(uint32_t first, uint32_t second)
{
    struct program program = {
        .header = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64},
                   .e_phoff = sizeof(Elf64_Ehdr),
                   .e_phentsize = sizeof(Elf64_Phdr),
                   .e_phnum = 2},
        .segments = {{.p_type = first}, {.p_type = second}},
    };
    return program;
}

Test(clock_launch, a_program_without_an_interpreter_is_static)
{
    struct program fixed = program_of(PT_LOAD, PT_NOTE), dynamic = program_of(PT_LOAD, PT_INTERP);

    cr_assert(is_static(&fixed, sizeof fixed));
    cr_assert_not(is_static(&dynamic, sizeof dynamic));
}

Test(clock_launch, what_is_no_whole_program_is_left_to_exec)
{
    struct program fixed = program_of(PT_LOAD, PT_NOTE);

    for (size_t size = 0; size < sizeof fixed; size++)
        cr_assert_not(is_static(&fixed, size), "cut at %zu", size);
    cr_assert_not(is_static("#!/bin/sh\n", 10));
    fixed.header.e_phoff = UINT64_MAX - 10;
    cr_assert_not(is_static(&fixed, sizeof fixed));
    cr_assert_not(hn_clock_is_static("/nowhere/program"));
    cr_assert_not(hn_clock_is_static(""));
}

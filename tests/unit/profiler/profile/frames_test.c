/* SPDX-License-Identifier: MIT */
#include "profiler/profile/frames.h"

#include <criterion/criterion.h>
#include <stdio.h>

#include "profiler/profile/profile.h"
#include "tests/unit/profiler/profile/stacks_fixture.h"

static struct pf_profile profile;
static struct pf_frames frames;

static void start(void)
{
    pf_profile_init(&profile);
    (void)pf_profile_add_value_type(&profile, "samples", "count");
}

static void end(void)
{
    pf_frames_fini(&frames);
    pf_profile_fini(&profile);
}

TestSuite(frames, .init = start, .fini = end);

static uint32_t mapped(const char *path, uint64_t address)
{
    struct pf_mapping mapping = {.start = 0x1000,
                                 .limit = 0x9000,
                                 .file_offset = 0x400,
                                 .file = pf_profile_string(&profile, path)};

    return pf_profile_location(&profile, address, pf_profile_mapping(&profile, &mapping));
}

static uint32_t function(const char *name, const char *file, int64_t start_line)
{
    struct pf_function of = {.name = pf_profile_string(&profile, name),
                             .file = pf_profile_string(&profile, file),
                             .start_line = start_line};

    return pf_profile_function(&profile, &of);
}

static const struct pf_frame *only_frame(uint32_t location)
{
    uint32_t count = 0;
    const uint32_t *ids = pf_frames_view(&frames, location, &count);

    cr_assert_eq(count, 1);
    return &frames.at[ids[0]];
}

Test(frames, addresses_of_one_function_are_one_frame)
{
    struct pf_line line = {function("work", "work.c", 10), 12};
    uint32_t a = mapped("/bin/server", 0x2000), b = mapped("/bin/server", 0x2010);
    pf_profile_set_lines(&profile, a, &line, 1);
    line.line = 14;
    pf_profile_set_lines(&profile, b, &line, 1);

    pf_frames_init(&frames, &profile);

    cr_assert_eq(only_frame(a), only_frame(b));
    cr_assert_eq(only_frame(a)->line, 10);
    cr_assert_str_eq(only_frame(a)->file, "work.c");
}

Test(frames, one_name_in_two_objects_is_two_frames)
{
    ts_add_stack(&profile, "init@/lib/a.so;init@/lib/b.so", 1);

    pf_frames_init(&frames, &profile);

    cr_assert_eq(frames.count, 2);
}

Test(frames, address_nobody_named_is_its_object_and_file_offset)
{
    uint32_t location = mapped("/usr/bin/server", 0x2000);

    pf_frames_init(&frames, &profile);

    cr_assert_str_eq(only_frame(location)->name, "server+0x1400");
}

Test(frames, address_without_object_is_a_number_of_unknown_kind)
{
    uint32_t location = pf_profile_location(&profile, 0xabc, PF_NONE);

    pf_frames_init(&frames, &profile);

    cr_assert_str_eq(only_frame(location)->name, "0xabc");
    cr_assert_eq(only_frame(location)->kind, PF_FRAME_UNKNOWN);
}

Test(frames, inlined_functions_stand_before_the_one_they_are_in)
{
    struct pf_line lines[2] = {{function("inner", "a.h", 1), 3}, {function("outer", "a.c", 1), 9}};
    uint32_t location = mapped("/bin/server", 0x2000), count = 0;
    pf_profile_set_lines(&profile, location, lines, 2);

    pf_frames_init(&frames, &profile);
    const uint32_t *ids = pf_frames_view(&frames, location, &count);

    cr_assert_eq(count, 2);
    cr_assert_str_eq(frames.at[ids[0]].name, "inner");
    cr_assert(frames.at[ids[0]].is_inlined);
    cr_assert_not(frames.at[ids[1]].is_inlined);
}

Test(frames, kinds_come_from_the_object)
{
    static const struct {
        const char *object;
        enum pf_frame_kind kind;
    } cases[] = {
        {"/usr/sbin/nginx", PF_FRAME_OWN},
        {"/usr/lib/x86_64-linux-gnu/libssl.so.3", PF_FRAME_LIBRARY},
        {"/usr/lib/x86_64-linux-gnu/libc.so.6", PF_FRAME_LIBC},
        {"/lib64/ld-linux-x86-64.so.2", PF_FRAME_LIBC},
        {"[vdso]", PF_FRAME_LIBC},
        {"[kernel]", PF_FRAME_KERNEL},
        {"[kernel.kallsyms]", PF_FRAME_KERNEL},
        {"/lib/modules/6.1/net/nf_tables.ko", PF_FRAME_KERNEL},
        {"/tmp/perf-12.map", PF_FRAME_JIT},
        {"/memfd:jit", PF_FRAME_JIT},
        {"[jit:12]", PF_FRAME_JIT},
    };
    char stack[128];

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        (void)snprintf(stack, sizeof stack, "f%zu@%s", i, cases[i].object);
        ts_add_stack(&profile, stack, 1);
    }
    pf_frames_init(&frames, &profile);

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        cr_expect_eq(frames.at[i].kind, cases[i].kind, "%s", cases[i].object);
}

Test(frames, base_name_is_the_last_part)
{
    cr_assert_str_eq(pf_frame_base_name("/usr/bin/x"), "x");
    cr_assert_str_eq(pf_frame_base_name("x"), "x");
    cr_assert_str_eq(pf_frame_base_name("dir/"), "dir/");
}

/* SPDX-License-Identifier: MIT */
#include "profiler/symbol/symbolize.h"

#include <criterion/criterion.h>
#include <dlfcn.h>
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "profiler/base/spawn.h"
#include "profiler/symbol/jit.h"
#include "profiler/symbol/symfile.h"
#include "sample_object.h"

#define SAMPLE_SOURCE ASSAY_SOURCE_DIR "/tests/unit/profiler/symbol/sample_inlines.c"

static const struct pf_symbolize our_view = {.skip_debuginfod = true};

/* The whole truth about sample_mark: three functions, each with the line it stands at. */
static void expect_inlines(const struct ts_named *named)
{
    cr_assert_eq(ts_line_count(named), 3);
    cr_assert_str_eq(ts_function(named, 0), "innermost");
    cr_assert_str_eq(ts_function(named, 1), "middle");
    cr_assert_str_eq(ts_function(named, 2), "sample_outer");
    cr_assert_eq(ts_line(named, 0), ts_source_line(SAMPLE_SOURCE, "/* INNERMOST */"));
    cr_assert_eq(ts_line(named, 1), ts_source_line(SAMPLE_SOURCE, "/* MIDDLE */"));
    cr_assert_eq(ts_line(named, 2), ts_source_line(SAMPLE_SOURCE, "/* OUTER */"));
    for (uint32_t i = 0; i < 3; i++)
        cr_assert_str_eq(ts_file(named, i), SAMPLE_SOURCE);
}

Test(symbolize, inlined_functions_are_lines_leaf_first)
{
    uint64_t mark = ts_symbol_value(SAMPLE_INLINES, "sample_mark");

    struct ts_named named = ts_name_address(SAMPLE_INLINES, SAMPLE_INLINES, mark, &our_view);

    expect_inlines(&named);
    cr_assert_eq(named.stats.named, 1);
    cr_assert_eq(named.stats.with_lines, 1);
    const struct pf_mapping *mapping = pf_profile_mapping_at(&named.profile, 0);
    cr_assert(mapping->has_functions && mapping->has_lines && mapping->has_inlines);
    ts_named_fini(&named);
}

Test(symbolize, skip_inlines_leaves_the_function_itself)
{
    struct pf_symbolize options = {.skip_debuginfod = true, .skip_inlines = true};
    uint64_t mark = ts_symbol_value(SAMPLE_INLINES, "sample_mark");

    struct ts_named named = ts_name_address(SAMPLE_INLINES, SAMPLE_INLINES, mark, &options);

    cr_assert_eq(ts_line_count(&named), 1);
    cr_assert_str_eq(ts_function(&named, 0), "sample_outer");
    ts_named_fini(&named);
}

struct cpp_case {
    const char *mark, *name;
};

Test(symbolize, cpp_functions_are_found_in_all_their_hiding_places)
{
    static const struct cpp_case cases[] = {
        {"cpp_mark_method", "bench::Queue<int>::push"},
        {"cpp_mark_hidden", "bench::(anonymous namespace)::hidden"},
        {"cpp_mark_lambda", "main::{lambda(int)#1}::operator()"},
        {"cpp_mark_local", "main::Local::inside"},
    };

    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint64_t mark = ts_symbol_value(SAMPLE_CPP, cases[i].mark);
        struct ts_named named = ts_name_address(SAMPLE_CPP, SAMPLE_CPP, mark, &our_view);
        cr_expect_str_eq(ts_function(&named, 0), cases[i].name);
        cr_expect_gt(ts_line(&named, 0), 0, "%s", cases[i].mark);
        ts_named_fini(&named);
    }
}

/* A stripped copy, and its debug information in a file beside it. */
static const char *stripped_copy(char *path, size_t size, const char *name)
{
    (void)snprintf(path, size, "%s/%s", ts_symbol_dir(), name);
    ts_shell("cp %s %s.debug && objcopy --only-keep-debug %s.debug && objcopy --strip-all %s %s",
             SAMPLE_INLINES, path, path, SAMPLE_INLINES, path);
    return path;
}

static void expect_bare(const char *path, const char *name, uint64_t offset)
{
    char expected[64];
    struct pf_symbolize options = {.skip_debuginfod = true, .debug_dir = ts_symbol_dir()};
    uint64_t mark = ts_symbol_value(SAMPLE_INLINES, "sample_mark");

    struct ts_named named = ts_name_address(path, path, mark, &options);

    (void)snprintf(expected, sizeof expected, "%s+0x%llx", name, (unsigned long long)offset);
    cr_assert_str_eq(ts_function(&named, 0), expected);
    cr_assert_eq(named.stats.objects_without_symbols, 1);
    cr_assert_eq(named.stats.named, 0);
    ts_named_fini(&named);
}

Test(symbolize, what_nobody_names_is_object_and_start_of_the_function)
{
    char path[128];

    (void)stripped_copy(path, sizeof path, "bare");
    expect_bare(path, "bare", ts_symbol_value(SAMPLE_INLINES, "sample_outer"));
}

Test(symbolize, without_frame_information_it_is_object_and_address)
{
    char path[128];

    (void)stripped_copy(path, sizeof path, "barest");
    ts_shell("objcopy -R .eh_frame -R .eh_frame_hdr %s", path);
    expect_bare(path, "barest", ts_symbol_value(SAMPLE_INLINES, "sample_mark"));
}

Test(symbolize, debuglink_is_followed_beside_the_file)
{
    char path[128];
    struct pf_symbolize options = {.skip_debuginfod = true, .debug_dir = "/nonexistent"};
    uint64_t mark = ts_symbol_value(SAMPLE_INLINES, "sample_mark");
    (void)stripped_copy(path, sizeof path, "linked");
    ts_shell("objcopy --add-gnu-debuglink=%s.debug %s", path, path);

    struct ts_named named = ts_name_address(path, path, mark, &options);

    expect_inlines(&named);
    ts_named_fini(&named);
}

Test(symbolize, debuglink_with_another_crc_is_not_taken)
{
    char path[128];
    struct pf_symbolize options = {.skip_debuginfod = true, .debug_dir = "/nonexistent"};
    uint64_t mark = ts_symbol_value(SAMPLE_INLINES, "sample_mark");
    (void)stripped_copy(path, sizeof path, "unlike");
    ts_shell("objcopy --add-gnu-debuglink=%s.debug --remove-section=.note.gnu.build-id %s", path,
             path);
    ts_shell("objcopy --remove-section=.note.gnu.build-id %s.debug", path);

    struct ts_named named = ts_name_address(path, path, mark, &options);

    cr_assert_eq(named.stats.named, 0);
    ts_named_fini(&named);
}

Test(symbolize, debuglink_without_build_id_is_proved_by_its_crc)
{
    char path[128];
    struct pf_symbolize options = {.skip_debuginfod = true, .debug_dir = "/nonexistent"};
    uint64_t mark = ts_symbol_value(SAMPLE_INLINES, "sample_mark");
    (void)stripped_copy(path, sizeof path, "anonymous");
    ts_shell("objcopy --remove-section=.note.gnu.build-id %s.debug", path);
    ts_shell("objcopy --add-gnu-debuglink=%s.debug --remove-section=.note.gnu.build-id %s", path,
             path);

    struct ts_named named = ts_name_address(path, path, mark, &options);

    expect_inlines(&named);
    ts_named_fini(&named);
}

/* The file's build id as the tree under .build-id spells it: ab/cdef... */
static void build_id_tree(const char *path, const char *debug_dir)
{
    ts_shell("id=$(readelf -n %s | sed -n 's/.*Build ID: *//p') && "
             "mkdir -p %s/.build-id/$(echo $id | cut -c1-2) && "
             "mv %s.debug %s/.build-id/$(echo $id | cut -c1-2)/$(echo $id | cut -c3-).debug",
             path, debug_dir, path, debug_dir);
}

Test(symbolize, debug_file_is_found_by_build_id)
{
    char path[128];
    char debug_dir[128];
    uint64_t mark = ts_symbol_value(SAMPLE_INLINES, "sample_mark");
    (void)stripped_copy(path, sizeof path, "by-id");
    (void)snprintf(debug_dir, sizeof debug_dir, "%s/debug", ts_symbol_dir());
    build_id_tree(path, debug_dir);
    struct pf_symbolize options = {.skip_debuginfod = true, .debug_dir = debug_dir};

    struct ts_named named = ts_name_address(path, path, mark, &options);

    expect_inlines(&named);
    ts_named_fini(&named);
}

Test(symbolize, debug_file_serves_alone_when_the_object_is_gone)
{
    char path[128];
    char debug_dir[128];
    uint64_t mark = ts_symbol_value(SAMPLE_INLINES, "sample_mark");
    (void)stripped_copy(path, sizeof path, "gone");
    (void)snprintf(debug_dir, sizeof debug_dir, "%s/debug-gone", ts_symbol_dir());
    build_id_tree(path, debug_dir);
    struct pf_symbolize options = {.skip_debuginfod = true, .debug_dir = debug_dir};

    struct ts_named named = ts_name_address(SAMPLE_INLINES, "/nonexistent/gone", mark, &options);

    expect_inlines(&named);
    ts_named_fini(&named);
}

Test(symbolize, another_build_under_the_same_path_is_not_believed)
{
    char path[128];
    struct pf_symbolize options = {.skip_debuginfod = true, .debug_dir = "/nonexistent"};
    uint64_t mark = ts_symbol_value(SAMPLE_INLINES, "sample_mark");
    (void)snprintf(path, sizeof path, "%s/replaced", ts_symbol_dir());
    ts_shell("cp %s %s", SAMPLE_CPP, path);

    struct ts_named named = ts_name_address(SAMPLE_INLINES, path, mark, &options);

    cr_assert_eq(named.stats.named, 0);
    ts_named_fini(&named);
}

Test(symbolize, mini_debug_information_names_local_functions)
{
    char path[128];
    struct pf_symbolize options = {.skip_debuginfod = true, .debug_dir = "/nonexistent"};
    uint64_t mark = ts_symbol_value(SAMPLE_INLINES, "sample_local_mark");
    (void)stripped_copy(path, sizeof path, "mini");
    ts_shell("objcopy --strip-debug %s %s.symbols && xz -f %s.symbols && "
             "objcopy --add-section .gnu_debugdata=%s.symbols.xz %s",
             SAMPLE_INLINES, path, path, path, path);

    struct ts_named named = ts_name_address(path, path, mark, &options);

    cr_assert_str_eq(ts_function(&named, 0), "local_function");
    ts_named_fini(&named);
}

Test(symbolize, plt_stub_is_named_after_what_it_jumps_to)
{
    struct pf_symfile file = {0};
    struct pf_symsection section = {0};
    struct pf_err err;

    cr_assert(pf_symfile_open(&file, SAMPLE_INLINES, &err));
    cr_assert(pf_symfile_section(&file, ".plt.sec", &section)
              || pf_symfile_section(&file, ".plt", &section));
    uint64_t file_addr = section.file_addr + (section.size_bytes > 16 ? 16 : 0) + 4;
    pf_symfile_close(&file);

    struct ts_named named = ts_name_address(SAMPLE_INLINES, SAMPLE_INLINES, file_addr, &our_view);

    cr_assert_str_eq(ts_function(&named, 0), "printf@plt");
    ts_named_fini(&named);
}

/* A location at an address of our own process, named. */
static struct ts_named name_own(const char *file, uint64_t start, uint64_t address)
{
    struct pf_symbolize options = {.pid = getpid(), .skip_debuginfod = true};
    struct ts_named named = {0};
    struct pf_err err;

    pf_profile_init(&named.profile);
    struct pf_mapping mapping = {.start = start,
                                 .limit = start + 0x10000,
                                 .file = pf_profile_string(&named.profile, file),
                                 .build_id = pf_profile_string(&named.profile, "")};
    uint32_t index = pf_profile_mapping(&named.profile, &mapping);
    named.location = pf_profile_location(&named.profile, address, index);
    cr_assert(pf_symbolize(&named.profile, &options, &named.stats, &err), "%s", err.text);
    return named;
}

Test(symbolize, vdso_is_named)
{
    uint64_t vdso = getauxval(AT_SYSINFO_EHDR);
    struct pf_symfile file = {0};
    struct pf_symtab symtab;
    struct pf_err err;
    Elf64_Sym symbol;
    cr_assert(
        pf_symfile_open_bytes(&file, (struct pf_bytes){(const void *)vdso, 8192}, "vdso", &err));
    cr_assert(pf_symfile_symtab(&file, true, &symtab));
    memcpy(&symbol, (const char *)symtab.entries.at + sizeof symbol, sizeof symbol);
    pf_symfile_close(&file);

    struct ts_named named = name_own("[vdso]", vdso, vdso + symbol.st_value + 1);

    cr_assert_eq(named.stats.named, 1);
    cr_assert_null(strstr(ts_function(&named, 0), "+0x"));
    ts_named_fini(&named);
}

Test(symbolize, jit_code_is_named_by_the_perf_map)
{
    char path[64];
    char own[32];
    (void)snprintf(path, sizeof path, "/tmp/perf-%d.map", (int)getpid());
    FILE *map = fopen(path, "we");
    cr_assert_not_null(map);
    (void)fputs("500000 100 old code\n500000 40 LazyCompile:handler server.js:7\n", map);
    (void)fclose(map);

    struct ts_named first = name_own("", 0x500000, 0x500010);
    struct ts_named second = name_own("//anon", 0x500000, 0x500050);
    (void)snprintf(own, sizeof own, "[jit:%d]", (int)getpid());
    struct ts_named third = name_own(own, 0x500000, 0x500010);
    struct ts_named others = name_own("[jit:1]", 0x500000, 0x500010);
    (void)unlink(path);

    cr_assert_str_eq(ts_function(&first, 0), "LazyCompile:handler server.js:7");
    cr_assert_str_eq(ts_function(&second, 0), "old code");
    cr_assert_str_eq(ts_function(&third, 0), "LazyCompile:handler server.js:7");
    cr_assert(strstr(ts_function(&others, 0), "+0x"), "by the map of another process");
    ts_named_fini(&first);
    ts_named_fini(&second);
    ts_named_fini(&third);
    ts_named_fini(&others);
}

Test(symbolize, a_jit_mapping_tells_whose_it_is)
{
    cr_expect_eq(pf_jit_owner("[jit:4711]"), 4711);
    cr_expect_eq(pf_jit_owner("[jit]"), 0);
    cr_expect_eq(pf_jit_owner("[jit:]"), 0);
    cr_expect_eq(pf_jit_owner("[jit:-3]"), 0);
    cr_expect_eq(pf_jit_owner("[jit:99999999999999999999]"), 0);
    cr_expect_eq(pf_jit_owner("[jit:12]x"), 0);
    cr_expect_eq(pf_jit_owner("/usr/lib/libjit.so"), 0);
}

Test(symbolize, deleted_executable_is_read_through_its_process)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/sleeper", ts_symbol_dir());
    ts_shell("cp %s %s", SAMPLE_INLINES, path);
    uint64_t mark = ts_symbol_value(path, "sample_mark");
    char *argv[] = {path, (char *)"wait", NULL};
    struct pf_spawn spec = {.argv = argv};
    struct pf_child child = {0};
    struct pf_err err;
    cr_assert(pf_child_start(&child, &spec, &err), "%s", err.text);
    (void)unlink(path);
    struct pf_symbolize options = {
        .pid = child.pid, .skip_debuginfod = true, .debug_dir = "/nonexistent"};
    char shown[160];
    (void)snprintf(shown, sizeof shown, "%s (deleted)", path);

    struct ts_named named = ts_name_address(SAMPLE_INLINES, shown, mark, &options);
    pf_child_stop(&child, 100);
    pf_child_fini(&child);

    expect_inlines(&named);
    ts_named_fini(&named);
}

Test(symbolize, libc_functions_have_the_names_people_write)
{
    /* With libc6-dbg DWARF says __libc_read; without, .dynsym has three aliases. */
    const struct {
        const char *name;
        uint64_t address;
    } cases[] = {{"read", (uint64_t)(uintptr_t)read}, {"malloc", (uint64_t)(uintptr_t)malloc}};
    Dl_info info;

    for (unsigned i = 0; i < 2; i++) {
        cr_assert(dladdr((void *)(uintptr_t)cases[i].address, &info));
        struct pf_symfile file = {0};
        struct pf_err err;
        cr_assert(pf_symfile_open(&file, info.dli_fname, &err));
        pf_symfile_close(&file);
        uint64_t file_addr = cases[i].address - (uint64_t)(uintptr_t)info.dli_fbase;
        struct ts_named named =
            ts_name_address(info.dli_fname, info.dli_fname, file_addr + 1, &our_view);
        cr_expect_str_eq(ts_function(&named, ts_line_count(&named) - 1), cases[i].name);
        ts_named_fini(&named);
    }
}

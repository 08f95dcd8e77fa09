/* SPDX-License-Identifier: MIT */
#include "profiler/elf/elf_symbols.h"

#include <criterion/criterion.h>
#include <dlfcn.h>
#include <unistd.h>

#include "profiler/elf/elf_file.h"

/* The C library this test runs with. */
static struct pf_elf open_libc(void)
{
    struct pf_elf elf = {0};
    struct pf_err err = {0};
    Dl_info about;

    cr_assert(dladdr((const void *)(uintptr_t)&getpid, &about));
    cr_assert(pf_elf_open(&elf, about.dli_fname, &err), "%s", err.text);
    return elf;
}

Test(elf_symbols, functions_are_found_and_those_that_are_not_there_are_not)
{
    static const char *const names[] = {"dlopen", "no_such_function", "select"};
    struct pf_elf_function found[3];
    struct pf_elf elf = open_libc();
    uint64_t alone = 0;

    cr_expect_eq(pf_elf_functions_find(&elf, names, 3, found), 2);
    cr_expect(pf_elf_function_addr(&elf, "dlopen", &alone));
    cr_expect_eq(found[0].file_addr, alone);
    cr_expect_eq(found[1].file_addr, 0);
    cr_expect_gt(found[2].size_bytes, 0);
    cr_expect_not(pf_elf_function_addr(&elf, "no_such_function", &alone));
    pf_elf_close(&elf);
}

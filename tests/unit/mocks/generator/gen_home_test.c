/* SPDX-License-Identifier: MIT */
#include "mocks/generator/gen_home.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "mocks/generator/gen_object.h"

static char dir[] = "/tmp/assay-gen-home-XXXXXX";

static void make(void)
{
    cr_assert_not_null(mkdtemp(dir));
}

static void drop(void)
{
    char command[64];
    (void)snprintf(command, sizeof command, "rm -rf %s", dir);
    (void)!system(command);
}

TestSuite(gen_home, .init = make, .fini = drop);

/* Compile source and ask whether the file that defines f calls it. */
static bool calls_f(const char *compiler, const char *source)
{
    struct mk_gen_symbols symbols = {0};
    struct pf_err err = {0};
    char path[128];

    (void)snprintf(path, sizeof path, "%s/a.c", dir);
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file);
    (void)fputs(source, file);
    (void)fclose(file);
    char command[512];
    (void)snprintf(command, sizeof command, "cd %s && %s -w -c a.c -o a.o", dir, compiler);
    cr_assert_eq(system(command), 0, "%s", command);
    (void)snprintf(path, sizeof path, "%s/a.o", dir);
    cr_assert(mk_gen_symbols_read(&symbols, path, &err), "%s", err.text);
    const struct mk_gen_symbol *f = mk_gen_symbols_find(&symbols, "f");
    cr_assert(f && (f->flags & MK_GEN_DEFINED));
    bool is_called = f->flags & MK_GEN_CALLED_AT_HOME;
    mk_gen_symbols_fini(&symbols);
    return is_called;
}

#define F "volatile int k; __attribute__((noinline)) int f(int x) { k = x; return k + 1; }\n"
/* It jumps back to its first instruction. */
#define LOOP "char *f(char *s) { while (*s++ != ' '); return s; }\n"
/* At -O2 gcc copies f for the constant. */
#define COPIED                                                                                     \
    "volatile int k; __attribute__((noinline)) int f(int x, int y)"                                \
    " { for (int i = 0; i < y; i++) k += x; return k; }\n"                                         \
    "int g(int x) { return f(x, 3) + f(x + 1, 3); }\n"
#define COLD                                                                                       \
    "void die(void) __attribute__((cold)); int h(int); volatile int k;\n"                          \
    "int f(int x) { if (__builtin_expect(x < 0, 0)) { k = 1; die(); k = 2; } return h(x) + 1; }\n"
#define SWITCH                                                                                     \
    "int h(int); int g(int x) { switch (x) { case 0: return h(1); case 1: return h(5);"            \
    " case 2: return h(7); case 3: return h(2); case 4: return h(8); case 5: return h(3); }"       \
    " return 0; }\n"

Test(gen_home, calls_of_every_kind_are_found)
{
    static const char *const cases[][2] = {
        {"gcc -O0", F "int g(int x) { return f(x); }"},
        {"gcc -O2", F "int g(int x) { return f(x * 2); }"},           /* jmp, resolved */
        {"gcc -O2 -fPIC", F "int g(int x) { return f(x * 2) + 1; }"}, /* call f@PLT */
        {"gcc -Os", F "int g(int x) { return f(x * 2); }"},           /* jmp, one byte */
        {"gcc -O2 -ffunction-sections", F "int g(int x) { return f(x * 2); }"},
        {"clang -O2", F "int g(int x) { return f(x * 2); }"},
        {"clang -O2 -fPIC -fno-semantic-interposition", F "int g(int x) { return f(x) + 2; }"},
        {"gcc -O2", F "int (*table[])(int) = { f };"},
        {"gcc -O2 -fPIC", F "static int (*const table[])(int) = { f, f };"
                            " int g(int x) { return table[x](x); }"},
        {"clang -O2 -fPIC -fno-semantic-interposition", F "int (*table[])(int) = { f };"},
        {"gcc -O0", F "int (*g(void))(int) { return f; }"},
        {"gcc -O0", "int f(int x) { return x ? f(x - 1) : 0; }"},
        {"gcc -O2", COPIED},
    };

    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_expect(calls_f(cases[i][0], cases[i][1]), "%s: %s", cases[i][0], cases[i][1]);
}

Test(gen_home, what_is_no_call_is_not_taken_for_one)
{
    static const char *const cases[][2] = {
        {"gcc -O0 -g", F},
        {"gcc -O2 -g", LOOP},
        {"clang -O2 -g", LOOP},
        {"gcc -Os", LOOP},
        {"gcc -O2 -g", COLD},
        {"gcc -O2 -fpatchable-function-entry=16", F},
        {"gcc -O2 -fPIC -fcf-protection=full -fstack-protector-strong", F SWITCH},
        {"clang -O2 -fPIC", SWITCH F},
        {"gcc -O2 -pg -mrecord-mcount -mfentry", F},
        {"gcc -O2 --coverage", F SWITCH},
        {"clang -O1 -fprofile-instr-generate", F SWITCH},
        {"clang -O1 -fsanitize-coverage=trace-pc-guard,pc-table", F SWITCH},
        {"gcc -O1 -fsanitize=address,undefined", F SWITCH},
        {"gcc -O2", "__attribute__((constructor)) void f(void) { }"},
        {"gcc -O1", "int h(void); _Noreturn void end(void); void g(void) { h(); end(); }" F},
    };

    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_expect_not(calls_f(cases[i][0], cases[i][1]), "%s: %s", cases[i][0], cases[i][1]);
}

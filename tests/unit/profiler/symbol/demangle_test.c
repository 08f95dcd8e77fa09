/* SPDX-License-Identifier: MIT */
#include "profiler/symbol/demangle.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

struct mangled {
    const char *symbol, *name; /* name NULL: not mangled */
};

static const struct mangled cases[] = {
    {"_ZNSt6vectorIiSaIiEE9push_backERKi", "std::vector<int, std::allocator<int> >::push_back"},
    {"_ZN5bench5QueueIiE4pushEi", "bench::Queue<int>::push"},
    {"_ZN4core3fmt9Formatter3pad17h0123456789abcdefE", "core::fmt::Formatter::pad"},
    {"_RNvNtCs1234_7mycrate3foo3bar", "mycrate::foo::bar"},
    {"main", NULL},
    {"", NULL},
    {"_", NULL},
    {"_Z", NULL},
    {"_start", NULL},
    {"_Znonsense", NULL},
    {"_ZN", NULL},
};

Test(demangle, cpp_and_rust_are_read_others_left)
{
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char name[512] = "untouched";
        bool ok = pf_demangle(cases[i].symbol, name, sizeof name);
        cr_expect_eq(ok, cases[i].name != NULL, "%s", cases[i].symbol);
        cr_expect_str_eq(name, cases[i].name ? cases[i].name : "untouched");
    }
}

Test(demangle, every_prefix_of_a_symbol_is_survived)
{
    const char symbol[] = "_ZNSt8_Rb_treeISsSt4pairIKSsiESt10_Select1stIS2_ESt4lessISsESaIS2_EE"
                          "16_M_insert_uniqueERKS2_";
    char name[PF_DEMANGLED_MAX];

    for (size_t size = 0; size < sizeof symbol; size++) {
        char prefix[sizeof symbol];
        (void)snprintf(prefix, size + 1, "%s", symbol);
        (void)pf_demangle(prefix, name, sizeof name);
    }
    cr_assert(pf_demangle(symbol, name, sizeof name));
}

/* Each pair doubles the one before: 40 of them would print a terabyte. */
Test(demangle, a_name_that_multiplies_itself_is_given_up)
{
    char symbol[1024] = "_Z1fISt4pairIiiE";
    char name[PF_DEMANGLED_MAX];

    for (unsigned i = 0; i < 40; i++) {
        char part[64];
        static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
        unsigned back = 2 * i + 1;
        char seq[4] = {0};
        if (back >= 36)
            (void)snprintf(seq, sizeof seq, "%c%c", digits[back / 36], digits[back % 36]);
        else
            (void)snprintf(seq, sizeof seq, "%c", digits[back]);
        (void)snprintf(part, sizeof part, "St4pairIS%s_S%s_E", seq, seq);
        strcat(symbol, part);
    }
    strcat(symbol, "Evv");

    (void)pf_demangle(symbol, name, sizeof name); /* ends at once, whatever it says */
}

/* Found by the fuzzer: the library hands over a piece of no bytes at NULL. */
Test(demangle, a_rust_name_without_an_identifier_is_survived)
{
    char name[PF_DEMANGLED_MAX];

    (void)pf_demangle("_RNtNvNtCsmy_08crfoo3o3b", name, sizeof name);
}

Test(demangle, a_name_longer_than_the_buffer_is_refused)
{
    char name[8] = "as was";

    cr_assert_not(pf_demangle("_ZN5bench5QueueIiE4pushEi", name, sizeof name));
    cr_assert_str_eq(name, "as was");
}

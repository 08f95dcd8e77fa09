/* SPDX-License-Identifier: MIT */
#include "mocks/generator/gen_inside.h"

#include <criterion/criterion.h>

#define IPA                                                                                        \
    "-fno-ipa-cp -fno-ipa-bit-cp -fno-ipa-vrp -fno-ipa-sra -fno-ipa-ra -fno-ipa-icf"               \
    " -fno-ipa-pure-const -fno-ipa-modref -fno-ipa-stack-alignment -fno-partial-inlining"

static void expect_lacks(const char *producer, bool optimised, const char *options)
{
    struct pf_buf lacks = {0};

    mk_gen_inside_lacks(&lacks, producer, optimised);
    cr_expect_str_eq(pf_buf_cstr(&lacks), options, "%s: %s", producer, pf_buf_cstr(&lacks));
    pf_buf_fini(&lacks);
}

Test(gen_inside, options_a_unit_lacks_are_named)
{
    expect_lacks("GNU C17 12.2.0 -mtune=generic -g -O2 -fno-inline", false, IPA);
    expect_lacks("GNU C17 12.2.0 -g -O1 -fno-inline -fno-ipa-cp " IPA, false, "");
    expect_lacks("GNU C17 12.2.0 -g -Os -fno-ipa-cp-clone " IPA, false, "-fno-inline");
    expect_lacks("GNU C17 12.2.0 -g -O2 -O0", false, "-fno-ipa-stack-alignment");
    expect_lacks("GNU C17 12.2.0 -g -O0 -O2 -fno-inline " IPA, false, "");
    expect_lacks("GNU C17 12.2.0 -g -fno-ipa-stack-alignment", false, "");
    expect_lacks("Debian clang version 14.0.6", true, "-O0");
    expect_lacks("Debian clang version 14.0.6", false, "");
    expect_lacks("", false, "");
}

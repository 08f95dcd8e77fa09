/* SPDX-License-Identifier: MIT */
#include "profiler/session/gperftools_switch.h"

#include <criterion/criterion.h>
#include <string.h>
#include <unistd.h>

static struct pf_gperftools_switch parse(const void *bytes, size_t size)
{
    struct pf_gperftools_switch how;

    pf_gperftools_switch_parse(&how, (struct pf_bytes){bytes, size});
    return how;
}

Test(gperftools_switch, environment_names_file_and_signal)
{
    static const char environment[] =
        "PATH=/bin\0CPUPROFILE=/tmp/served\0CPUPROFILESIGNAL=12\0CPUPROFILE_FREQUENCY=250";
    struct pf_gperftools_switch how = parse(environment, sizeof environment);

    cr_expect_str_eq(how.path, "/tmp/served");
    cr_expect_eq(how.signal, 12);
}

Test(gperftools_switch, the_mark_of_use_is_taken_off)
{
    static const char environment[] = "CPUPROFILE=\xaftmp/served\0CPUPROFILESIGNAL=12";
    struct pf_gperftools_switch how = parse(environment, sizeof environment);

    cr_expect_str_eq(how.path, "/tmp/served");
}

Test(gperftools_switch, empty_cut_and_absurd_environments_are_none)
{
    static const char environment[] = "CPUPROFILESIGNAL=12\0CPUPROFILE=/tmp/served";

    for (size_t size = 0; size < sizeof environment; size++) {
        struct pf_gperftools_switch how = parse(environment, size);
        cr_expect(how.signal == 0 || how.signal == 12);
    }
    cr_expect_eq(parse("CPUPROFILESIGNAL=65", 20).signal, 0);
    cr_expect_eq(parse("CPUPROFILESIGNAL=-9", 20).signal, 0);
    cr_expect_eq(parse("CPUPROFILESIGNAL=kill", 22).signal, 0);
}

Test(gperftools_switch, caught_signals_are_read_from_status)
{
    static const char status[] = "Name:\tx\nSigIgn:\t0000000000001000\nSigCgt:\t2000000004000800\n";

    cr_expect(pf_gperftools_is_caught(status, 62));
    cr_expect(pf_gperftools_is_caught(status, 12));
    cr_expect_not(pf_gperftools_is_caught(status, 13));
    cr_expect_not(pf_gperftools_is_caught(status, 0));
    cr_expect_not(pf_gperftools_is_caught(status, 65));
    cr_expect_not(pf_gperftools_is_caught("", 12));
}

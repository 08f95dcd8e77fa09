/* SPDX-License-Identifier: MIT */
#include "profiler/attach/proc_stat.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static bool parse(struct pf_proc_stat *out, const char *text)
{
    return pf_proc_stat_parse(out, (struct pf_bytes){text, strlen(text)});
}

#define TAIL                                                                                       \
    " S 17 4 5 0 -1 4194560 1 2 3 4 700 80 9 10 20 0 33 0 123456 1000 200 18446744073709551615"

Test(proc_stat, fields_are_found_after_any_command_name)
{
    static const char *const names[] = {"redis-server", "a b", "evil) R 1 (", ")", "", "new\nline"};
    struct pf_proc_stat stat;
    char text[512];

    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)snprintf(text, sizeof text, "4242 (%s)" TAIL, names[i]);
        cr_assert(parse(&stat, text), "%s", names[i]);
        cr_expect_str_eq(stat.comm, names[i]);
        cr_expect_eq(stat.pid, 4242);
        cr_expect_eq(stat.state, 'S');
        cr_expect_eq(stat.parent, 17);
        cr_expect_eq(stat.user_ticks, 700u);
        cr_expect_eq(stat.system_ticks, 80u);
        cr_expect_eq(stat.ended_user_ticks, 9u);
        cr_expect_eq(stat.ended_system_ticks, 10u);
        cr_expect_eq(stat.thread_count, 33u);
        cr_expect_eq(stat.start_ticks, 123456u);
    }
}

Test(proc_stat, every_truncation_before_the_last_field_is_refused)
{
    static const char text[] = "1 (x) S 17 4 5 0 -1 4194560 1 2 3 4 700 80 9 10 20 0 33 0 123456";
    struct pf_proc_stat stat;

    for (size_t size = 0; size < sizeof text - 1 - strlen("123456"); size++)
        cr_expect_not(pf_proc_stat_parse(&stat, (struct pf_bytes){text, size}), "%zu", size);
}

Test(proc_stat, garbage_and_overlong_names_are_survived)
{
    struct pf_proc_stat stat;
    char text[900];

    cr_expect_not(parse(&stat, "no brackets at all"));
    cr_expect_not(parse(&stat, ")("));
    cr_expect_not(parse(&stat, "1 (x) "));
    memset(text, 'x', sizeof text);
    memcpy(text, "1 (", 3);
    (void)snprintf(text + 300, sizeof text - 300, ")" TAIL);
    cr_assert(parse(&stat, text));
    cr_expect_eq(strlen(stat.comm), (size_t)PF_COMM_BYTES - 1);
}

Test(proc_stat, our_own_is_read)
{
    struct pf_proc_stat stat;

    (void)prctl(PR_SET_NAME, "odd) (name");
    cr_assert(pf_proc_stat_read(&stat, getpid(), getpid()));
    cr_expect_eq(stat.pid, getpid());
    cr_expect_eq(stat.parent, getppid());
    cr_expect_str_eq(stat.comm, "odd) (name");
    cr_expect_eq(stat.state, 'R');
}

Test(proc_stat, one_that_is_gone_is_not_read)
{
    struct pf_proc_stat stat;

    cr_expect_not(pf_proc_stat_read(&stat, 1 << 29, 0));
    cr_expect(pf_proc_is_gone(1 << 29, 0));
    cr_expect_not(pf_proc_is_gone(getpid(), 0));
}

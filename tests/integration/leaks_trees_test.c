/*
 * Daemons, programs that become others, leaders that end first: each program that ends is judged
 * once, by itself, or it is said that it was not.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "profiler/base/clock.h"
#include "tests/integration/leaks_support.h"
#include "tests/support/command.h"

enum { ROUNDS = 10 };

static struct leaks_found tree(const char *arguments)
{
    char command[1024];

    (void)snprintf(command, sizeof command, "%s %s", LEAKS_TREES, arguments);
    return leaks_of("", command);
}

static const char *note_of(const struct leaks_found *found)
{
    return json_string_value(json_object_get(found->report, "note"));
}

static json_int_t number_of(const struct leaks_found *found, const char *name)
{
    return json_integer_value(json_object_get(found->report, name));
}

/* Whose parents ended before its first stop was seen depends on the moment: often is enough. */
Test(leaks_trees, a_daemon_is_judged_though_its_parents_are_gone)
{
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct leaks_found found = tree("daemon");
        cr_expect_eq(found.status, 1);
        cr_expect_eq(leaks_bytes(&found, "definite"), 907, "round %u", i);
        cr_expect_eq(number_of(&found, "processes"), 3, "round %u", i);
        leaks_found_fini(&found);
    }
}

static void expect_leader(const struct leaks_found *found)
{
    cr_expect_eq(leaks_bytes(found, "definite"), 907, "what is lost after it");
    cr_expect_eq(leaks_blocks(found, "possible"), 0);
    cr_expect_not_null(leaks_frame(found, "outlive"), "with its whole stack");
    cr_expect_str_eq(note_of(found), "");
}

Test(leaks_trees, what_is_held_is_held_after_the_first_thread_ended)
{
    struct leaks_found found = tree("leader");

    expect_leader(&found);
    cr_expect_geq(leaks_bytes(&found, "reachable"), 501 + 301 + 801);
    leaks_found_fini(&found);
}

Test(leaks_trees, also_where_ptrace_is_denied)
{
    struct ts_result result =
        ts_run(DENY_PTRACE " assay leaks --quiet --format json -- " LEAKS_TREES " leader");
    struct leaks_found found = {result.status, json_loads(ts_out(&result), 0, NULL)};

    cr_assert_not_null(found.report, "%s", ts_err(&result));
    expect_leader(&found);
    leaks_found_fini(&found);
    ts_result_fini(&result);
}

/* "exec" holds 100 blocks of 1000 bytes, which nobody lost. */
Test(leaks_trees, a_program_answers_only_for_itself_after_exec)
{
    struct leaks_found by_first = tree("exec " LEAKS_SEEDED " one");
    struct leaks_found by_other = tree("exec-thread " LEAKS_SEEDED " one");

    cr_expect_eq(leaks_bytes(&by_first, "definite"), 100);
    cr_expect_eq(number_of(&by_first, "processes"), 1);
    cr_expect_eq(leaks_bytes(&by_other, "definite"), 100);
    cr_expect_eq(number_of(&by_other, "processes"), 1);
    leaks_found_fini(&by_first);
    leaks_found_fini(&by_other);
}

struct unjudged {
    const char *command, *said;
};

static const struct unjudged unjudged[] = {
    {LEAKS_TREES " exec " AGENT_STATIC, "agent_static was not judged: no agent is in it, as it is "
                                        "linked statically"},
    {LEAKS_TREES " exec-thread " AGENT_STATIC, "linked statically"},
    {"env -i " LEAKS_SEEDED " one", "leaks_seeded was not judged: no agent is in it, as it was "
                                    "started without LD_PRELOAD"},
    {"sh -c 'unset LD_PRELOAD; exec " LEAKS_SEEDED " one'", "without LD_PRELOAD"},
    {LEAKS_SANITIZED " daemon", "built with AddressSanitizer"},
    {LEAKS_OWN_MALLOC, "leaks_own_malloc was not judged: it defines malloc itself"},
};

Test(leaks_trees, a_program_without_an_agent_is_not_judged_and_why_is_told)
{
    for (unsigned i = 0; i < sizeof unjudged / sizeof *unjudged; i++) {
        struct ts_result result = ts_run("assay leaks -- %s", unjudged[i].command);
        cr_expect_eq(result.status, 3, "%s: %d", unjudged[i].command, result.status);
        cr_expect(strstr(ts_err(&result), unjudged[i].said), "%s: %s", unjudged[i].command,
                  ts_err(&result));
        cr_expect_str_eq(ts_out(&result), "", "%s", unjudged[i].command);
        ts_result_fini(&result);
    }
}

Test(leaks_trees, beside_judged_ones_it_is_counted_and_named)
{
    struct leaks_found found = leaks_of("", "sh -c '" LEAKS_SEEDED " one; " LEAKS_OWN_MALLOC
                                            "; env -i " LEAKS_SEEDED " one; true'");

    cr_expect_eq(leaks_bytes(&found, "definite"), 100, "of the one that was judged");
    cr_expect_eq(number_of(&found, "not_judged"), 2);
    cr_expect(strstr(note_of(&found), "2 processes were not judged, the first of them "
                                      "leaks_own_malloc"),
              "%s", note_of(&found));
    leaks_found_fini(&found);
}

/* Where no exec is seen: it did not ask at its end, and no signal ended it. */
Test(leaks_trees, a_program_without_an_agent_is_told_where_ptrace_is_denied)
{
    struct ts_result result =
        ts_run(DENY_PTRACE " assay leaks -- " LEAKS_TREES " exec " AGENT_STATIC);

    cr_expect_eq(result.status, 3);
    cr_expect(strstr(ts_err(&result), "became a program without an agent"), "%s", ts_err(&result));
    ts_result_fini(&result);
}

/* The command has ended and its number may be another's: the daemon must hear it. */
static void expect_daemon_ends(const char *prefix)
{
    const char *dir = ts_temp_dir();
    char command[1024];

    struct ts_result result = ts_run("mkfifo %s/ready", dir);
    cr_assert_eq(result.status, 0, "%s", ts_err(&result));
    ts_result_fini(&result);
    (void)snprintf(command, sizeof command,
                   "exec %s assay leaks --quiet -o %s/leaks.json -- " LEAKS_TREES
                   " linger %s/ready",
                   prefix, dir, dir);
    struct pf_child child = ts_start("%s", command);
    result = ts_run("cat %s/ready", dir);
    cr_assert_str_eq(ts_out(&result), "x");
    ts_result_fini(&result);

    (void)kill(child.pid, SIGTERM);

    cr_expect(pf_child_wait(&child, pf_clock_now_ns() + 20000000000ull), "it did not end");
    ts_stop(&child);
}

Test(leaks_trees, a_signal_reaches_the_daemon_once_the_command_has_ended)
{
    expect_daemon_ends("");
}

Test(leaks_trees, a_signal_reaches_it_where_ptrace_is_denied)
{
    expect_daemon_ends(DENY_PTRACE);
}

/*
 * However a test ends, its server and all that it started end, too: looked at from outside, as root
 * and as an ordinary user.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "profiler/base/clock.h"
#include "tests/integration/server_support.h"
#include "tests/support/command.h"

/* Everything a supervisor grants a server of a dead test, and a slow machine, many times over. */
enum { GONE_MS = 15000 };

struct ending {
    const char *how;  /* of the test */
    const char *mode; /* of the server */
};

static const struct ending endings[] = {
    {"return", "ok"},          {"return", "deaf"},
    {"return", "family"},      {"return", "daemon"},
    {"return", "deaf-daemon"}, {"_exit", "family"},
    {"abort", "family"},       {"kill", "ok"},
    {"kill", "deaf"},          {"kill", "family"},
    {"kill", "daemon"},        {"kill", "deaf-daemon"},
    {"kill", "runaway"},       {"kill", "runaway-sessions"},
    {"exec", "family"},
};

static void ends_without_a_trace(const char *as_user, const struct ending *ending)
{
    const char *marker = sv_marker(ending->mode);

    struct ts_result result =
        ts_run("%s %s %s %s %s", as_user, VICTIM_BINARY, ending->how, ending->mode, marker);

    cr_expect(strstr(ts_out(&result), "started "), "%s/%s: did not start: %s", ending->how,
              ending->mode, ts_err(&result));
    cr_expect(sv_all_gone(marker, GONE_MS), "%s/%s: %zu processes are left", ending->how,
              ending->mode, sv_count(marker));
    ts_result_fini(&result);
}

Test(server_endings, leave_nothing_as_whoever_we_are)
{
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++)
        ends_without_a_trace("", &endings[i]);
}

Test(server_endings, leave_nothing_as_an_ordinary_user)
{
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i += 3)
        ends_without_a_trace(ts_as_user(), &endings[i]);
}

/* The copy holds every descriptor of the dead test open; only the test's own death shows. */
Test(server_endings, are_noticed_though_a_forked_copy_lives_on)
{
    const char *marker = sv_marker("copy");
    struct pf_child victim = ts_start("exec %s copy ok %s", VICTIM_BINARY, marker);

    cr_assert(pf_child_wait(&victim, pf_clock_now_ns() + 10000000000ull));
    cr_assert_eq(pf_child_exit_status(&victim), 128 + SIGKILL);
    uint64_t deadline = pf_clock_now_ns() + GONE_MS * 1000000ull;
    while (sv_count(marker) > 1 && pf_clock_now_ns() < deadline)
        pf_clock_sleep_ms(5);
    cr_assert_eq(sv_count(marker), 1, "only the copy may be left, %zu are", sv_count(marker));
    pf_child_stop(&victim, 0); /* the copy is in its group */
    cr_assert(sv_all_gone(marker, GONE_MS));
}

Test(server_endings, leave_nothing_when_the_test_hangs_and_is_killed)
{
    const char *marker = sv_marker("hang");
    struct pf_child victim = ts_start("exec %s hang family %s", VICTIM_BINARY, marker);

    uint64_t deadline = pf_clock_now_ns() + 10000000000ull;
    while (sv_count(marker) < 64 && pf_clock_now_ns() < deadline) /* itself, the server, 62 */
        pf_clock_sleep_ms(5);
    cr_assert_eq(sv_count(marker), 64);
    cr_assert_eq(kill(victim.pid, SIGKILL), 0);
    cr_assert(sv_all_gone(marker, GONE_MS), "%zu left", sv_count(marker));
    pf_child_stop(&victim, 0);
}

static void suite_leaves_nothing(const char *runner, const char *test)
{
    struct ts_result result = ts_run("%s %s --filter 'inner/%s'", runner, INNER_BINARY, test);

    cr_expect(sv_all_gone("family-inner-suite", GONE_MS), "%s %s: %zu left", runner, test,
              sv_count("family-inner-suite"));
    cr_expect_eq(result.status, strcmp(test, "passes") == 0 ? 0 : 1, "%s %s: exit %d\n%s", runner,
                 test, result.status, ts_err(&result));
    ts_result_fini(&result);
}

Test(server_endings, leave_nothing_under_criterion)
{
    suite_leaves_nothing("", "passes");
    suite_leaves_nothing("", "fails");
    suite_leaves_nothing("", "crashes");
    suite_leaves_nothing("", "hangs");
}

Test(server_endings, leave_nothing_under_the_runner)
{
    suite_leaves_nothing("assay test", "passes");
    suite_leaves_nothing("assay test", "fails");
    suite_leaves_nothing("assay test", "crashes");
    suite_leaves_nothing("assay test", "hangs");
}

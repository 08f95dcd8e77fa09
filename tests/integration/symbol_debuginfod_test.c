/*
 * Names from a debuginfod server on this machine, for a program that was stripped; and servers that
 * do not answer.
 *
 * SPDX-License-Identifier: MIT
 */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "profiler/base/clock.h"
#include "profiler/base/spawn.h"
#include "tests/support/bench_server.h"
#include "tests/support/command.h"

TestSuite(debuginfod, .timeout = 90);

/* Does the stack of pid, taken with these variables set, show text? */
static bool stack_shows(pid_t pid, const char *variables, const char *text)
{
    struct ts_result result = ts_run("%s assay stack -p %d", variables, (int)pid);

    cr_expect_eq(result.status, 0, "%s", ts_err(&result));
    bool shows = strstr(ts_out(&result), text) != NULL;
    ts_result_fini(&result);
    return shows;
}

/* A stripped copy of the workload runs; its debug information lies in DIR/served alone. Returns
 * once it is in its own code: before, it is sh or the loader. */
static struct pf_child start_stripped(const char *dir)
{
    struct ts_result made =
        ts_run("mkdir -p %s/served && objcopy --only-keep-debug %s %s/served/workload.debug && "
               "objcopy --strip-all %s %s/stripped",
               dir, WORKLOAD, dir, WORKLOAD, dir);
    cr_assert_eq(made.status, 0, "%s", ts_err(&made));
    ts_result_fini(&made);
    struct pf_child child = ts_start("exec %s/stripped 1000000000", dir);
    uint64_t end_ns = pf_clock_now_ns() + 60000000000ull;
    while (!stack_shows(child.pid, "", "stripped+0x"))
        cr_assert_lt(pf_clock_now_ns(), end_ns, "the program never came to its own code");
    return child;
}

Test(debuginfod, a_stripped_program_is_named_by_the_server)
{
    const char *dir = ts_temp_dir();
    struct pf_child program = start_stripped(dir);
    int port = ts_free_port();
    struct pf_child server =
        ts_start("exec debuginfod -d :memory: -p %d -F %s/served >/dev/null 2>&1", port, dir);
    char variables[512];
    bool found = false;
    uint64_t end_ns = pf_clock_now_ns() + 60000000000ull;

    cr_expect_not(stack_shows(program.pid, "", "_part"), "nothing else names it");
    for (unsigned round = 0; !found && pf_clock_now_ns() < end_ns; round++) {
        /* A fresh cache each time: the client remembers what was not there. */
        (void)snprintf(variables, sizeof variables,
                       "DEBUGINFOD_URLS=http://127.0.0.1:%d DEBUGINFOD_CACHE_PATH=%s/cache%u", port,
                       dir, round);
        found = stack_shows(program.pid, variables, "_part");
    }

    cr_expect(found, "the server has its debug information");
    cr_expect(stack_shows(program.pid, variables, "engines_workload.c:"));
    ts_stop(&server);
    cr_expect(stack_shows(program.pid, variables, "_part"), "from the cache, without the server");
    ts_stop(&program);
}

Test(debuginfod, a_server_that_never_answers_is_not_waited_for_long)
{
    const char *dir = ts_temp_dir();
    struct pf_child program = start_stripped(dir);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    char variables[512];
    int silent = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(bind(silent, (struct sockaddr *)&address, sizeof address), 0);
    cr_assert_eq(listen(silent, 8), 0);
    cr_assert_eq(getsockname(silent, (struct sockaddr *)&address, &size), 0);
    (void)snprintf(variables, sizeof variables,
                   "DEBUGINFOD_TIMEOUT=1 DEBUGINFOD_URLS=http://127.0.0.1:%d "
                   "DEBUGINFOD_CACHE_PATH=%s/cache",
                   ntohs(address.sin_port), dir);

    cr_expect(stack_shows(program.pid, variables, "stripped+0x"),
              "the stack is shown all the same");

    (void)close(silent);
    ts_stop(&program);
}

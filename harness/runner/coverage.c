/* SPDX-License-Identifier: MIT */
#include "harness/runner/coverage.h"

#include <stdio.h>
#include <sys/stat.h>

#include "profiler/base/clock.h"
#include "profiler/base/spawn.h"

enum { PATH_SIZE = 4096, GCOVR_SECONDS = 600 };

bool hn_coverage_check(const struct hn_plan *plan, struct pf_err *err)
{
    for (uint32_t i = 0; i < plan->binary_count; i++)
        if (plan->binaries[i].gcov_dump)
            return true;
    return pf_err_set(err, PF_ERR_USAGE,
                      "no binary counts coverage: compile and link with --coverage (gcc)");
}

bool hn_coverage_report(const char *object_dir, const char *root, const char *dir,
                        struct pf_err *err)
{
    char xml[PATH_SIZE], html[PATH_SIZE];
    char *argv[] = {"gcovr",
                    "--root",
                    (char *)(uintptr_t)root,
                    "--xml",
                    xml,
                    "--html",
                    html,
                    "--print-summary",
                    "--gcov-ignore-parse-errors",
                    (char *)(uintptr_t)object_dir,
                    NULL};
    struct pf_child child = {0};
    struct pf_spawn spawn = {.argv = argv};

    (void)mkdir(dir, 0777);
    (void)snprintf(xml, sizeof xml, "%s/coverage.xml", dir);
    (void)snprintf(html, sizeof html, "%s/coverage.html", dir);
    if (!pf_child_start(&child, &spawn, err))
        return pf_err_prepend(err, "coverage needs gcovr (apt install gcovr)");
    bool ended = pf_child_wait(&child, pf_clock_now_ns() + GCOVR_SECONDS * 1000000000ull);
    int status = ended ? pf_child_exit_status(&child) : -1;
    pf_child_stop(&child, 0);
    if (status != 0)
        return pf_err_set(err, PF_ERR_SYSTEM, "gcovr ended with status %d", status);
    return true;
}

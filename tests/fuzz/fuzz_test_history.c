/* The file of durations, filters, what gcc's sanitizers print, and what CTest lists.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "harness/runner/ctest_discover.h"
#include "harness/runner/history.h"
#include "harness/runner/sanitizer_text.h"
#include "harness/runner/select.h"
#include "harness/runner/torture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hn_binary binary = {.name = "bin", .path = "./bin"};
    struct hn_test test = {.id = "bin/s/a", .last_duration_s = -1};
    struct hn_plan plan = {.binaries = &binary, .binary_count = 1, .tests = &test, .test_count = 1};
    struct hn_tool_finding finding;
    struct hn_torture_log log;
    char *text = malloc(size + 1);

    memcpy(text, data, size);
    text[size] = '\0';
    (void)hn_history_apply(&plan, (struct pf_bytes){data, size});
    (void)hn_glob_matches(text, "bin/suite/test[2]");
    (void)hn_tool_finding_in(text, true, &finding);
    hn_torture_read(&log, text);
    struct hn_plan found = {0};
    struct pf_err err = {0};
    (void)!hn_ctest_read(&found, (struct pf_bytes){data, size}, &err);
    hn_plan_fini(&found);
    free(text);
    return 0;
}

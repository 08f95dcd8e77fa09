/* SPDX-License-Identifier: MIT */
#include "tests/unit/harness/runner/runner_plan_support.h"

#include <stdio.h>
#include <string.h>

struct hn_plan ts_plan(const char *const *ids)
{
    struct hn_plan plan = {0};

    plan.binaries = pf_mem_new(1, sizeof *plan.binaries);
    plan.binaries[0] = (struct hn_binary){.path = "./bin", .name = "bin", .stamp = 7};
    plan.binary_count = 1;
    for (; ids[plan.test_count]; plan.test_count++)
        ;
    plan.tests = pf_mem_new(plan.test_count + 1, sizeof *plan.tests);
    for (uint32_t i = 0; i < plan.test_count; i++) {
        const char *slash = strchr(ids[i], '/');
        plan.tests[i] = (struct hn_test){
            .index = i,
            .param = HN_NO_CASE,
            .id = hn_text(&plan.arena, "bin/%s", ids[i]),
            .suite = hn_text(&plan.arena, "%.*s", (int)(slash - ids[i]), ids[i]),
            .name = slash + 1,
            .file = "x.c",
            .description = "",
            .tags = "",
            .torture = "",
            .last_duration_s = -1,
        };
    }
    return plan;
}

const char *ts_plan_order(const struct hn_plan *plan)
{
    static char text[1024];
    size_t used = 0;

    text[0] = '\0';
    for (uint32_t i = 0; i < plan->order_count; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", i ? " " : "",
                                 plan->tests[plan->order[i]].name);
    return text;
}

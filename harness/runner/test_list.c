/* SPDX-License-Identifier: MIT */
#include "harness/runner/test_list.h"

#include <stdlib.h>

#include "harness/preload/wire.h"
#include "harness/runner/json_events.h"

void hn_list_text(struct pf_sink *sink, const struct hn_plan *plan)
{
    for (uint32_t i = 0; i < plan->order_count; i++) {
        const struct hn_test *test = &plan->tests[plan->order[i]];
        pf_sink_put_str(sink, test->id);
        pf_sink_put_str(sink, "  ");
        pf_sink_put_str(sink, test->file);
        pf_sink_printf(sink, ":%u", test->line);
        if (*test->tags) {
            pf_sink_put_str(sink, "  tags: ");
            pf_sink_put_str(sink, test->tags);
        }
        if (test->flags & HN_WIRE_NO_CASES)
            pf_sink_put_str(sink, "  (no parameters)");
        else if (test->flags & HN_WIRE_DISABLED)
            pf_sink_put_str(sink, "  (disabled)");
        pf_sink_put_str(sink, "\n");
    }
}

void hn_list_json(struct pf_sink *sink, const struct hn_plan *plan)
{
    const char *between = "\n";

    pf_sink_put_str(sink, "{\"assay\":1,\"tests\":[");
    for (uint32_t i = 0; i < plan->order_count; i++) {
        json_t *object = hn_json_test(&plan->tests[plan->order[i]], plan);
        char *text = json_dumps(object, JSON_COMPACT | JSON_PRESERVE_ORDER);
        pf_sink_put_str(sink, between);
        pf_sink_put_str(sink, text ? text : "{}");
        between = ",\n";
        free(text);
        json_decref(object);
    }
    pf_sink_put_str(sink, "\n]}\n");
}

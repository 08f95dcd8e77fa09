/* SPDX-License-Identifier: MIT */
#include "harness/runner/budgets.h"

#include <stdlib.h>
#include <string.h>

#include "harness/preload/wire.h"
#include "harness/runner/wire_read.h"

enum { OWN_INSTRUCTIONS = 100 }; /* of the macro itself, between its two dumps: 60 to 90 measured */

enum hn_special hn_special_needed(const struct hn_shared *shared)
{
    struct hn_record_view record;

    for (uint32_t at = 0; hn_wire_next_record(shared, &at, &record);) {
        if (record.kind != HN_RECORD_NEEDS)
            continue;
        if (strcmp(record.text, "callgrind") == 0)
            return HN_SPECIAL_CALLGRIND;
        if (strcmp(record.text, "allocs") == 0)
            return HN_SPECIAL_ALLOCS;
    }
    return HN_PLAIN;
}

static void judge(struct hn_attempt *attempt, struct pf_arena *arena,
                  const struct hn_record_view *record, uint64_t used)
{
    const char *split = strchr(record->text, '\x1f');
    uint64_t limit = split ? strtoull(split + 1, NULL, 10) : 0;
    const char *file =
        pf_arena_text(arena, record->text, split ? (size_t)(split - record->text) : 0);

    used = used > OWN_INSTRUCTIONS ? used - OWN_INSTRUCTIONS : 0;
    hn_attempt_say(attempt, arena, used > limit ? HN_MESSAGE_FAILURE : HN_MESSAGE_NOTE, file,
                   record->line,
                   hn_text(arena, "%llu instructions, at most %llu allowed",
                           (unsigned long long)used, (unsigned long long)limit));
    if (used > limit && attempt->status < HN_FAIL) {
        attempt->status = HN_FAIL;
        attempt->reason = "more instructions than its budget";
    }
}

/* The test dumps twice a block: what came before it, then the block. Numbers start at 1. */
void hn_budgets_judge(struct hn_attempt *attempt, struct pf_arena *arena,
                      const struct hn_shared *shared, const struct hn_tool *callgrind, pid_t pid)
{
    struct hn_record_view record;
    unsigned dump = 0;

    for (uint32_t at = 0; hn_wire_next_record(shared, &at, &record);) {
        if (record.kind != HN_RECORD_BUDGET)
            continue;
        (void)hn_tool_instructions(callgrind, pid, ++dump);
        judge(attempt, arena, &record, hn_tool_instructions(callgrind, pid, ++dump));
    }
    (void)hn_tool_instructions(callgrind, pid, 0);
}

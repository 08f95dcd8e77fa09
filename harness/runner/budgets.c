/* SPDX-License-Identifier: MIT */
#include "harness/runner/budgets.h"

#include <stdlib.h>
#include <string.h>

#include "harness/preload/wire.h"
#include "harness/runner/wire_read.h"

enum {
    OWN_INSTRUCTIONS = 100, /* of the macro itself, between two dumps: 60 to 90 measured */
    DUMPS_MAX = 1 << 16,
};

unsigned hn_special_needed(const struct hn_shared *shared)
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

/* What a test says of a block: HN_RECORD_BUDGET. */
struct budget {
    const char *file;
    uint32_t line;
    uint64_t limit;
    pid_t pid;
    unsigned first, last; /* its dumps */
};

static bool read_number(const char **at, uint64_t *out)
{
    char *end;

    if (**at != '\x1f')
        return false;
    *out = strtoull(*at + 1, &end, 10);
    bool ok = end > *at + 1;
    *at = end;
    return ok;
}

static bool read_budget(struct budget *out, struct pf_arena *arena,
                        const struct hn_record_view *record)
{
    size_t size = strcspn(record->text, "\x1f");
    const char *at = record->text + size;
    uint64_t first = 0, last = 0;

    *out = (struct budget){
        .file = pf_arena_text(arena, record->text, size), .line = record->line, .pid = record->pid};
    if (!read_number(&at, &out->limit) || !read_number(&at, &first) || !read_number(&at, &last)
        || first < 1 || last < first || last > DUMPS_MAX)
        return false;
    out->first = (unsigned)first;
    out->last = (unsigned)last;
    return true;
}

/* Dumps that were read, each file once: blocks within blocks share them. */
struct dumps {
    const struct hn_tool *tool;
    struct dump {
        pid_t pid;
        unsigned number;
        uint64_t instructions;
    } * at;
    uint32_t count;
};

static uint64_t dump_of(struct dumps *dumps, pid_t pid, unsigned number)
{
    for (uint32_t i = 0; i < dumps->count; i++)
        if (dumps->at[i].pid == pid && dumps->at[i].number == number)
            return dumps->at[i].instructions;
    uint64_t instructions = hn_tool_instructions(dumps->tool, pid, number);
    dumps->at = pf_mem_resize(dumps->at, dumps->count + 1, sizeof *dumps->at);
    dumps->at[dumps->count++] = (struct dump){pid, number, instructions};
    return instructions;
}

static void judge(struct hn_attempt *attempt, struct pf_arena *arena, const struct budget *budget,
                  struct dumps *dumps)
{
    uint64_t own = (uint64_t)OWN_INSTRUCTIONS * (budget->last - budget->first + 1);
    uint64_t used = 0;

    (void)dump_of(dumps, budget->pid, budget->first - 1); /* what was before, to be removed */
    for (unsigned i = budget->first; i <= budget->last; i++)
        used += dump_of(dumps, budget->pid, i);
    used = used > own ? used - own : 0;
    hn_attempt_say(attempt, arena, used > budget->limit ? HN_MESSAGE_FAILURE : HN_MESSAGE_NOTE,
                   budget->file, budget->line,
                   hn_text(arena, "%llu instructions, at most %llu allowed",
                           (unsigned long long)used, (unsigned long long)budget->limit));
    if (used > budget->limit && attempt->status < HN_FAIL) {
        attempt->status = HN_FAIL;
        attempt->reason = "more instructions than its budget";
    }
}

uint64_t hn_budgets_judge(struct hn_attempt *attempt, struct pf_arena *arena,
                          const struct hn_shared *shared, const struct hn_tool *callgrind,
                          pid_t pid)
{
    struct dumps dumps = {.tool = callgrind};
    struct hn_record_view record;
    struct budget budget;
    uint64_t total = 0;

    for (uint32_t at = 0; hn_wire_next_record(shared, &at, &record);)
        if (record.kind == HN_RECORD_BUDGET && read_budget(&budget, arena, &record))
            judge(attempt, arena, &budget, &dumps);
    for (uint32_t i = 0; i < dumps.count; i++) {
        total += dumps.at[i].pid == pid ? dumps.at[i].instructions : 0;
        if (dumps.at[i].pid != pid) /* a child's own end */
            (void)hn_tool_instructions(callgrind, dumps.at[i].pid, 0);
    }
    free(dumps.at);
    return total + hn_tool_instructions(callgrind, pid, 0);
}

void hn_budgets_refuse(struct hn_attempt *attempt, struct pf_arena *arena,
                       const struct hn_shared *shared, const char *tool)
{
    struct hn_record_view record;
    struct budget budget;

    for (uint32_t at = 0; hn_wire_next_record(shared, &at, &record);)
        if (record.kind == HN_RECORD_BUDGET && read_budget(&budget, arena, &record))
            hn_attempt_say(attempt, arena, HN_MESSAGE_WARNING, budget.file, budget.line,
                           hn_text(arena,
                                   "this budget of instructions is not judged under %s, which "
                                   "does not count them: run without it, or under callgrind",
                                   tool));
}

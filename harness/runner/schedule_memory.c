/*
 * Who judges the memory of a test: the agent, in every process or in torture's alone; a tool; a
 * sanitizer. A torture test demands a judge: where there is none, it is told.
 *
 * SPDX-License-Identifier: MIT
 */
#include "harness/runner/schedule_priv.h"
#include "harness/runner/under_leaks.h"

/* Builds with a sanitizer are without the agent. */
static bool is_instrumented(const struct hn_binary *binary)
{
    return binary->has_asan || binary->has_tsan;
}

unsigned hn_memory_special(const struct hn_run *run, const struct hn_test *test)
{
    bool wants = *test->torture && run->schedule->agent == HN_AGENT_IN_TORTURE;

    return wants && !is_instrumented(&run->plan->binaries[test->binary]) ? HN_SPECIAL_LEAKS
                                                                         : HN_PLAIN;
}

/* Why nobody knows what the torture test in this slot lost; NULL: somebody does. */
static const char *find_blindness(const struct hn_run *run, const struct hn_slot *slot)
{
    const struct hn_schedule *schedule = run->schedule;
    const struct hn_binary *binary = &run->plan->binaries[slot->binary];

    if (binary->has_asan)
        return NULL; /* its own LeakSanitizer looks */
    if (binary->has_tsan)
        return "ThreadSanitizer does not look for leaks";
    if (slot->special & HN_SPECIAL_LEAKS)
        return run->special[slot->binary * HN_SPECIAL_COUNT + slot->special].memory_problem;
    if (schedule->run_flags & HN_WIRE_RUN_LEAKS)
        return NULL;
    return "the tool it runs under does not look for leaks";
}

static bool has_agent(const struct hn_run *run, const struct hn_slot *slot)
{
    return run->schedule->agent == HN_AGENT_EVERYWHERE || slot->special & HN_SPECIAL_LEAKS;
}

void hn_memory_judge(struct hn_run *run, const struct hn_slot *slot, struct hn_attempt *attempt)
{
    struct pf_arena *arena = &run->plan->arena;
    const char *blind =
        *run->plan->tests[slot->now.test].torture ? find_blindness(run, slot) : NULL;

    if (blind)
        hn_attempt_say(attempt, arena, HN_MESSAGE_WARNING, NULL, 0,
                       hn_text(arena, "memory was not judged: %s", blind));
    if (blind || !has_agent(run, slot) || is_instrumented(&run->plan->binaries[slot->binary])
        || slot->seen.lane_lost)
        return;
    if (slot->special & HN_SPECIAL_CALLGRIND) {
        hn_attempt_say(attempt, arena, HN_MESSAGE_NOTE, NULL, 0,
                       "memory was not judged: the test ran under callgrind for its budget");
        return;
    }
    hn_under_leaks_take(run->schedule->leaks, attempt, arena);
    if (slot->seen.network_namespace)
        hn_attempt_say(attempt, arena, HN_MESSAGE_NOTE, NULL, 0,
                       "memory of programs it started is not judged: the test has a network of its "
                       "own");
}

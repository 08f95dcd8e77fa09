/* SPDX-License-Identifier: MIT */
#include "harness/runner/test_special.h"

const char hn_own_allocator[] =
    "an allocator of its own is linked in, into which neither the agent nor memcheck can look: "
    "link it as a shared library, or use the C library's";

const char *hn_special_memory_problem(struct hn_loaded *loaded, const struct hn_suite *suite)
{
    struct pf_arena *arena = &((struct hn_plan *)(uintptr_t)loaded->plan)->arena;
    bool is_blind = false;
    const char *why = hn_under_leaks_problem(&loaded->leaks, suite->child.pid, arena, &is_blind);

    return why || !is_blind ? why : hn_own_allocator;
}

static bool put_under_callgrind(struct hn_loaded *loaded, struct hn_suite_spec *spec,
                                struct pf_err *err)
{
    struct pf_arena *arena = &((struct hn_plan *)(uintptr_t)loaded->plan)->arena;

    if (!loaded->tool_dir.base[0] && !hn_temp_dir_open(&loaded->tool_dir))
        return pf_err_set(err, PF_ERR_SYSTEM, "no directory can be written for callgrind");
    if (!hn_tool_open(&loaded->callgrind, "callgrind", loaded->tool_dir.base, arena, err))
        return pf_err_prepend(err, "assay_instructions_at_most needs a counter");
    spec->agent = NULL;
    spec->invitation = NULL;
    spec->wrapper = loaded->callgrind.words;
    return true;
}

static bool start_and_list(struct hn_suite *out, const struct hn_suite_spec *spec,
                           struct pf_err *err)
{
    struct hn_suite suite = {0};

    if (!hn_suite_start(&suite, spec, err) || !hn_suite_await_list(&suite, err)) {
        hn_suite_stop(&suite);
        return false;
    }
    *out = suite;
    return true;
}

/* With the agent; where it cannot look, without it, and the suite says why. */
static bool start_with_agent(struct hn_loaded *loaded, struct hn_suite *out,
                             struct hn_suite_spec *spec, struct pf_err *err)
{
    struct pf_arena *arena = &((struct hn_plan *)(uintptr_t)loaded->plan)->arena;
    struct pf_err no_agent = {0};
    const char *why = NULL;

    if (!loaded->leaks.is_running && !hn_under_leaks_start(&loaded->leaks, &no_agent))
        why = hn_text(arena, "%s", no_agent.text);
    if (!why) {
        spec->agent = loaded->leaks.agent;
        spec->invitation = loaded->leaks.invitation;
        if (!start_and_list(out, spec, err))
            return false;
        why = hn_special_memory_problem(loaded, out);
        if (!why)
            return true;
        hn_suite_stop(out);
    }
    spec->agent = spec->invitation = NULL;
    bool ok = start_and_list(out, spec, err);
    if (ok)
        out->memory_problem = why;
    return ok;
}

bool hn_start_special(void *self, struct hn_suite *out, uint32_t binary, unsigned kind,
                      struct pf_err *err)
{
    struct hn_loaded *loaded = self;
    char allocs[HN_LOAD_PATH];
    bool has_agent = loaded->has_agent && hn_binary_is_plain(&loaded->plan->binaries[binary]);
    struct hn_suite_spec spec = {
        .binary = &loaded->plan->binaries[binary],
        .preload = loaded->preload,
        .agent = has_agent ? loaded->leaks.agent : NULL,
        .invitation = has_agent ? loaded->leaks.invitation : NULL,
        .wrapper = loaded->tool.words[0] ? loaded->tool.words : NULL,
        .engine = "fork",
    };

    if (kind & HN_SPECIAL_CALLGRIND && !put_under_callgrind(loaded, &spec, err))
        return false;
    if (kind & HN_SPECIAL_ALLOCS) {
        if (!hn_preload_find(allocs, sizeof allocs, "libassay-allocs.so", err))
            return false;
        spec.extra_preload = allocs;
    }
    if (kind & HN_SPECIAL_LEAKS && !(kind & HN_SPECIAL_CALLGRIND))
        return start_with_agent(loaded, out, &spec, err);
    return start_and_list(out, &spec, err);
}

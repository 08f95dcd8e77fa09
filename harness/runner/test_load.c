/* SPDX-License-Identifier: MIT */
#include "harness/runner/test_load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/runner/criterion_run.h"
#include "harness/runner/plan_load.h"
#include "harness/runner/plan_names.h"
#include "harness/runner/test_special.h"

enum { LOAD_SECONDS = 30, LOAD_SECONDS_LEAST = 5 };

bool hn_test_is_profiled(const struct hn_test_config *config)
{
    return config->under && strcmp(config->under, "cpu-profile") == 0;
}

bool hn_binary_is_plain(const struct hn_binary *binary)
{
    return binary->kind == HN_BINARY_CRITERION && !binary->has_asan && !binary->has_tsan;
}

/* "asan-build" and "tsan-build" promise that the binary is one. */
static void check_builds(struct hn_plan *plan, const struct hn_tool *tool)
{
    for (uint32_t i = 0; i < plan->binary_count; i++) {
        struct hn_binary *binary = &plan->binaries[i];
        if (binary->kind == HN_BINARY_BAD)
            continue;
        bool ok = (!tool->wants_asan || binary->has_asan) && (!tool->wants_tsan || binary->has_tsan)
                  && (!tool->is_valgrind || (!binary->has_asan && !binary->has_tsan));
        if (ok)
            continue;
        binary->kind = HN_BINARY_BAD;
        binary->problem =
            tool->is_valgrind
                ? "built with a sanitizer, which cannot run under valgrind: use a plain build"
                : hn_text(&plan->arena, "not built with -fsanitize=%s, which --under %s needs",
                          tool->wants_asan ? "address" : "thread", tool->name);
    }
}

/* One without a leak checker built in. */
static bool has_plain_binary(const struct hn_plan *plan)
{
    for (uint32_t i = 0; i < plan->binary_count; i++)
        if (hn_binary_is_plain(&plan->binaries[i]))
            return true;
    return false;
}

static bool is_under_leaks(const struct hn_test_config *config)
{
    return config->under && strcmp(config->under, "leaks") == 0;
}

/* What judges memory in builds with a sanitizer, which neither the agent nor valgrind can enter. */
static void check_sanitizers(struct hn_plan *plan, const struct hn_test_config *config)
{
    for (uint32_t i = 0; i < plan->binary_count; i++) {
        struct hn_binary *binary = &plan->binaries[i];
        if (binary->kind == HN_BINARY_BAD || hn_binary_is_plain(binary))
            continue;
        if (binary->has_asan) {
            (void)fprintf(stderr,
                          "assay test: %s: built with AddressSanitizer: its own "
                          "LeakSanitizer judges, not the agent\n",
                          binary->path);
        } else if (is_under_leaks(config)) {
            binary->kind = HN_BINARY_BAD;
            binary->problem = "built with ThreadSanitizer, in which neither the agent nor valgrind "
                              "can look for leaks: use a plain build";
        }
    }
}

static bool open_tool(struct hn_loaded *loaded, struct hn_plan *plan, const char *name,
                      struct pf_err *err)
{
    if (!loaded->tool_dir.base[0] && !hn_temp_dir_open(&loaded->tool_dir))
        return pf_err_set(err, PF_ERR_SYSTEM,
                          "no directory can be written for the tool's logs: set TMPDIR");
    return hn_tool_open(&loaded->tool, name, loaded->tool_dir.base, &plan->arena, err);
}

/* To list its tests, a binary has no more time than one of them, if there is enough. */
static unsigned load_seconds(const struct hn_loaded *loaded)
{
    double wanted = loaded->config->schedule.timeout_s;
    unsigned seconds = LOAD_SECONDS;

    if (wanted > 0 && wanted < LOAD_SECONDS)
        seconds = wanted > LOAD_SECONDS_LEAST ? (unsigned)wanted : LOAD_SECONDS_LEAST;
    return seconds * (loaded->tool.words[0] ? 4 : 1);
}

static bool load(struct hn_loaded *loaded, struct hn_plan *plan, struct pf_err *err)
{
    struct hn_load_spec spec = {
        .preload = loaded->preload,
        .agent = loaded->has_agent ? loaded->leaks.agent : NULL,
        .invitation = loaded->has_agent ? loaded->leaks.invitation : NULL,
        .engine = loaded->config->engine,
        .wrapper = loaded->tool.words[0] ? loaded->tool.words : NULL,
        .deadline_s = load_seconds(loaded),
    };

    loaded->at = pf_mem_new(plan->binary_count, sizeof *loaded->at);
    return hn_plan_load(plan, loaded->at, &spec, err);
}

void hn_loaded_stop(struct hn_loaded *loaded)
{
    for (uint32_t i = 0; loaded->at && i < loaded->plan->binary_count; i++)
        hn_suite_stop(&loaded->at[i]);
    free(loaded->at);
    loaded->at = NULL;
}

/* The first binary the agent cannot see into, and why. */
static const struct hn_binary *find_unseen(struct hn_loaded *loaded, struct hn_plan *plan,
                                           const char **why)
{
    for (uint32_t i = 0; i < plan->binary_count; i++) {
        if (!hn_binary_is_plain(&plan->binaries[i]))
            continue;
        *why = hn_special_memory_problem(loaded, &loaded->at[i]);
        if (*why && *why != hn_own_allocator)
            return &plan->binaries[i];
        if (!*why)
            continue;
        plan->binaries[i].kind = HN_BINARY_BAD;
        plan->binaries[i].problem = hn_own_allocator;
        hn_suite_stop(&loaded->at[i]);
    }
    return NULL;
}

static bool load_under_memcheck(struct hn_loaded *loaded, struct hn_plan *plan, const char *what,
                                const char *why, struct pf_err *err)
{
    (void)fprintf(stderr,
                  "assay test: %s: the agent cannot judge its memory: %s; all plain binaries run "
                  "under memcheck instead, many times slower\n",
                  what, why);
    hn_loaded_stop(loaded);
    hn_under_leaks_fini(&loaded->leaks);
    loaded->has_agent = false;
    plan->test_count = 0;
    if (!open_tool(loaded, plan, "memcheck", err))
        return pf_err_prepend(err, "%s: neither the agent nor memcheck can judge leaks", what);
    return load(loaded, plan, err);
}

/* The agent in all binaries, or memcheck around all. */
static bool load_for_leaks(struct hn_loaded *loaded, struct hn_plan *plan, struct pf_err *err)
{
    struct pf_err no_agent = {0};
    const char *why = NULL;

    check_sanitizers(plan, loaded->config);
    if (!has_plain_binary(plan))
        return load(loaded, plan, err);
    loaded->has_agent = hn_under_leaks_start(&loaded->leaks, &no_agent);
    if (!loaded->has_agent)
        return load_under_memcheck(loaded, plan, "libassay-agent.so", no_agent.text, err);
    if (!load(loaded, plan, err))
        return false;
    const struct hn_binary *unseen = find_unseen(loaded, plan, &why);
    return !unseen || load_under_memcheck(loaded, plan, unseen->path, why, err);
}

bool hn_test_load(struct hn_loaded *loaded, struct hn_plan *plan, struct pf_err *err)
{
    const struct hn_test_config *config = loaded->config;

    if (strcmp(config->engine, "criterion") == 0 && !hn_criterion_check(config, err))
        return false;
    if (!hn_preload_find(loaded->preload, sizeof loaded->preload, "libassay-runner.so", err))
        return false;
    hn_plan_name_binaries(plan);
    if (is_under_leaks(config) || (!config->under && config->leaks))
        return load_for_leaks(loaded, plan, err);
    if (config->under && !hn_test_is_profiled(config)) {
        if (!open_tool(loaded, plan, config->under, err))
            return false;
        check_builds(plan, &loaded->tool);
    }
    return load(loaded, plan, err);
}

void hn_loaded_fini(struct hn_loaded *loaded)
{
    hn_loaded_stop(loaded);
    hn_under_profile_fini(&loaded->profile);
    hn_under_leaks_fini(&loaded->leaks);
    hn_temp_dir_close(&loaded->tool_dir);
}

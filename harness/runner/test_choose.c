/* SPDX-License-Identifier: MIT */
#include "harness/runner/test_choose.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "harness/runner/history.h"
#include "harness/runner/test_list.h"

static void load_history(const struct hn_test_config *config, struct hn_plan *plan)
{
    if (config->history && hn_history_load(plan, config->history))
        (void)fprintf(stderr,
                      "assay test: %s: unreadable lines were left out; it is written anew\n",
                      config->history);
}

/* A suite that lost its tests passes for one that is fine, among others above all. */
static void refuse_empty(struct hn_plan *plan)
{
    for (uint32_t i = 0; i < plan->binary_count; i++) {
        struct hn_binary *binary = &plan->binaries[i];
        if (binary->kind == HN_BINARY_BAD || binary->test_count)
            continue;
        binary->kind = HN_BINARY_BAD;
        binary->problem = "holds no test: those in a static library need -Wl,--whole-archive, and "
                          "-Wl,--gc-sections drops all (--allow-empty makes this fine)";
    }
}

static void tell_remarks(const struct hn_plan *plan)
{
    for (uint32_t i = 0; i < plan->binary_count; i++)
        for (const char *at = plan->binaries[i].remark; at && *at;) {
            size_t size = strcspn(at, "\n");
            (void)fprintf(stderr, "assay test: %s: %.*s\n", plan->binaries[i].path, (int)size, at);
            at += size + (at[size] == '\n');
        }
}

/* "2/3@0123abcd" */
static const char *shard_text(const struct hn_selection *selection, uint32_t fingerprint,
                              struct hn_plan *plan)
{
    return hn_text(&plan->arena, "%u/%u@%08x", selection->shard, selection->shard_count,
                   fingerprint);
}

bool hn_test_choose(const struct hn_test_config *config, struct hn_plan *plan, const char **shard,
                    struct pf_err *err)
{
    const struct hn_selection *selection = &config->selection;

    *shard = NULL;
    if (!config->allow_empty)
        refuse_empty(plan);
    tell_remarks(plan);
    load_history(config, plan);
    if (config->balance && !hn_history_balance(plan, config->balance, err))
        return false;
    uint32_t fingerprint = hn_select(plan, selection);
    if (!selection->shard_count)
        return true;
    *shard = shard_text(selection, fingerprint, plan);
    if (config->fingerprint && strcmp(strchr(*shard, '@') + 1, config->fingerprint) != 0)
        return pf_err_set(err, PF_ERR_USAGE,
                          "--shard %s wants the partition %s: other tests, or another --balance "
                          "file, than that one was made of",
                          *shard, config->fingerprint);
    if (!config->quiet)
        (void)fprintf(stderr, "assay test: shard %s, %u of %u tests%s%s\n", *shard,
                      plan->order_count, plan->test_count, config->balance ? ", by " : "",
                      config->balance ? config->balance : "");
    return true;
}

bool hn_test_is_empty_run(const struct hn_test_config *config, const struct hn_plan *plan,
                          struct pf_err *err)
{
    if (plan->order_count || config->allow_empty || plan->is_empty_shard)
        return false;
    (void)pf_err_set(err, PF_ERR_NONE,
                     "no test %s: %u found, none chosen (--allow-empty makes this fine)",
                     config->list ? "listed" : "ran", plan->test_count);
    return true;
}

void hn_test_put_seed(struct pf_sink *sink, const struct hn_test_config *config)
{
    unsigned long long seed = config->selection.seed;

    if (config->selection.shuffle)
        pf_sink_printf(sink, "shuffled, seed %llu (--shuffle=%llu repeats this order)\n", seed,
                       seed);
}

/* The list alone is on stdout. */
static bool print_list_seed(const struct hn_test_config *config, struct pf_err *err)
{
    struct pf_sink sink;
    int fd = STDERR_FILENO;

    pf_sink_init(&sink, pf_sink_to_fd, &fd);
    hn_test_put_seed(&sink, config);
    bool ok = pf_sink_finish(&sink, err);
    pf_sink_fini(&sink);
    return ok;
}

int hn_test_print_list(const struct hn_test_config *config, const struct hn_plan *plan,
                       struct pf_err *err)
{
    struct pf_sink sink;
    int fd = STDOUT_FILENO;

    pf_sink_init(&sink, pf_sink_to_fd, &fd);
    if (config->list == HN_LIST_JSON)
        hn_list_json(&sink, plan);
    else
        hn_list_text(&sink, plan);
    bool ok = pf_sink_finish(&sink, err);
    pf_sink_fini(&sink);
    ok = ok && print_list_seed(config, err);
    for (uint32_t i = 0; ok && i < plan->binary_count; i++)
        if (plan->binaries[i].kind == HN_BINARY_BAD)
            ok = pf_err_set(err, PF_ERR_FORMAT, "%s: %s", plan->binaries[i].path,
                            plan->binaries[i].problem);
    if (!ok)
        return pf_err_exit_status(err->code);
    return hn_test_is_empty_run(config, plan, err) ? 1 : 0;
}

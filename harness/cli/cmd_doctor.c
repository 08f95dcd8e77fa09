/*
 * assay doctor: what works on this machine, what does not, why, and what would help.
 *
 * SPDX-License-Identifier: MIT
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "harness/cli/doctor.h"
#include "harness/cli/opts.h"
#include "harness/cli/terminal.h"
#include "harness/cli/verbs.h"

static const struct hn_check checks[] = {
    {"kernel", "kernel", "everything", true, hn_check_kernel},
    {"memory files", "memfd", "servers under test, the agent", true, hn_check_memory_files},
    {"directories", "directories", "everything", true, hn_check_directories},
    {"descriptors", "descriptors", "record", false, hn_check_descriptors},
    {"perf events", "perf", "record, top", true, hn_check_perf},
    {"perf buffers", "perf-buffers", "record, top", false, hn_check_perf_buffers},
    {"ptrace", "ptrace", "stack, leaks -p, crash reports", true, hn_check_ptrace},
    {"remote memory", "process-vm-readv", "stack, leaks -p", true, hn_check_remote_memory},
    {"agent", "agent", "leaks, record --engine agent", true, hn_check_agent},
    {"debug files", "symbols", "lines and inlines in reports", false, hn_check_symbols},
    {"debuginfod", "debuginfod", "lines and inlines in reports", false, hn_check_debuginfod},
    {"Criterion", "criterion", "test", true, hn_check_criterion},
    {"valgrind", "valgrind", "test --under", false, hn_check_valgrind},
    {"gperftools", "gperftools", "record --engine gperftools", false, hn_check_gperftools},
    {"chromium", "chromium", "Assay's own browser tests", false, hn_check_browser},
};

enum { CHECKS = sizeof checks / sizeof checks[0], OPT_JSON = 256 };

static const struct hn_opt opts_table[] = {
    {OPT_JSON, "json", NULL, "For machines, after docs/schemas/doctor.json."},
    {'q', "quiet", NULL, "Say nothing of what works."},
    {0, NULL, NULL, NULL},
};

static const char *const examples[] = {
    "assay doctor",
    "What works here, and what would help where something does not.",
    "sudo assay doctor",
    "The same as root: more is permitted.",
    "assay doctor --json | jq '.checks[] | select(.status != \"works\")'",
    "Only what is not well.",
    NULL,
};

static const char *status_of(enum hn_health health)
{
    static const char *const words[] = {"works", "limited", "missing"};

    return words[health];
}

static void print_text(const struct hn_check *check, const struct hn_finding *found)
{
    static const char *const colours[] = {"\033[32m", "\033[33m", "\033[31m"};
    const char *colour = hn_terminal_has_colour(STDOUT_FILENO) ? colours[found->health] : "";

    (void)printf("%s%-8s%s %-14s %s\n", colour, status_of(found->health), *colour ? "\033[0m" : "",
                 check->name, found->detail);
    if (found->health == HN_HEALTH_WORKS)
        return;
    (void)printf("%-23s needed by: %s\n", "", check->use);
    if (found->remedy[0])
        (void)printf("%-23s remedy: %s\n", "", found->remedy);
}

static void print_summary(unsigned broken)
{
    if (broken == 0)
        (void)puts("\nEverything essential works. Next: assay record -p PID, assay test BINARY");
    else
        (void)printf("\n%u essential thing%s not work here.\n", broken,
                     broken == 1 ? " does" : "s do");
}

static json_t *as_json(const struct hn_check *check, const struct hn_finding *found)
{
    return json_pack("{s:s, s:s, s:b, s:s, s:s, s:s}", "id", check->id, "status",
                     status_of(found->health), "essential", check->is_essential, "needed_by",
                     check->use, "detail", found->detail, "remedy", found->remedy);
}

static bool print_json(json_t *list, unsigned broken)
{
    json_t *all = json_pack("{s:i, s:s, s:b, s:b, s:o}", "assay", 1, "version", ASSAY_VERSION,
                            "works", broken == 0, "root", geteuid() == 0, "checks", list);
    bool ok = all && json_dumpf(all, stdout, JSON_INDENT(2)) == 0 && putchar('\n') != EOF;

    json_decref(all);
    return ok;
}

static int examine(bool wants_json, bool is_quiet)
{
    json_t *list = json_array();
    unsigned broken = 0;

    for (unsigned i = 0; i < CHECKS; i++) {
        struct hn_finding found = {0};
        (void)fflush(stdout); /* checks fork */
        checks[i].run(&found);
        broken += checks[i].is_essential && found.health == HN_HEALTH_MISSING;
        if (wants_json)
            (void)json_array_append_new(list, as_json(&checks[i], &found));
        else if (!is_quiet || found.health != HN_HEALTH_WORKS)
            print_text(&checks[i], &found);
    }
    if (wants_json)
        (void)print_json(list, broken);
    else
        json_decref(list);
    if (!wants_json && !is_quiet)
        print_summary(broken);
    return broken > 0 ? 1 : 0;
}

static int run(const struct hn_verb *verb, int argc, char **argv)
{
    struct hn_opts opts;
    bool wants_json = false;
    bool is_quiet = false;
    int key;

    hn_opts_init(&opts, verb, argc, argv);
    while ((key = hn_opts_next(&opts)) >= 0) {
        wants_json = wants_json || key == OPT_JSON;
        is_quiet = is_quiet || key == 'q';
    }
    if (key != HN_OPT_END)
        return key == HN_OPT_HELP ? 0 : 2;
    if (opts.operand_count > 0 || opts.command)
        return hn_opts_usage(&opts, "takes no arguments");
    return examine(wants_json, is_quiet);
}

const struct hn_verb hn_verb_doctor = {
    .name = "doctor",
    .summary = "what works on this machine, and what would help where something does not",
    .usage = "[--json] [--quiet]",
    .about =
        "Tries everything Assay builds on: perf events, ptrace, memory of other processes, the\n"
        "agent, debug files, the tools it can use. Exits with 0 if all that is essential works,\n"
        "1 if something essential does not.",
    .opts = opts_table,
    .examples = examples,
    .run = run,
};

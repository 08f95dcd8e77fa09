/*
 * assay test: the options of the test runner.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "harness/cli/opts.h"
#include "harness/cli/terminal.h"
#include "harness/cli/test_read.h"
#include "harness/cli/test_watch.h"
#include "harness/cli/test_words.h"
#include "harness/cli/verbs.h"
#include "harness/runner/test_run.h"
#include "profiler/base/arena.h"
#include "profiler/base/clock.h"
#include "profiler/report/report.h"

enum key {
    KEY_TIMEOUT = 256,
    KEY_JUNIT,
    KEY_JUNIT_STRICT,
    KEY_TAP,
    KEY_JSON_OUT,
    KEY_HTML,
    KEY_GITHUB,
    KEY_ALLOW_EMPTY,
    KEY_SKIP_STATUS,
    KEY_ALLOW_EXIT,
    KEY_ALLOW_LEFTOVERS,
    KEY_FAIL_FAST,
    KEY_RETRIES,
    KEY_REPEAT,
    KEY_UNTIL_FAIL,
    KEY_SHARD,
    KEY_BALANCE,
    KEY_TAG,
    KEY_EXACT,
    KEY_NO_CAPTURE,
    KEY_LAST_FAILED,
    KEY_FAILED_FIRST,
    KEY_CHANGED,
    KEY_SHUFFLE,
    KEY_SEED,
    KEY_LIST,
    KEY_JSON,
    KEY_ENGINE,
    KEY_HISTORY,
    KEY_BUILD_DIR,
    KEY_MEMORY,
    KEY_NETNS,
    KEY_ISOLATE_CWD,
    KEY_SLOWEST,
    KEY_NO_STACKS,
    KEY_PROGRESS,
    KEY_UNDER,
    KEY_PROFILES,
    KEY_LEAKS,
    KEY_UPDATE_SNAPSHOTS,
    KEY_CI,
    KEY_COVERAGE,
    KEY_WATCH,
    KEY_BUILD,
};

static const struct hn_opt options[] = {
    {'j', "jobs", "N", "tests side by side (default: one a CPU)"},
    {'k', "filter", "GLOB",
     "only tests whose id matches: suite/test[case] or binary/suite/test;\n"
     "without * ? [ { any part of the id; !GLOB leaves out; repeatable"},
    {KEY_TAG, "tag", "TAG", "only tests with this tag; !TAG leaves out; repeatable"},
    {KEY_EXACT, "exact", "ID", "only the test suite/test[case]; repeatable"},
    {KEY_SHARD, "shard", "I/N",
     "the I-th of N parts; a test's id alone says in which it is, so none is\n"
     "lost whatever each machine remembers. I/N@PRINT: refuse any partition\n"
     "but the one of this fingerprint, which every run prints and reports"},
    {KEY_BALANCE, "balance", "FILE",
     "shards of equal time by the durations in FILE, a history (or several, one\n"
     "behind the other). Every shard must be given the same one: compare the\n"
     "fingerprints, or ask for one with --shard I/N@PRINT"},
    {KEY_LAST_FAILED, "last-failed", NULL, "only what was red in the last run"},
    {KEY_FAILED_FIRST, "failed-first", NULL, "what was red in the last run first"},
    {KEY_CHANGED, "changed", NULL, "only tests whose binary changed since they last ran"},
    {KEY_SHUFFLE, "shuffle", NULL, "in random order; the seed is printed"},
    {KEY_SEED, "seed", "SEED", "in the order this seed gives (--shuffle=SEED is the same)"},
    {KEY_REPEAT, "repeat", "N", "run everything N times; the worst verdict counts"},
    {KEY_UNTIL_FAIL, "until-fail", NULL,
     "repeat until something is red, with --repeat N times at most"},
    {KEY_FAIL_FAST, "fail-fast", NULL, "stop at the first red test"},
    {KEY_RETRIES, "retries", "N", "try a red test again; a later pass is flaky, not red"},
    {KEY_TIMEOUT, "timeout", "S",
     "of a test that states none (default 60, 0: none). Every limit is\n"
     "multiplied where tests are slow: 3 with the allocation agent (leaks,\n"
     "torture) and under asan-build, 10 under tsan-build, 30 under valgrind's\n"
     "tools, 50 for budgets by callgrind. A binary has as long to list its\n"
     "tests, but at least 5 and at most 30 s, four times that under a tool"},
    {KEY_MEMORY, "memory", "MB", "private memory a test may have; beyond it allocations fail"},
    {KEY_NETNS, "netns", NULL, "every test in a network of its own, loopback only"},
    {KEY_ISOLATE_CWD, "isolate-cwd", NULL,
     "every test in a directory of its own, empty and removed after it (paths\n"
     "relative to yours lead nowhere then)"},
    {KEY_ALLOW_EMPTY, "allow-empty", NULL, "a run, or a binary, without any test is fine"},
    {KEY_SKIP_STATUS, "skip-status", "N",
     "exit with N where all that ran was skipped (default 0), for CTest's\n"
     "SKIP_RETURN_CODE, which assay_discover_tests() sets"},
    {KEY_ALLOW_EXIT, "allow-exit", NULL, "exit(0) in a test passes it, as with Criterion alone"},
    {KEY_ALLOW_LEFTOVERS, "allow-leftovers", NULL, "processes and sockets left behind are fine"},
    {KEY_ENGINE, "engine", "NAME",
     "fork (default): a process a test, ours; criterion: its own, which has no\n"
     "tools, limits of memory, retries, repeats, shuffles, snapshots, budgets,\n"
     "torture, coverage (refused) and one job"},
    {KEY_UNDER, "under", "TOOL",
     "each test under memcheck, helgrind, drd or callgrind; asan-build and\n"
     "tsan-build insist that the binaries were built so; verdicts and reports\n"
     "are each test's own; leaks: our own allocation agent, in what a test\n"
     "starts, too; cpu-profile records every test by perf events, a pprof file\n"
     "each"},
    {KEY_PROFILES, "profiles", "DIR",
     "of --under cpu-profile: DIR/ID.pb.gz (default: profiles beside the HTML\n"
     "or JUnit report, else .assay/profiles)"},
    {KEY_LEAKS, "leaks", NULL,
     "leaked memory and open descriptors are red, too (memory as with --under\n"
     "leaks; builds with AddressSanitizer judge it themselves)"},
    {KEY_COVERAGE, "coverage", "DIR",
     "gcov's counters, kept through crashes and time limits; DIR/coverage.xml\n"
     "and .html by gcovr"},
    {KEY_WATCH, "watch", NULL, "run again whenever sources (or, without a build, binaries) change"},
    {KEY_BUILD, "build", "CMD", "before each round of --watch (default: cmake --build, if found)"},
    {KEY_UPDATE_SNAPSHOTS, "update-snapshots", NULL,
     "take over what assay_snapshot() now sees; after a run of every test also\n"
     "remove the snapshots none of them asked for"},
    {KEY_CI, "ci", NULL,
     "refuse missing snapshots, and obsolete ones (default where the\n"
     "environment has CI, but for CI=false and CI=0)"},
    {KEY_NO_STACKS, "no-stacks", NULL, "do not stop crashed or late tests to read their stacks"},
    {KEY_NO_CAPTURE, "no-capture", NULL, "let tests write to the terminal"},
    {KEY_LIST, "list", NULL, "print the tests chosen, with file and line; run nothing"},
    {KEY_JSON, "json", NULL, "the list, or the run's events, as JSON on stdout"},
    {KEY_JUNIT, "junit", "FILE", "JUnit XML (- for stdout), as Jenkins, GitLab and GitHub read it"},
    {KEY_JUNIT_STRICT, "junit-strict", NULL,
     "JUnit as Jenkins' xUnit plugin demands it: without a test's file, line and\n"
     "properties"},
    {KEY_TAP, "tap", "FILE", "TAP 14"},
    {KEY_JSON_OUT, "json-out", "FILE", "JSON lines, written as the run goes"},
    {KEY_HTML, "html", "FILE", "one self-contained page"},
    {KEY_GITHUB, "github", NULL, "annotations for GitHub's runner, on stdout"},
    {KEY_SLOWEST, "slowest", "N", "list the N slowest tests"},
    {KEY_HISTORY, "history", "FILE",
     "where durations and verdicts are kept (default .assay/tests; none:\n"
     "nowhere)"},
    {KEY_BUILD_DIR, "build-dir", "DIR", "without BIN: where CTest's files are"},
    {KEY_PROGRESS, "progress", "WHEN", "live view on stderr: auto (on a terminal), always, never"},
    {'q', "quiet", NULL, "only what is red, and the counts"},
    {0, NULL, NULL, NULL},
};

static const char *const examples[] = {
    "assay test build/tests/*_test",
    "three suites' tests, all CPUs, a process a test",
    "assay test --junit tests.xml --retries 1",
    "every suite CTest knows here, a report for CI, flaky tests told apart",
    "assay test -k 'http/*' --until-fail --shuffle",
    "hunt a failure that comes and goes",
    "assay test --shard 2/4",
    "the second of four machines' part of the tests",
    "assay test --last-failed --fail-fast",
    "again, only what was red",
    NULL,
};

/* Which tests, in what order. */
static bool take_selection(const struct hn_opts *opts, int key, struct hn_test_config *config)
{
    struct hn_selection *selection = &config->selection;

    switch (key) {
    case 'k':
        return hn_test_add_pattern(opts, selection);
    case KEY_TAG:
        return hn_test_add_word(opts, selection->tags, &selection->tag_count);
    case KEY_EXACT:
        return hn_test_add_word(opts, selection->exact, &selection->exact_count);
    case KEY_SHARD:
        return hn_test_read_shard(opts, config);
    case KEY_BALANCE:
        config->balance = opts->value;
        return selection->is_balanced = true;
    case KEY_LAST_FAILED:
        return selection->last_failed = true;
    case KEY_FAILED_FIRST:
        return selection->failed_first = true;
    case KEY_CHANGED:
        return selection->changed = true;
    case KEY_SHUFFLE:
        return selection->shuffle = true;
    case KEY_SEED:
        return hn_test_read_seed(opts, selection);
    default:
        return false;
    }
}

/* How they run. */
static bool take_schedule(const struct hn_opts *opts, int key, struct hn_schedule *schedule)
{
    switch (key) {
    case 'j':
        return hn_test_read_unsigned(opts, 1, 256, &schedule->jobs);
    case KEY_TIMEOUT:
        return hn_opts_seconds(opts, 0, 1e6, &schedule->timeout_s);
    case KEY_RETRIES:
        return hn_test_read_unsigned(opts, 0, 100, &schedule->retries);
    case KEY_REPEAT:
        return hn_test_read_unsigned(opts, 1, 1000000, &schedule->repeat);
    case KEY_UNTIL_FAIL:
        return schedule->until_fail = true;
    case KEY_FAIL_FAST:
        return schedule->fail_fast = true;
    case KEY_MEMORY:
        return hn_test_read_memory(opts, schedule);
    case KEY_NETNS:
        return schedule->network_namespace = true;
    case KEY_ISOLATE_CWD:
        return schedule->isolate_cwd = true;
    case KEY_NO_CAPTURE:
        return schedule->show_output = true;
    case KEY_NO_STACKS:
        return schedule->no_stacks = true;
    case KEY_ALLOW_EXIT:
        return schedule->policy.exit_is_fine = true;
    case KEY_ALLOW_LEFTOVERS:
        return schedule->policy.left_over_is_fine = true;
    default:
        return false;
    }
}

/* What is told, and where. */
static bool take_output(const struct hn_opts *opts, int key, struct hn_test_config *config)
{
    switch (key) {
    case KEY_JUNIT:
        return (config->junit = opts->value) != NULL;
    case KEY_JUNIT_STRICT:
        return config->junit_strict = true;
    case KEY_TAP:
        return (config->tap = opts->value) != NULL;
    case KEY_JSON_OUT:
        return (config->json = opts->value) != NULL;
    case KEY_HTML:
        return (config->html = opts->value) != NULL;
    case KEY_GITHUB:
        return config->github = true;
    case KEY_LIST:
        config->list = config->list ? config->list : HN_LIST_TEXT;
        return true;
    case KEY_SLOWEST:
        return hn_test_read_unsigned(opts, 1, 1000, &config->slowest);
    case KEY_PROGRESS:
        return hn_test_read_progress(opts, &config->live);
    case 'q':
        return config->quiet = true;
    default:
        return false;
    }
}

static bool take_rest(const struct hn_opts *opts, int key, struct hn_test_config *config)
{
    static const char *const engines[] = {"fork", "criterion", NULL};

    switch (key) {
    case KEY_ALLOW_EMPTY:
        return config->allow_empty = true;
    case KEY_SKIP_STATUS:
        return hn_test_read_skip_status(opts, config);
    case KEY_ENGINE:
        return hn_test_read_choice(opts, engines, &config->engine);
    case KEY_UNDER:
        return hn_test_read_choice(opts, hn_tool_names, &config->under);
    case KEY_PROFILES:
        return (config->profile_dir = opts->value) != NULL;
    case KEY_LEAKS:
        config->schedule.policy.leaks_are_red = true;
        return config->leaks = true;
    case KEY_UPDATE_SNAPSHOTS:
        return config->update_snapshots = true;
    case KEY_CI:
        return config->ci = true;
    case KEY_COVERAGE:
        config->coverage_dir = opts->value;
        return config->coverage = true;
    case KEY_HISTORY:
        config->history = strcmp(opts->value, "none") == 0 ? NULL : opts->value;
        return true;
    case KEY_BUILD_DIR:
        return (config->build_dir = opts->value) != NULL;
    default:
        return false;
    }
}

/* A key belongs to one of the four; the one that knows it has the last word. */
static bool take(const struct hn_opts *opts, int key, struct hn_test_config *config)
{
    switch (key) {
    case 'k':
    case KEY_TAG:
    case KEY_EXACT:
    case KEY_SHARD:
    case KEY_BALANCE:
    case KEY_LAST_FAILED:
    case KEY_FAILED_FIRST:
    case KEY_CHANGED:
    case KEY_SHUFFLE:
    case KEY_SEED:
        return take_selection(opts, key, config);
    case KEY_JUNIT:
    case KEY_JUNIT_STRICT:
    case KEY_TAP:
    case KEY_JSON_OUT:
    case KEY_HTML:
    case KEY_GITHUB:
    case KEY_LIST:
    case KEY_SLOWEST:
    case KEY_PROGRESS:
    case 'q':
        return take_output(opts, key, config);
    case KEY_ALLOW_EMPTY:
    case KEY_SKIP_STATUS:
    case KEY_ENGINE:
    case KEY_HISTORY:
    case KEY_BUILD_DIR:
    case KEY_UNDER:
    case KEY_PROFILES:
    case KEY_LEAKS:
    case KEY_UPDATE_SNAPSHOTS:
    case KEY_CI:
    case KEY_COVERAGE:
        return take_rest(opts, key, config);
    default:
        return take_schedule(opts, key, &config->schedule);
    }
}

struct command {
    bool json, watch;
    struct hn_test_rounds rounds;
};

/* Reports that want stdout for themselves. GitHub's annotations are found among any lines. */
static unsigned count_on_stdout(const struct hn_test_config *config, const struct command *command)
{
    const char *const paths[] = {config->junit, config->tap, config->json, config->html};
    unsigned count = command->json && !config->list;

    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        count += paths[i] && strcmp(paths[i], "-") == 0;
    return count;
}

/* Options whose meaning depends on the whole command line. */
static int run_config(const struct hn_opts *opts, struct hn_test_config *config,
                      struct command *command)
{
    struct pf_err err = {0};

    config->binaries = opts->operands;
    config->binary_count = opts->operand_count;
    command->rounds.build_dir = config->build_dir;
    if (count_on_stdout(config, command) > 1)
        return hn_opts_usage(opts, "stdout carries one report: give the others a file");
    if (command->watch)
        return hn_test_watch(opts, &command->rounds);
    if (command->json && config->list)
        config->list = HN_LIST_JSON;
    else if (command->json)
        config->json = "-";
    if (config->selection.shuffle && !config->selection.seed)
        config->selection.seed = pf_clock_wall_ns() % 1000000007 + 1;
    int status = hn_test_run(config, &err);
    if (err.text[0])
        (void)fprintf(stderr, "assay test: %s\n", err.text);
    return status;
}

static bool save_profile(const struct pf_profile *profile, const char *path, struct pf_err *err)
{
    struct pf_report_options plain = {0};

    return pf_report_save(profile, pf_report_format_named("pprof"), &plain, path, err);
}

static bool is_in_ci(void)
{
    const char *ci = getenv("CI");

    return ci && *ci && strcasecmp(ci, "false") != 0 && strcmp(ci, "0") != 0;
}

static int run(const struct hn_verb *verb, int argc, char **argv)
{
    struct hn_opts opts;
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    bool is_terminal = isatty(STDERR_FILENO) && isatty(STDOUT_FILENO);
    struct hn_test_config config = {
        .engine = "fork",
        .history = ".assay/tests",
        .save_profile = save_profile,
        .color = hn_terminal_has_colour(STDOUT_FILENO),
        .live = is_terminal,
        .ci = is_in_ci(),
        .schedule = {.jobs = cpus > 0 && cpus < 256 ? (unsigned)cpus : 1, .timeout_s = 60},
    };
    char *line = hn_test_join(argc, argv);
    char **given = pf_mem_new((size_t)argc + 1, sizeof(char *));
    struct command command = {.rounds = {.argc = argc, .argv = given}};
    int key, status = -1;

    config.command = line;
    hn_test_split_shuffle(argc, argv);
    memcpy(given, argv, (size_t)argc * sizeof(char *)); /* reading moves the operands forward */
    hn_opts_init(&opts, verb, argc, argv);
    while (status < 0 && (key = hn_opts_next(&opts)) != HN_OPT_END) {
        if (key == HN_OPT_HELP)
            status = 0;
        else if (key == KEY_JSON)
            command.json = true;
        else if (key == KEY_WATCH)
            command.watch = true;
        else if (key == KEY_BUILD)
            command.rounds.build = opts.value;
        else if (key == HN_OPT_BAD || !take(&opts, key, &config))
            status = 2;
    }
    if (status < 0)
        status = run_config(&opts, &config, &command);
    free(line);
    free(given);
    return status;
}

const struct hn_verb hn_verb_test = {
    .name = "test",
    .summary = "run Criterion suites: a process a test, verdicts that tell the truth",
    .usage = "[options] [BIN...]",
    .about =
        "Runs unmodified Criterion binaries, given by path or those CTest knows here. Every test\n"
        "has a process of its own, a time limit that holds, and a verdict: pass, fail, crash,\n"
        "timeout, hang, exit, leak, sanitizer, left_over, flaky, skip, error. What a test leaves\n"
        "behind dies with it.\n\n"
        "Exit: 0 all fine, 1 something is red or no test ran, 2 wrong usage, 3 it could not be\n"
        "done here or was interrupted.",
    .opts = options,
    .examples = examples,
    .run = run,
};

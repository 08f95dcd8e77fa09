/*
 * assay test: the options of the test runner.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "harness/cli/opts.h"
#include "harness/cli/verbs.h"
#include "harness/runner/test_run.h"

enum key {
    KEY_TIMEOUT = 256,
    KEY_JUNIT,
    KEY_ALLOW_EMPTY,
    KEY_FAIL_FAST,
    KEY_RETRIES,
    KEY_REPEAT,
    KEY_UNTIL_FAIL,
    KEY_SHARD,
    KEY_TAG,
    KEY_NO_CAPTURE,
};

static const struct hn_opt options[] = {
    {'j', "jobs", "N", "tests side by side (default: one a CPU)"},
    {'k', "filter", "GLOB",
     "only tests whose id matches: suite/test[case] or binary/suite/test;\n"
     "without * ? [ { any part of the id; !GLOB leaves out; repeatable"},
    {KEY_TAG, "tag", "TAG", "only tests with this tag; !TAG leaves out; repeatable"},
    {KEY_SHARD, "shard", "I/N", "the I-th of N parts, balanced by the last run's durations"},
    {KEY_TIMEOUT, "timeout", "S", "of a test that states none (default 60, 0: none)"},
    {KEY_RETRIES, "retries", "N", "try a red test again; a later pass is flaky, not red"},
    {KEY_FAIL_FAST, "fail-fast", NULL, "stop at the first red test"},
    {KEY_REPEAT, "repeat", "N", "run everything N times; the worst verdict counts"},
    {KEY_UNTIL_FAIL, "until-fail", NULL, "repeat until something is red"},
    {KEY_NO_CAPTURE, "no-capture", NULL, "let tests write to the terminal"},
    {KEY_JUNIT, "junit", "FILE", "JUnit XML (- for stdout), as Jenkins, GitLab and GitHub read it"},
    {KEY_ALLOW_EMPTY, "allow-empty", NULL, "a run without any test is fine"},
    {'q', "quiet", NULL, "only what is red, and the counts"},
    {0, NULL, NULL, NULL},
};

static const char *const examples[] = {
    "assay test build/tests/*_test",
    "run three suites' tests, all CPUs, a process a test",
    NULL,
};

static bool read_unsigned(const struct hn_opts *opts, uint64_t min, uint64_t max, unsigned *out)
{
    uint64_t value;

    if (!hn_opts_u64(opts, min, max, &value))
        return false;
    *out = (unsigned)value;
    return true;
}

static bool read_shard(const struct hn_opts *opts, struct hn_selection *selection)
{
    char *end = NULL;
    unsigned long shard = strtoul(opts->value, &end, 10);
    unsigned long count = *end == '/' ? strtoul(end + 1, &end, 10) : 0;

    if (*end || shard < 1 || shard > count || count > 100000) {
        (void)hn_opts_usage(opts, "--shard wants I/N with 1 <= I <= N, not '%s'", opts->value);
        return false;
    }
    selection->shard = (unsigned)shard;
    selection->shard_count = (unsigned)count;
    return true;
}

static bool add_word(const struct hn_opts *opts, const char **words, unsigned *count)
{
    if (*count == HN_PATTERNS_MAX) {
        (void)hn_opts_usage(opts, "more than %d patterns", HN_PATTERNS_MAX);
        return false;
    }
    words[(*count)++] = opts->value;
    return true;
}

static bool take(const struct hn_opts *opts, int key, struct hn_test_config *config)
{
    struct hn_selection *selection = &config->selection;
    struct hn_schedule *schedule = &config->schedule;

    switch (key) {
    case 'j':
        return read_unsigned(opts, 1, 256, &schedule->jobs);
    case 'k':
        return add_word(opts, selection->patterns, &selection->pattern_count);
    case KEY_TAG:
        return add_word(opts, selection->tags, &selection->tag_count);
    case KEY_SHARD:
        return read_shard(opts, selection);
    case KEY_TIMEOUT:
        return hn_opts_seconds(opts, 0, 1e6, &schedule->timeout_s);
    case KEY_RETRIES:
        return read_unsigned(opts, 0, 100, &schedule->retries);
    case KEY_REPEAT:
        return read_unsigned(opts, 1, 1000000, &schedule->repeat);
    case KEY_UNTIL_FAIL:
        return schedule->until_fail = true;
    case KEY_FAIL_FAST:
        return schedule->fail_fast = true;
    case KEY_NO_CAPTURE:
        return schedule->show_output = true;
    case KEY_JUNIT:
        config->junit = opts->value;
        return true;
    case KEY_ALLOW_EMPTY:
        return config->allow_empty = true;
    case 'q':
        return config->quiet = true;
    default:
        return false;
    }
}

static int run(const struct hn_verb *verb, int argc, char **argv)
{
    struct hn_opts opts;
    struct pf_err err = {0};
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    struct hn_test_config config = {
        .engine = "fork",
        .color = isatty(STDOUT_FILENO) && !getenv("NO_COLOR"),
        .schedule = {.jobs = cpus > 0 && cpus < 256 ? (unsigned)cpus : 1,
                     .timeout_s = 60,
                     .repeat = 1},
    };
    int key;

    hn_opts_init(&opts, verb, argc, argv);
    while ((key = hn_opts_next(&opts)) != HN_OPT_END) {
        if (key == HN_OPT_HELP)
            return 0;
        if (key == HN_OPT_BAD || !take(&opts, key, &config))
            return 2;
    }
    config.binaries = opts.operands;
    config.binary_count = opts.operand_count;
    int status = hn_test_run(&config, &err);
    if (err.text[0])
        (void)fprintf(stderr, "assay test: %s\n", err.text);
    return status;
}

const struct hn_verb hn_verb_test = {
    .name = "test",
    .summary = "run Criterion suites: a process a test, verdicts that tell the truth",
    .usage = "[options] [BIN...]",
    .about = "Runs unmodified Criterion binaries, each test in a process of its own.",
    .opts = options,
    .examples = examples,
    .run = run,
};

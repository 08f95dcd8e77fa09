/* SPDX-License-Identifier: MIT */
#include "harness/cli/test_read.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool hn_test_read_unsigned(const struct hn_opts *opts, uint64_t min, uint64_t max, unsigned *out)
{
    uint64_t value;

    if (!hn_opts_u64(opts, min, max, &value))
        return false;
    *out = (unsigned)value;
    return true;
}

bool hn_test_read_shard(const struct hn_opts *opts, struct hn_test_config *config)
{
    char *end = NULL;
    unsigned long shard = strtoul(opts->value, &end, 10);
    unsigned long count = *end == '/' ? strtoul(end + 1, &end, 10) : 0;
    bool has_print = *end == '@' && strlen(end + 1) == 8;

    if ((*end && !has_print) || shard < 1 || shard > count || count > 100000) {
        (void)hn_opts_usage(opts, "--shard wants I/N with 1 <= I <= N, or I/N@PRINT, not '%s'",
                            opts->value);
        return false;
    }
    config->selection.shard = (unsigned)shard;
    config->selection.shard_count = (unsigned)count;
    config->fingerprint = has_print ? end + 1 : NULL;
    return true;
}

bool hn_test_add_word(const struct hn_opts *opts, const char **words, unsigned *count)
{
    if (*count == HN_PATTERNS_MAX) {
        (void)hn_opts_usage(opts, "more than %d patterns", HN_PATTERNS_MAX);
        return false;
    }
    words[(*count)++] = opts->value;
    return true;
}

bool hn_test_add_pattern(const struct hn_opts *opts, struct hn_selection *selection)
{
    const char *problem = hn_glob_problem(opts->value);

    if (problem) {
        (void)hn_opts_usage(opts, "the pattern '%s' %s", opts->value, problem);
        return false;
    }
    return hn_test_add_word(opts, selection->patterns, &selection->pattern_count);
}

bool hn_test_read_choice(const struct hn_opts *opts, const char *const *words, const char **out)
{
    unsigned index;

    if (!hn_opts_choice(opts, words, &index))
        return false;
    *out = words[index];
    return true;
}

bool hn_test_read_progress(const struct hn_opts *opts, bool *live)
{
    static const char *const words[] = {"auto", "always", "never", NULL};
    unsigned index;

    if (!hn_opts_choice(opts, words, &index))
        return false;
    if (index)
        *live = index == 1;
    return true;
}

bool hn_test_read_seed(const struct hn_opts *opts, struct hn_selection *selection)
{
    char *end = NULL;

    errno = 0;
    selection->shuffle = true;
    selection->seed = strtoull(opts->value, &end, 10);
    if (!errno && isdigit((unsigned char)*opts->value) && !*end && selection->seed)
        return true;
    (void)hn_opts_usage(opts, "the seed of --shuffle=SEED or --seed is a number from 1, not '%s'",
                        opts->value);
    return false;
}

bool hn_test_read_memory(const struct hn_opts *opts, struct hn_schedule *schedule)
{
    uint64_t megabytes;

    if (!hn_opts_u64(opts, 1, 1 << 24, &megabytes))
        return false;
    schedule->memory_bytes = megabytes << 20;
    return true;
}

bool hn_test_read_skip_status(const struct hn_opts *opts, struct hn_test_config *config)
{
    uint64_t status;

    if (!hn_opts_u64(opts, 4, 125, &status))
        return false;
    config->skip_status = (int)status;
    return true;
}

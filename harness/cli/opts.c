/* SPDX-License-Identifier: MIT */
#include "harness/cli/opts.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void hn_opts_init(struct hn_opts *opts, const struct hn_verb *verb, int argc, char **argv)
{
    *opts = (struct hn_opts){.verb = verb, .argc = argc, .argv = argv, .operands = argv};
}

static const struct hn_opt *find_long(const struct hn_verb *verb, const char *name, size_t size)
{
    for (const struct hn_opt *opt = verb->opts; opt->name; opt++)
        if (strncmp(opt->name, name, size) == 0 && opt->name[size] == '\0')
            return opt;
    return NULL;
}

static const struct hn_opt *find_short(const struct hn_verb *verb, char letter)
{
    for (const struct hn_opt *opt = verb->opts; opt->name; opt++)
        if (opt->key == letter)
            return opt;
    return NULL;
}

static int say_bad(const struct hn_opts *opts, const char *what, const char *word)
{
    (void)hn_opts_usage(opts, "%s %s", what, word);
    return HN_OPT_BAD;
}

/* An option's argument: attached, or the next word. */
static int take_value(struct hn_opts *opts, const struct hn_opt *opt, char *attached,
                      const char *word)
{
    if (!opt->arg)
        return attached ? say_bad(opts, "takes no argument:", word) : opt->key;
    if (attached) {
        opts->value = attached;
        return opt->key;
    }
    if (opts->at >= opts->argc || strcmp(opts->argv[opts->at], "--") == 0) {
        (void)hn_opts_usage(opts, "%s wants %s", word, opt->arg);
        return HN_OPT_BAD;
    }
    opts->value = opts->argv[opts->at++];
    return opt->key;
}

static int read_long(struct hn_opts *opts, char *word)
{
    char *equals = strchr(word, '=');
    size_t size = equals ? (size_t)(equals - word - 2) : strlen(word + 2);

    if (strcmp(word, "--help") == 0) {
        hn_help_print(opts->verb, stdout);
        return HN_OPT_HELP;
    }
    const struct hn_opt *opt = find_long(opts->verb, word + 2, size);
    if (!opt)
        return say_bad(opts, "unknown option", word);
    return take_value(opts, opt, equals ? equals + 1 : NULL, word);
}

static int read_short(struct hn_opts *opts, char *word)
{
    if (strcmp(word, "-h") == 0 && !find_short(opts->verb, 'h')) {
        hn_help_print(opts->verb, stdout);
        return HN_OPT_HELP;
    }
    const struct hn_opt *opt = find_short(opts->verb, word[1]);
    if (!opt)
        return say_bad(opts, "unknown option", word);
    return take_value(opts, opt, word[2] ? word + 2 : NULL, word);
}

int hn_opts_next(struct hn_opts *opts)
{
    while (opts->at < opts->argc) {
        char *word = opts->argv[opts->at++];

        opts->value = NULL;
        if (strcmp(word, "--") == 0) {
            opts->command = opts->argv + opts->at;
            opts->at = opts->argc;
            return HN_OPT_END;
        }
        if (strncmp(word, "--", 2) == 0)
            return read_long(opts, word);
        if (word[0] == '-' && word[1])
            return read_short(opts, word);
        opts->operands[opts->operand_count++] = word;
    }
    return HN_OPT_END;
}

bool hn_opts_take(struct hn_opts *opts, hn_opt_take take, void *to, int *status)
{
    int key;

    *status = 0;
    while (*status == 0 && (key = hn_opts_next(opts)) != HN_OPT_END) {
        if (key == HN_OPT_HELP)
            return false;
        *status = key == HN_OPT_BAD ? 2 : take(opts, key, to);
    }
    return *status == 0;
}

/* The option that was given, as the user wrote it. */
static const char *current_name(const struct hn_opts *opts)
{
    const char *before = opts->at >= 1 ? opts->argv[opts->at - 1] : "";
    if (before == opts->value && opts->at >= 2)
        return opts->argv[opts->at - 2];
    return before;
}

bool hn_opts_u64(const struct hn_opts *opts, uint64_t min, uint64_t max, uint64_t *out)
{
    char *end = NULL;

    errno = 0;
    unsigned long long value = strtoull(opts->value, &end, 10);
    if (errno || end == opts->value || *end || opts->value[0] == '-' || value < min
        || value > max) {
        (void)hn_opts_usage(opts, "%s wants a number from %llu to %llu, not '%s'",
                            current_name(opts), (unsigned long long)min, (unsigned long long)max,
                            opts->value);
        return false;
    }
    *out = value;
    return true;
}

bool hn_opts_seconds(const struct hn_opts *opts, double min, double max, double *out)
{
    char *end = NULL;
    double value = strtod(opts->value, &end);

    if (end != opts->value && strcmp(end, "ms") == 0) {
        value /= 1000;
        end += 2;
    } else if (end != opts->value && strcmp(end, "s") == 0) {
        end += 1;
    } else if (end != opts->value && strcmp(end, "m") == 0) {
        value *= 60;
        end += 1;
    }
    if (end == opts->value || *end || !isfinite(value) || value < min || value > max) {
        (void)hn_opts_usage(opts, "%s wants seconds from %.10g to %.10g (also 500ms, 2m), not '%s'",
                            current_name(opts), min, max, opts->value);
        return false;
    }
    *out = value;
    return true;
}

bool hn_opts_choice(const struct hn_opts *opts, const char *const *words, unsigned *out)
{
    char list[256] = "";

    for (unsigned i = 0; words[i]; i++) {
        if (strcmp(opts->value, words[i]) == 0) {
            *out = i;
            return true;
        }
        size_t used = strlen(list);
        (void)snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "", words[i]);
    }
    (void)hn_opts_usage(opts, "%s wants one of %s, not '%s'", current_name(opts), list,
                        opts->value);
    return false;
}

int hn_opts_usage(const struct hn_opts *opts, const char *fmt, ...)
{
    va_list args;

    (void)fprintf(stderr, "assay %s: ", opts->verb->name);
    va_start(args, fmt);
    (void)vfprintf(stderr, fmt, args);
    va_end(args);
    (void)fprintf(stderr, " (assay %s --help)\n", opts->verb->name);
    return 2;
}

int hn_opts_fail(const struct hn_opts *opts, const struct pf_err *err)
{
    (void)fprintf(stderr, "assay %s: %s\n", opts->verb->name, err->text);
    return pf_err_exit_status(err->code);
}

/*
 * A verb's help on the terminal, from the table its parser reads.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <string.h>

#include "harness/cli/opts.h"

enum { HELP_COLUMN = 28 };

static void format_names(const struct hn_opt *opt, char *out, size_t size)
{
    char letter[5] = "    ";

    if (opt->key > 0 && opt->key < 256)
        (void)snprintf(letter, sizeof letter, "-%c, ", opt->key);
    (void)snprintf(out, size, "  %s--%s%s%s", letter, opt->name, opt->arg ? " " : "",
                   opt->arg ? opt->arg : "");
}

static void print_opt(const struct hn_opt *opt, FILE *to)
{
    char names[96];
    const char *line = opt->help;

    format_names(opt, names, sizeof names);
    if (strlen(names) >= HELP_COLUMN)
        (void)fprintf(to, "%s\n%*s", names, HELP_COLUMN, "");
    else
        (void)fprintf(to, "%-*s", HELP_COLUMN, names);
    for (const char *end = strchr(line, '\n'); end; end = strchr(line, '\n')) {
        (void)fprintf(to, "%.*s\n%*s", (int)(end - line), line, HELP_COLUMN, "");
        line = end + 1;
    }
    (void)fprintf(to, "%s\n", line);
}

static void print_usage(const struct hn_verb *verb, FILE *to)
{
    const char *line = verb->usage;
    const char *lead = "usage: ";

    for (;;) {
        const char *end = strchr(line, '\n');
        (void)fprintf(to, "%sassay %s %.*s\n", lead, verb->name,
                      end ? (int)(end - line) : (int)strlen(line), line);
        if (!end)
            return;
        line = end + 1;
        lead = "       ";
    }
}

void hn_help_print(const struct hn_verb *verb, FILE *to)
{
    static const struct hn_opt help = {'h', "help", NULL, "Show this text."};

    print_usage(verb, to);
    (void)fprintf(to, "\n%s\n\noptions:\n", verb->about);
    for (const struct hn_opt *opt = verb->opts; opt->name; opt++)
        print_opt(opt, to);
    print_opt(&help, to);
    if (verb->examples && verb->examples[0])
        (void)fprintf(to, "\nexamples:\n");
    for (const char *const *example = verb->examples; example && example[0]; example += 2)
        (void)fprintf(to, "  %s\n      %s\n", example[0], example[1]);
}

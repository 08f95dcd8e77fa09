/*
 * A verb's help, from the table its parser reads: on the terminal and as a man page.
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

/* roff reads a leading dot or quote and every backslash as its own. */
static void put_roff(const char *text, FILE *to)
{
    bool at_line_start = true;

    for (; *text; text++) {
        if (at_line_start && (*text == '.' || *text == '\''))
            (void)fputs("\\&", to);
        if (*text == '\\')
            (void)fputs("\\e", to);
        else if (*text == '-')
            (void)fputs("\\-", to);
        else
            (void)fputc(*text, to);
        at_line_start = *text == '\n';
    }
}

static void man_opt(const struct hn_opt *opt, FILE *to)
{
    (void)fputs(".TP\n.B ", to);
    if (opt->key > 0 && opt->key < 256)
        (void)fprintf(to, "\\-%c, ", opt->key);
    (void)fputs("\\-\\-", to);
    put_roff(opt->name, to);
    if (opt->arg)
        (void)fprintf(to, " \\fI%s\\fR", opt->arg);
    (void)fputc('\n', to);
    put_roff(opt->help, to);
    (void)fputc('\n', to);
}

void hn_help_man(const struct hn_verb *verb, FILE *to)
{
    (void)fprintf(to, ".TH ASSAY-%s 1\n.SH NAME\nassay\\-%s \\- ", verb->name, verb->name);
    put_roff(verb->summary, to);
    (void)fputs("\n.SH SYNOPSIS\n.nf\n", to);
    for (const char *line = verb->usage; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        (void)fprintf(to, "assay %s %.*s\n", verb->name, (int)strcspn(line, "\n"), line);
    }
    (void)fputs(".fi\n.SH DESCRIPTION\n", to);
    put_roff(verb->about, to);
    (void)fputs("\n.SH OPTIONS\n", to);
    for (const struct hn_opt *opt = verb->opts; opt->name; opt++)
        man_opt(opt, to);
    if (verb->examples && verb->examples[0])
        (void)fputs(".SH EXAMPLES\n", to);
    for (const char *const *example = verb->examples; example && example[0]; example += 2) {
        (void)fputs(".TP\n.B ", to);
        put_roff(example[0], to);
        (void)fputc('\n', to);
        put_roff(example[1], to);
        (void)fputc('\n', to);
    }
    (void)fputs(
        ".SH EXIT STATUS\n0 fine; 1 the check found something; 2 wrong usage; 3 it could not be "
        "done here.\n.SH SEE ALSO\n.BR assay (1)\n",
        to);
}

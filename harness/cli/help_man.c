/*
 * A verb's help as a man page, from the same table: what --help tells, man tells.
 *
 * The language is man(7), in the part that groff and mandoc read alike.
 *
 * SPDX-License-Identifier: MIT
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "harness/cli/opts.h"

/* What typesetting would turn into something a shell does not understand, or takes for its own. */
static const char *escaped(char letter)
{
    switch (letter) {
    case '\\':
        return "\\e";
    case '-':
        return "\\-";
    case '"':
        return "\\(dq";
    case '\'':
        return "\\(aq";
    case '`':
        return "\\(ga";
    case '^':
        return "\\(ha";
    case '~':
        return "\\(ti";
    default:
        return NULL;
    }
}

/* One line's text; a leading dot would be a request. */
static void put_words(const char *text, size_t size, FILE *to)
{
    if (size && text[0] == '.')
        (void)fputs("\\&", to);
    for (size_t i = 0; i < size; i++) {
        const char *instead = escaped(text[i]);
        if (instead)
            (void)fputs(instead, to);
        else
            (void)fputc(text[i], to);
    }
}

/*
 * A text of several lines, filled: an empty line parts paragraphs, an indented one stays a line of
 * its own. gap is what stands between paragraphs: .PP, or .IP inside an option's text.
 */
static void put_text(const char *text, const char *gap, FILE *to)
{
    while (*text) {
        size_t size = strcspn(text, "\n");
        size_t indent = strspn(text, " ");

        if (size == 0)
            (void)fprintf(to, "%s\n", gap);
        else if (indent && indent < size)
            (void)fputs(".br\n", to);
        if (indent < size) {
            put_words(text + indent, size - indent, to);
            (void)fputc('\n', to);
        }
        text += size + (text[size] == '\n');
    }
}

static void put_line(const char *before, const char *text, FILE *to)
{
    (void)fputs(before, to);
    put_words(text, strcspn(text, "\n"), to);
    (void)fputc('\n', to);
}

static void put_upper(const char *text, FILE *to)
{
    for (; *text; text++)
        (void)fputc(toupper((unsigned char)*text), to);
}

static void put_opt(const struct hn_opt *opt, FILE *to)
{
    (void)fputs(".TP\n.B ", to);
    if (opt->key > 0 && opt->key < 256)
        (void)fprintf(to, "\\-%c, ", opt->key);
    (void)fputs("\\-\\-", to);
    put_words(opt->name, strlen(opt->name), to);
    if (opt->arg) {
        (void)fputs(" \\fI", to);
        put_words(opt->arg, strlen(opt->arg), to);
        (void)fputs("\\fR", to);
    }
    (void)fputc('\n', to);
    put_text(opt->help, ".IP", to);
}

static void put_synopsis(const struct hn_verb *verb, FILE *to)
{
    const char *line = verb->usage;

    (void)fputs(".SH SYNOPSIS\n.nf\n", to);
    while (line) {
        (void)fprintf(to, "\\fBassay %s\\fR ", verb->name);
        put_line("", line, to);
        line = strchr(line, '\n');
        if (line)
            line++;
    }
    (void)fputs(".fi\n", to);
}

static void put_examples(const char *const *example, FILE *to)
{
    if (!example || !example[0])
        return;
    (void)fputs(".SH EXAMPLES\n", to);
    for (; example[0]; example += 2) {
        put_line(".TP\n.B ", example[0], to);
        put_text(example[1], ".IP", to);
    }
}

void hn_help_man(const struct hn_verb *verb, FILE *to)
{
    static const struct hn_opt help = {'h', "help", NULL, "Show a shorter form of this text."};

    (void)fputs(".TH ASSAY-", to);
    put_upper(verb->name, to);
    (void)fputs(" 1 " ASSAY_RELEASED " \"assay " ASSAY_VERSION "\" \"Assay\"\n", to);
    (void)fprintf(to, ".SH NAME\nassay\\-%s \\- ", verb->name);
    put_line("", verb->summary, to);
    put_synopsis(verb, to);
    (void)fputs(".SH DESCRIPTION\n", to);
    put_text(verb->about, ".PP", to);
    (void)fputs(".SH OPTIONS\n", to);
    for (const struct hn_opt *opt = verb->opts; opt->name; opt++)
        put_opt(opt, to);
    put_opt(&help, to);
    put_examples(verb->examples, to);
    (void)fputs(".SH EXIT STATUS\n0 fine; 1 the check found something; 2 wrong usage; 3 it could "
                "not be done here.\n.SH SEE ALSO\n.BR assay (1)\n",
                to);
}

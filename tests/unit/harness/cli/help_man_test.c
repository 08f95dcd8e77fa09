/*
 * What man's language would take for its own comes out as the text it was.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/cli/opts.h"

static const struct hn_opt no_options[] = {{0}};

static char *man_of(const struct hn_verb *verb)
{
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);

    hn_help_man(verb, to);
    fclose(to);
    return text;
}

/* The page of a verb of which only one part is given. */
static void expect_man(struct hn_verb verb, const char *wanted)
{
    verb.name = "brew";
    verb.summary = verb.summary ? verb.summary : "makes tea";
    verb.usage = verb.usage ? verb.usage : "POT";
    verb.about = verb.about ? verb.about : "Tea.";
    verb.opts = verb.opts ? verb.opts : no_options;
    char *page = man_of(&verb);

    cr_expect(strstr(page, wanted), "wanted <<%s>> in:\n%s", wanted, page);
    free(page);
}

Test(help_man, head_says_name_section_day_and_version)
{
    expect_man((struct hn_verb){0}, ".TH ASSAY-BREW 1 2026-01-02 \"assay 1.2.3\" \"Assay\"\n"
                                    ".SH NAME\nassay\\-brew \\- makes tea\n");
}

Test(help_man, requests_and_escapes_in_a_text_are_text)
{
    expect_man((struct hn_verb){.about = ".so /etc/passwd\n'br\na\\b -x \"c\" `d` ^e ~f"},
               ".SH DESCRIPTION\n\\&.so /etc/passwd\n\\(aqbr\n"
               "a\\eb \\-x \\(dqc\\(dq \\(gad\\(ga \\(hae \\(tif\n");
}

Test(help_man, empty_lines_part_paragraphs_and_indented_lines_stay_lines)
{
    expect_man((struct hn_verb){.about = "One.\n\nTwo:\n  cpu  time\n  wall clock"},
               "One.\n.PP\nTwo:\n.br\ncpu  time\n.br\nwall clock\n.SH");
}

Test(help_man, spaces_alone_make_no_line)
{
    expect_man((struct hn_verb){.about = "One.\n   \nTwo."}, "One.\nTwo.\n.SH");
}

Test(help_man, every_form_of_use_is_a_line)
{
    expect_man((struct hn_verb){.usage = "-p PID\n[--] CMD"},
               ".nf\n\\fBassay brew\\fR \\-p PID\n\\fBassay brew\\fR [\\-\\-] CMD\n.fi\n");
}

Test(help_man, an_option_has_its_letter_name_and_argument)
{
    static const struct hn_opt options[] = {{'t', "temp-max", "DEG-C", "How hot.\n\nNot hotter."},
                                            {256, "dry", NULL, "No water."},
                                            {0}};

    expect_man((struct hn_verb){.opts = options},
               ".TP\n.B \\-t, \\-\\-temp\\-max \\fIDEG\\-C\\fR\nHow hot.\n.IP\nNot hotter.\n"
               ".TP\n.B \\-\\-dry\nNo water.\n.TP\n.B \\-h, \\-\\-help\n");
}

Test(help_man, quotes_of_an_example_are_printed)
{
    static const char *const examples[] = {"assay brew -k \"a b\"", "Two words.", NULL};

    expect_man((struct hn_verb){.examples = examples},
               ".SH EXAMPLES\n.TP\n.B assay brew \\-k \\(dqa b\\(dq\nTwo words.\n");
}

Test(help_man, no_examples_no_section)
{
    struct hn_verb verb = {.name = "x", .summary = "x", .usage = "x", .about = "x"};

    verb.opts = no_options;
    char *page = man_of(&verb);

    cr_expect_null(strstr(page, "EXAMPLES"));
    free(page);
}

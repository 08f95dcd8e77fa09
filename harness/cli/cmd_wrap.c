/*
 * assay wrap: typed mock wrappers for the functions some objects call.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/cli/opts.h"
#include "harness/cli/verbs.h"
#include "mocks/generator/gen_wrap.h"

enum { MAX_LISTED = 1024 };

static const struct hn_opt options[] = {
    {'f', "function", "NAME[,NAME...]", "Functions to wrap. May be given several times."},
    {'i', "inside", "NAME[,NAME...]", "The same, with every call of it inside its own file."},
    {'o', "output", "DIR", "Where wraps.c, wraps.rsp and assay/wraps.h go."},
    {'I', "include", "HEADER", "A header that declares them or their types (\"db.h\", <x/y.h>)."},
    {'c', "caller", "LIB.so.N[:NAME...]",
     "A shared library whose calls (of these functions) are to be seen as well."},
    {'l', "list", NULL, "Print the catalogue: functions, failure value, errnos, other names."},
    {'q', "quiet", NULL, "Do not say what was wrapped, and how."},
    {0},
};

static const char *const examples[] = {
    "assay wrap -f read,write,connect -o build/wraps net.o http.o",
    "Makes the wrappers: compile build/wraps/wraps.c, link @build/wraps/wraps.rsp -lassay-mocks.",
    "assay wrap --list",
    "Shows which calls are known, and how each of them fails.",
    NULL,
};

struct line {
    const char *names[MAX_LISTED];
    const char *inside[MAX_LISTED];
    const char *headers[MAX_LISTED];
    const char *callers[MAX_LISTED];
    unsigned name_count, inside_count, header_count, caller_count;
    const char *dir;
    bool list, quiet;
};

static void add_names(struct line *line, char *list, bool inside)
{
    char *save = NULL;

    for (char *name = strtok_r(list, ", ", &save); name; name = strtok_r(NULL, ", ", &save)) {
        if (line->name_count == MAX_LISTED)
            return;
        line->names[line->name_count++] = name;
        if (inside)
            line->inside[line->inside_count++] = name;
    }
}

static int read_line(struct line *line, struct hn_opts *opts)
{
    int key;

    while ((key = hn_opts_next(opts)) >= 0) {
        if (key == 'f' || key == 'i')
            add_names(line, opts->value, key == 'i');
        else if (key == 'o')
            line->dir = opts->value;
        else if (key == 'I' && line->header_count < MAX_LISTED)
            line->headers[line->header_count++] = opts->value;
        else if (key == 'c' && line->caller_count < MAX_LISTED)
            line->callers[line->caller_count++] = opts->value;
        else if (key == 'l')
            line->list = true;
        else if (key == 'q')
            line->quiet = true;
    }
    return key;
}

static int wrap(const struct line *line, const struct hn_opts *opts)
{
    const struct mk_gen_request request = {
        .names = line->names,
        .name_count = line->name_count,
        .inside = line->inside,
        .inside_count = line->inside_count,
        .objects = (const char *const *)opts->operands,
        .object_count = (unsigned)opts->operand_count,
        .headers = line->headers,
        .header_count = line->header_count,
        .callers = line->callers,
        .caller_count = line->caller_count,
    };
    struct pf_err err = {0};

    if (!line->name_count)
        return hn_opts_usage(opts, "which functions? -f read,write");
    if (!line->dir)
        return hn_opts_usage(opts, "where to? -o DIR");
    if (!opts->operand_count)
        return hn_opts_usage(opts, "which objects call them? net.o libdb.a");
    if (!mk_gen_wrap(&request, line->dir, line->quiet ? NULL : stdout, &err))
        return hn_opts_fail(opts, &err);
    return 0;
}

static int run(const struct hn_verb *verb, int argc, char **argv)
{
    static struct line line;
    struct hn_opts opts;
    struct pf_err err = {0};

    hn_opts_init(&opts, verb, argc, argv);
    int end = read_line(&line, &opts);
    if (end == HN_OPT_HELP)
        return 0;
    if (end == HN_OPT_BAD)
        return 2;
    if (!line.list)
        return wrap(&line, &opts);
    return mk_gen_list(stdout, &err) ? 0 : hn_opts_fail(&opts, &err);
}

const struct hn_verb hn_verb_wrap = {
    .name = "wrap",
    .summary = "make typed mock wrappers for functions the code under test calls",
    .usage = "-f NAME[,NAME...] -o DIR OBJECT...\n--list",
    .about = "Reads the objects for what they really call, takes types from the catalogue or from "
             "their debug\ninformation, and writes wrappers the linker puts between caller and "
             "function (--wrap).\nIn CMake, assay_wrap(TARGET NAME...) does all of it.",
    .opts = options,
    .examples = examples,
    .run = run,
};

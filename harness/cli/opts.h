/*
 * A verb's options: declared once, read from the command line, shown by --help and the man page.
 *
 * Long options everywhere, "--name value" and "--name=value", short ones where perf, valgrind,
 * pytest or Criterion have them. What stands after "--" is a command to run. Talk goes to stderr.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_CLI_OPTS_H
#define HARNESS_CLI_OPTS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "profiler/base/err.h"

enum {
    HN_OPT_END = -1,
    HN_OPT_BAD = -2,  /* said so on stderr: exit 2 */
    HN_OPT_HELP = -3, /* help was printed: exit 0 */
};

struct hn_opt {
    int key;          /* what hn_opts_next returns; the short letter, or anything from 256 up */
    const char *name; /* long name without dashes; NULL ends the table */
    const char *arg;  /* its argument as help shows it, "FILE"; NULL: a switch */
    const char *help; /* one or more sentences, '\n' starts a new line */
};

struct hn_verb {
    const char *name;
    const char *summary;         /* half a line, for the list of verbs */
    const char *usage;           /* what follows "assay NAME ", one form a line */
    const char *about;           /* a paragraph or two */
    const struct hn_opt *opts;   /* --help is added by itself */
    const char *const *examples; /* pairs: command, what it does; NULL ends */
    int (*run)(const struct hn_verb *verb, int argc, char **argv);
};

struct hn_opts {
    const struct hn_verb *verb;
    char *value;     /* of the option just returned */
    char **operands; /* after HN_OPT_END: what is not an option, in order */
    int operand_count;
    char **command; /* after "--", NULL-terminated; NULL if there was no "--" */
    int argc;
    char **argv;
    int at;
};

void hn_opts_init(struct hn_opts *opts, const struct hn_verb *verb, int argc, char **argv);

/* The next option's key, or one of the three above. */
int hn_opts_next(struct hn_opts *opts);

/* Takes one option into the verb's own request: 0, or the exit status after saying what is wrong.
 */
typedef int (*hn_opt_take)(const struct hn_opts *opts, int key, void *to);

/* Hand all options to take. Whether the verb goes on; if not, *status is what it ends with. */
ASSAY_CHECKED
bool hn_opts_take(struct hn_opts *opts, hn_opt_take take, void *to, int *status);

/* Read the current value; on failure say so ("assay VERB: -F wants ...") and return false. */
ASSAY_CHECKED
bool hn_opts_u64(const struct hn_opts *opts, uint64_t min, uint64_t max, uint64_t *out);
ASSAY_CHECKED
bool hn_opts_seconds(const struct hn_opts *opts, double min, double max, double *out);

/* One of the NULL-terminated words; its index. */
ASSAY_CHECKED
bool hn_opts_choice(const struct hn_opts *opts, const char *const *words, unsigned *out);

/* "assay VERB: TEXT" and a hint at --help; returns 2. */
int hn_opts_usage(const struct hn_opts *opts, const char *fmt, ...) ASSAY_PRINTF(2, 3);

/* "assay VERB: ERR" on stderr; returns the exit status of DESIGN's contract. */
int hn_opts_fail(const struct hn_opts *opts, const struct pf_err *err);

void hn_help_print(const struct hn_verb *verb, FILE *to);

/* The same as a man page (mdoc); section 1, assay-NAME. */
void hn_help_man(const struct hn_verb *verb, FILE *to);

#endif

/*
 * assay: find the verb, hand over.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "harness/cli/opts.h"
#include "harness/cli/verbs.h"

/* As a newcomer meets them: tests, then a running server, then what was recorded. */
static const struct hn_verb *const verbs[] = {
    &hn_verb_doctor, &hn_verb_test,  &hn_verb_wrap,   &hn_verb_record, &hn_verb_top,
    &hn_verb_stack,  &hn_verb_leaks, &hn_verb_report, &hn_verb_diff,   NULL,
};

/* It could not be done here. */
enum { EXIT_UNABLE = 3 };

static const struct hn_verb *find_verb(const char *name)
{
    for (unsigned i = 0; verbs[i]; i++)
        if (strcmp(verbs[i]->name, name) == 0)
            return verbs[i];
    return NULL;
}

static int print_overview(FILE *to, int status)
{
    (void)fputs("Assay " ASSAY_VERSION ": the test bench for C servers.\n\n"
                "usage: assay VERB [options] [-- COMMAND ARG...]\n\n",
                to);
    for (unsigned i = 0; verbs[i]; i++)
        (void)fprintf(to, "  %-10s %s\n", verbs[i]->name, verbs[i]->summary);
    (void)fputs(
        "\nassay VERB --help explains a verb, with examples. Start with: assay doctor\n"
        "exit: 0 fine, 1 the check found something, 2 wrong usage, 3 it could not be done here\n",
        to);
    return status;
}

/* For machines: the man pages' builder, a shell's completion. */
static int print_verbs(void)
{
    for (unsigned i = 0; verbs[i]; i++)
        (void)printf("%s\t%s\n", verbs[i]->name, verbs[i]->summary);
    return 0;
}

static void pass_over(int sig)
{
    (void)sig;
}

/*
 * A reader that went away, or a file grown to its limit, is an error of write(2), not our end. By a
 * handler, for what is ignored stays ignored in what we start; what the user ignores does, too.
 */
static void survive(int sig)
{
    struct sigaction action;

    if (sigaction(sig, NULL, &action) != 0 || action.sa_handler == SIG_IGN)
        return;
    action = (struct sigaction){.sa_handler = pass_over, .sa_flags = SA_RESTART};
    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(sig, &action, NULL);
}

/* What was printed has been written, or it is told. A reader who has seen enough is no failure. */
static int finish_output(int status)
{
    bool has_failed = ferror(stdout);

    errno = 0;
    if ((fflush(stdout) == 0 && !has_failed) || errno == EPIPE)
        return status;
    (void)fprintf(stderr, "assay: standard output cannot be written%s%s: is its disk full?\n",
                  errno ? ": " : "", errno ? strerror(errno) : "");
    return status > 1 ? status : EXIT_UNABLE;
}

static int print_man(const char *name)
{
    const struct hn_verb *verb = name ? find_verb(name) : NULL;

    if (!verb) {
        (void)fputs("assay: --man wants the name of a verb (assay --verbs lists them)\n", stderr);
        return 2;
    }
    hn_help_man(verb, stdout);
    return 0;
}

static int run(int argc, char **argv)
{
    if (argc < 2)
        return print_overview(stderr, 2);
    if (strcmp(argv[1], "--version") == 0) {
        (void)puts("assay " ASSAY_VERSION);
        return 0;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0
        || strcmp(argv[1], "help") == 0) {
        const struct hn_verb *verb = argc > 2 ? find_verb(argv[2]) : NULL;
        if (!verb)
            return print_overview(stdout, 0);
        hn_help_print(verb, stdout);
        return 0;
    }
    if (strcmp(argv[1], "--man") == 0)
        return print_man(argv[2]);
    if (strcmp(argv[1], "--verbs") == 0)
        return print_verbs();

    const struct hn_verb *verb = find_verb(argv[1]);
    if (!verb) {
        (void)fprintf(stderr, "assay: unknown verb '%s' (assay --help lists them)\n", argv[1]);
        return 2;
    }
    return verb->run(verb, argc - 2, argv + 2);
}

int main(int argc, char **argv)
{
    survive(SIGPIPE);
    survive(SIGXFSZ);
    return finish_output(run(argc, argv));
}

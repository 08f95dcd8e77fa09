/*
 * assay leaks: run a command and say what it lost.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/cli/opts.h"
#include "harness/cli/terminal.h"
#include "harness/cli/verbs.h"
#include "profiler/base/file.h"
#include "profiler/base/sink.h"
#include "profiler/leak/leak_suppress.h"
#include "profiler/leak/leaks.h"
#include "profiler/report/leaks_report.h"
#include "profiler/session/leak_check.h"

enum {
    OPT_FORMAT = 256,
    OPT_SHOW_KINDS,
    OPT_FAIL_ON,
    OPT_SUPPRESSIONS,
    OPT_ENGINE,
    OPT_QUIET,
};

enum { SUPPRESSIONS_BYTES = 16 << 20, OUTPUTS_MAX = 8 };

static const struct hn_opt opts_table[] = {
    {'p', "pid", "PID", "A server that already runs. Not available yet: start it as a command."},
    {OPT_FORMAT, "format", "FORMAT", "text or json (text; else what the extension of -o says)."},
    {'o', "output", "FILE",
     "Where to write the report instead of standard output. May be given more than once, for\n"
     "example as text and as json."},
    {OPT_SHOW_KINDS, "show-kinds", "KIND,...",
     "Which records are listed: definite, indirect, possible, reachable, all\n"
     "(definite,possible). The totals always count all."},
    {OPT_FAIL_ON, "fail-on", "KIND,...",
     "Which kinds make the exit status 1: as above, or none (definite)."},
    {OPT_SUPPRESSIONS, "suppressions", "FILE",
     "Leaks to keep silent about, one leak:TEMPLATE a line, as LeakSanitizer reads them.\n"
     "May be given more than once."},
    {OPT_ENGINE, "engine", "NAME",
     "agent (our own, preloaded into the command). memcheck is not available yet: run valgrind\n"
     "--leak-check=full itself, or assay test --under memcheck."},
    {OPT_QUIET, "quiet", NULL, "Say nothing on standard error unless it fails."},
    {0, NULL, NULL, NULL},
};

static const char *const examples[] = {
    "assay leaks -- ./server --port 8080",
    "Run it, put load on it, stop it (Ctrl-C): the report follows.",
    "assay leaks --format json -o leaks.json -- ./test_parser",
    "In CI: exit status 1 if anything is definitely lost.",
    "assay leaks --show-kinds all --fail-on definite,possible -- ./server",
    "Be strict, and list what was still reachable too.",
    NULL,
};

enum { GO_ON = -1 };

struct request {
    struct pf_leak_suppress suppress;
    struct pf_leaks_view view;
    const char *outputs[OUTPUTS_MAX];
    unsigned output_count;
    pf_leaks_write write; /* NULL: by the output's extension */
    bool is_memcheck, is_live, is_quiet;
};

static bool take_kind(const char *word, size_t size, unsigned *kinds)
{
    if (size == 3 && memcmp(word, "all", 3) == 0) {
        *kinds |= (1u << PF_LEAK_KINDS) - 1;
        return true;
    }
    for (unsigned kind = 0; kind < PF_LEAK_KINDS; kind++) {
        const char *name = pf_leak_kind_name((enum pf_leak_kind)kind);
        if (strlen(name) == size && memcmp(word, name, size) == 0) {
            *kinds |= pf_leak_bit((enum pf_leak_kind)kind);
            return true;
        }
    }
    return false;
}

/* A list of kinds; "none" only where it stands alone. */
static int take_kinds(const struct hn_opts *opts, const char *option, unsigned *out)
{
    unsigned kinds = 0;

    if (strcmp(opts->value, "none") == 0) {
        *out = 0;
        return 0;
    }
    for (const char *at = opts->value;;) {
        size_t size = strcspn(at, ",");
        if (!take_kind(at, size, &kinds))
            return hn_opts_usage(opts,
                                 "--%s wants definite, indirect, possible, reachable, all or none, "
                                 "separated by commas, not '%s'",
                                 option, opts->value);
        if (at[size] == 0)
            break;
        at += size + 1;
    }
    *out = kinds;
    return 0;
}

static int take_suppressions(const struct hn_opts *opts, struct request *request)
{
    struct pf_buf text = {0};
    struct pf_err err = {0};
    bool ok = pf_file_read(&text, opts->value, SUPPRESSIONS_BYTES, &err)
              && pf_leak_suppress_parse(&request->suppress, pf_buf_view(&text), opts->value, &err);

    pf_buf_fini(&text);
    return ok ? 0 : hn_opts_fail(opts, &err);
}

static int take_word(const struct hn_opts *opts, int key, struct request *request)
{
    static const char *const formats[] = {"text", "json", NULL};
    static const char *const engines[] = {"agent", "memcheck", NULL};
    unsigned chosen = 0;

    if (!hn_opts_choice(opts, key == OPT_FORMAT ? formats : engines, &chosen))
        return 2;
    if (key == OPT_FORMAT)
        request->write = chosen == 1 ? pf_leaks_write_json : pf_leaks_write_text;
    else
        request->is_memcheck = chosen == 1;
    return 0;
}

static int take_option(const struct hn_opts *opts, int key, void *to)
{
    struct request *request = to;

    switch (key) {
    case 'p':
        request->is_live = true;
        return 0;
    case 'o':
        if (request->output_count == OUTPUTS_MAX)
            return hn_opts_usage(opts, "-o may be given %d times", OUTPUTS_MAX);
        request->outputs[request->output_count++] = opts->value;
        return 0;
    case OPT_SHOW_KINDS:
        return take_kinds(opts, "show-kinds", &request->view.kinds);
    case OPT_FAIL_ON:
        return take_kinds(opts, "fail-on", &request->view.fail_on);
    case OPT_SUPPRESSIONS:
        return take_suppressions(opts, request);
    case OPT_QUIET:
        request->is_quiet = true;
        return 0;
    default:
        return take_word(opts, key, request);
    }
}

/* The writer that an output's name asks for; NULL if its extension is another format's. */
static pf_leaks_write writer_of(const char *output)
{
    const char *slash = strrchr(output, '/');
    const char *extension = strrchr(slash ? slash : output, '.');

    if (!extension || strcmp(extension, ".txt") == 0)
        return pf_leaks_write_text;
    return strcmp(extension, ".json") == 0 ? pf_leaks_write_json : NULL;
}

/* A server run for a report that nobody can write was run for nothing: try before. */
static int settle_outputs(const struct hn_opts *opts, const struct request *request)
{
    struct pf_err err = {0};

    for (unsigned i = 0; i < request->output_count; i++) {
        const char *output = request->outputs[i];
        if (!request->write && !writer_of(output))
            return hn_opts_usage(opts,
                                 "%s: the extension names no format of a leak report: give "
                                 "--format, or .txt or .json",
                                 output);
        if (strcmp(output, "-") != 0 && !pf_new_file_check(output, &err)) {
            (void)pf_err_prepend(&err, "nothing was run, for -o");
            return hn_opts_fail(opts, &err);
        }
    }
    return GO_ON;
}

/* GO_ON, or an exit status. */
static int take_options(struct hn_opts *opts, struct request *request)
{
    struct pf_err err = {0};
    int status = 0;

    if (!hn_opts_take(opts, take_option, request, &status))
        return status;
    if (request->is_live) {
        (void)pf_err_set(&err, PF_ERR_UNSUPPORTED,
                         "leaks of a running process (-p) are not available yet: start it as a "
                         "command, assay leaks -- CMD");
        return hn_opts_fail(opts, &err);
    }
    if (request->is_memcheck) {
        (void)pf_err_set(&err, PF_ERR_UNSUPPORTED,
                         "--engine memcheck is not available yet: use --engine agent, or valgrind "
                         "--leak-check=full itself");
        return hn_opts_fail(opts, &err);
    }
    if (opts->operand_count > 0 || !opts->command || !opts->command[0])
        return hn_opts_usage(opts, "name the command after --: assay leaks -- ./server");
    return settle_outputs(opts, request);
}

static bool write_report(const struct pf_leaks *leaks, const struct request *request,
                         const char *output, struct pf_err *err)
{
    struct pf_buf text = {0};
    struct pf_sink sink;
    pf_leaks_write write = request->write ? request->write : writer_of(output);

    pf_sink_init(&sink, pf_sink_to_buf, &text);
    write(leaks, &request->view, &sink);
    bool ok = pf_sink_finish(&sink, err);
    if (ok && strcmp(output, "-") == 0)
        ok = pf_file_write_fd(STDOUT_FILENO, pf_buf_view(&text), "standard output", err);
    else if (ok)
        ok = pf_file_write(output, pf_buf_view(&text), err);
    pf_sink_fini(&sink);
    pf_buf_fini(&text);
    return ok;
}

static bool write_reports(const struct pf_leaks *leaks, const struct request *request,
                          struct pf_err *err)
{
    bool ok = true;

    if (request->output_count == 0)
        return write_report(leaks, request, "-", err);
    for (unsigned i = 0; i < request->output_count && ok; i++)
        ok = write_report(leaks, request, request->outputs[i], err);
    return ok;
}

static int check_and_report(const struct hn_opts *opts, const struct request *request)
{
    struct pf_leak_check check = {.argv = opts->command, .suppress = &request->suppress};
    struct pf_leaks leaks = {0};
    struct pf_err err = {0};
    int status;

    if (!pf_leak_check_run(&leaks, &check, &err))
        return hn_opts_fail(opts, &err);
    if (write_reports(&leaks, request, &err)) {
        status = pf_leaks_has(&leaks, request->view.fail_on);
        if (!request->is_quiet && leaks.exit_status != 0)
            (void)fprintf(stderr, "assay leaks: %s ended with status %d\n", opts->command[0],
                          leaks.exit_status);
        if (!request->is_quiet && leaks.note[0])
            (void)fprintf(stderr, "assay leaks: %s\n", leaks.note);
    } else {
        status = hn_opts_fail(opts, &err);
    }
    pf_leaks_fini(&leaks);
    return status;
}

static int run_leaks(const struct hn_verb *verb, int argc, char **argv)
{
    struct hn_opts opts;
    struct request request = {
        .view = {.kinds = pf_leak_bit(PF_LEAK_DEFINITE) | pf_leak_bit(PF_LEAK_POSSIBLE),
                 .fail_on = pf_leak_bit(PF_LEAK_DEFINITE),
                 .is_terminal = hn_terminal_has_colour(STDOUT_FILENO)}};

    hn_opts_init(&opts, verb, argc, argv);
    int status = take_options(&opts, &request);
    if (request.output_count > 0)
        request.view.is_terminal = false;
    if (status == GO_ON)
        status = check_and_report(&opts, &request);
    pf_leak_suppress_fini(&request.suppress);
    return status;
}

const struct hn_verb hn_verb_leaks = {
    .name = "leaks",
    .summary = "which memory a server lost, and who allocated it",
    .usage = "[--show-kinds K] [--fail-on K] [--format F] [-o FILE] -- CMD ARG...",
    .about =
        "Runs a command with Assay's agent inside, which records the stack of every allocation.\n"
        "When a process of it ends, by whatever cause, its memory is searched from its roots\n"
        "(globals, stacks, registers, thread-local storage, what epoll and timers hold): what\n"
        "nothing points to any more is definitely lost. Kinds are those of Valgrind's memcheck.\n"
        "Where ptrace is not permitted a process is judged when it exits, not when a signal ends\n"
        "it. assay test --under leaks does the same for every test of a suite.\n"
        "Daemons are followed, and signals reach them. A program that no agent can be in (static,\n"
        "set-uid, built with AddressSanitizer, with a malloc of its own, started without\n"
        "LD_PRELOAD) is not judged, and the report says so and why.\n"
        "Exit status 1 if anything of the kinds of --fail-on was lost, else 0, and 3 if no "
        "process\n"
        "could be judged; the command's own status is told on standard error.",
    .opts = opts_table,
    .examples = examples,
    .run = run_leaks,
};

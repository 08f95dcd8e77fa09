/*
 * assay record: one recording of a running server, or of a command, into one profile file.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "harness/cli/opts.h"
#include "harness/cli/pids.h"
#include "harness/cli/stops.h"
#include "harness/cli/verbs.h"
#include "profiler/base/file.h"
#include "profiler/base/spawn.h"
#include "profiler/report/report.h"
#include "profiler/session/record.h"

enum {
    OPT_MODE = 256,
    OPT_ENGINE,
    OPT_THREADS,
    OPT_PER_PROCESS,
    OPT_CHILDREN,
    OPT_FORMAT,
    OPT_QUIET,
};

enum { FREQUENCY_DEFAULT = 99, FREQUENCY_MAX = 100000, SECONDS_MAX = 7 * 24 * 3600 };

/* Below this, conclusions are shaky: one point of a share is then within chance. */
enum { FEW_SAMPLES = 100 };

static const struct hn_opt opts_table[] = {
    {'p', "pid", "PID[,PID...]",
     "Processes to record, with all their threads and the processes they started or\n"
     "will start. They are not stopped, restarted or signalled."},
    {'d', "duration", "S",
     "Seconds to record (also 500ms, 2m). Without it: until Ctrl-C, or the end of the target."},
    {'F', "frequency", "HZ", "Samples per second of CPU time (99)."},
    {OPT_MODE, "mode", "MODE",
     "cpu: where CPU time goes (all engines but callgrind). wall: where time goes, waiting\n"
     "included (perf). instructions: exact counts, for CI (callgrind)."},
    {OPT_ENGINE, "engine", "NAME",
     "auto, perf, agent, gperftools or callgrind. auto: perf events where the kernel permits\n"
     "them (nothing enters the server), else what can, saying why."},
    {OPT_THREADS, "threads", NULL,
     "Keep threads apart: a tid label, and a root a thread in pictures."},
    {OPT_PER_PROCESS, "per-process", NULL, "A root a process in pictures."},
    {OPT_CHILDREN, "children", "yes|no", "Record what the processes started and start, too (yes)."},
    {'o', "output", "FILE",
     "Where to write (assay.pb.gz, or assay with the extension of --format). The extension\n"
     "decides on the format; '-': standard output."},
    {OPT_FORMAT, "format", "FORMAT", "As assay report has them: pprof, svg, folded, text, json..."},
    {OPT_QUIET, "quiet", NULL, "Say nothing unless it fails."},
    {0, NULL, NULL, NULL},
};

static const char *const examples[] = {
    "assay record -p $(pidof redis-server) -d 10",
    "Ten seconds of a running server, into assay.pb.gz.",
    "assay record -p $(cat /run/nginx.pid) -d 10 -o nginx.svg",
    "The master and all its workers, straight to a flamegraph.",
    "assay record -F 999 -- ./server --port 8080",
    "Start a command and record it from its first instruction until it ends or Ctrl-C.",
    NULL,
};

struct request {
    struct pf_record_options record;
    struct pf_report_options report;
    const struct pf_report_format *format;
    const char *output;
    struct hn_pids pids;
    bool is_quiet;
};

static int take_format(const struct hn_opts *opts, struct request *request)
{
    request->format = pf_report_format_named(opts->value);
    if (!request->format || !request->format->write)
        return hn_opts_usage(opts,
                             "there is no format '%s' to write: assay report --help lists "
                             "them",
                             opts->value);
    return 0;
}

static int take_choice(const struct hn_opts *opts, int key, struct request *request)
{
    static const char *const engines[] = {"auto", "perf", "agent", "gperftools", "callgrind", NULL};
    static const char *const answers[] = {"yes", "no", NULL};
    const char *const *words = key == OPT_MODE     ? pf_record_mode_names()
                               : key == OPT_ENGINE ? engines
                                                   : answers;
    unsigned chosen = 0;

    if (!hn_opts_choice(opts, words, &chosen))
        return 2;
    if (key == OPT_MODE)
        request->record.mode = (enum pf_record_mode)chosen;
    else if (key == OPT_ENGINE)
        request->record.engine = engines[chosen];
    else
        request->record.skip_children = chosen == 1;
    return 0;
}

static int take_frequency(const struct hn_opts *opts, struct request *request)
{
    uint64_t hz = 0;

    if (!hn_opts_u64(opts, 1, FREQUENCY_MAX, &hz))
        return 2;
    request->record.frequency_hz = (uint32_t)hz;
    return 0;
}

static int take_option(const struct hn_opts *opts, int key, void *to)
{
    struct request *request = to;

    switch (key) {
    case 'p':
        return hn_pids_take(&request->pids, opts);
    case 'd':
        return hn_opts_seconds(opts, 0.001, SECONDS_MAX, &request->record.duration_s) ? 0 : 2;
    case 'F':
        return take_frequency(opts, request);
    case 'o':
        request->output = opts->value;
        return 0;
    case OPT_FORMAT:
        return take_format(opts, request);
    case OPT_THREADS:
        request->record.label_threads = true;
        request->report.per_thread = true;
        return 0;
    case OPT_PER_PROCESS:
        request->report.per_process = true;
        return 0;
    case OPT_QUIET:
        request->is_quiet = true;
        return 0;
    default:
        return take_choice(opts, key, request);
    }
}

static bool is_stdout(const struct request *request)
{
    return strcmp(request->output, "-") == 0;
}

static int settle_output(const struct hn_opts *opts, struct request *request)
{
    static char name[64];

    if (!request->output) {
        (void)snprintf(name, sizeof name, "assay%s",
                       request->format ? request->format->extensions[0] : ".pb.gz");
        request->output = name;
    }
    if (!request->format)
        request->format = is_stdout(request) ? pf_report_format_named("pprof")
                                             : pf_report_format_of(request->output);
    if (!request->format || !request->format->write)
        return hn_opts_usage(opts, "%s: the extension names no format: give --format, or .pb.gz",
                             request->output);
    return 0;
}

static int settle(struct hn_opts *opts, struct request *request)
{
    request->record.pids = request->pids.at;
    request->record.pid_count = request->pids.count;
    request->record.argv = opts->command && opts->command[0] ? opts->command : NULL;
    if (opts->operand_count)
        return hn_opts_usage(opts, "'%s' is no option: a command to record comes after --",
                             opts->operands[0]);
    if (opts->command && !request->record.argv)
        return hn_opts_usage(opts, "which command? It comes after --");
    if (request->record.argv && request->record.pid_count)
        return hn_opts_usage(opts, "-p or a command after --, not both: one recording each");
    if (request->output && !request->output[0])
        return hn_opts_usage(opts, "-o wants a file's name");
    if (!request->record.argv && request->record.pid_count == 0)
        return hn_opts_usage(opts, "of what? Give -p PID, or a command after --");
    return settle_output(opts, request);
}

/* A recording nobody can write is a server disturbed for nothing: try before. */
static bool check_output(const struct request *request, struct pf_err *err)
{
    return is_stdout(request) || pf_new_file_check(request->output, err)
           || pf_err_prepend(err, "nothing was recorded, for -o");
}

static void show_progress(void *to, const struct pf_record_progress *now)
{
    (void)fprintf(to,
                  "\r\033[Krecording: %.1f s, %llu samples, %llu lost, %u process%s, %u thread%s",
                  now->elapsed_s, (unsigned long long)now->samples, (unsigned long long)now->lost,
                  now->processes, now->processes == 1 ? "" : "es", now->threads,
                  now->threads == 1 ? "" : "s");
    (void)fflush(to);
}

static void suggest_next(const struct request *request)
{
    if (is_stdout(request))
        return;
    if (strcmp(request->format->name, "pprof") == 0)
        (void)fprintf(stderr, "next: assay report %s -o %s.svg, or assay report %s\n",
                      request->output, "flame", request->output);
    else
        (void)fprintf(stderr, "written as %s\n", request->format->name);
}

static void say_done(const struct request *request, const struct pf_summary *summary)
{
    double rooted =
        summary->samples ? 100.0 * (double)summary->rooted / (double)summary->samples : 0;

    if (request->is_quiet)
        return;
    (void)fprintf(stderr, "%llu samples, %llu lost, %.1f %% rooted, in %s\n",
                  (unsigned long long)summary->samples, (unsigned long long)summary->lost, rooted,
                  is_stdout(request) ? "standard output" : request->output);
    if (summary->note[0])
        (void)fprintf(stderr, "note: %s\n", summary->note);
    if (summary->samples == 0)
        (void)fputs("note: no CPU time was used while recording: is there load on it?\n", stderr);
    else if (summary->samples < FEW_SAMPLES)
        (void)fputs("note: few samples: record longer (-d) or faster (-F) before concluding\n",
                    stderr);
    suggest_next(request);
}

static int record(const struct hn_opts *opts, struct request *request)
{
    struct pf_recording recording = {0};
    struct pf_err err = {0};
    bool has_progress = !request->is_quiet && isatty(STDERR_FILENO);

    request->record.ignored_signals = pf_spawn_ignored_now();
    if (!check_output(request, &err) || !hn_stops_catch(HN_STOPS_MORE_LEAVE, &err))
        return hn_opts_fail(opts, &err);
    request->record.stop_fd = hn_stops_fd();
    request->record.read_profile = pf_report_load;
    if (has_progress) {
        request->record.progress = show_progress;
        request->record.progress_to = stderr;
    }
    bool ok = pf_record(&recording, &request->record, &err);
    if (has_progress)
        (void)fputs("\r\033[K", stderr);
    ok = ok
         && pf_report_save(&recording.profile, request->format, &request->report, request->output,
                           &err);
    if (ok)
        say_done(request, &recording.summary);
    int status = recording.command_ended ? recording.command_status : 0;
    pf_recording_fini(&recording);
    return ok ? status : hn_opts_fail(opts, &err);
}

static int run(const struct hn_verb *verb, int argc, char **argv)
{
    static struct request request;
    struct hn_opts opts;
    int status = 0;

    request.record.frequency_hz = FREQUENCY_DEFAULT;
    request.record.stop_fd = -1;
    hn_opts_init(&opts, verb, argc, argv);
    if (!hn_opts_take(&opts, take_option, &request, &status))
        return status;
    status = settle(&opts, &request);
    return status ? status : record(&opts, &request);
}

const struct hn_verb hn_verb_record = {
    .name = "record",
    .summary = "profile a running server or a command",
    .usage = "-p PID[,PID...] [-d S] [-F HZ] [-o FILE] [options]\n"
             "[-d S] [-F HZ] [-o FILE] [options] -- CMD [ARG...]",
    .about =
        "Takes samples of where processes spend their time, with whole stacks, and writes one\n"
        "profile with names. Works on servers that run, as an ordinary user on one's own, on\n"
        "optimised binaries without frame pointers, and follows forks, threads and execs.\n"
        "Ctrl-C ends a recording and keeps it; a second Ctrl-C gives it up. With a command the\n"
        "exit status is the command's.",
    .opts = opts_table,
    .examples = examples,
    .run = run,
};

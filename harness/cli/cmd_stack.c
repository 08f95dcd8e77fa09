/*
 * assay stack: where every thread of a server stands right now.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/cli/opts.h"
#include "harness/cli/pids.h"
#include "harness/cli/stack_print.h"
#include "harness/cli/terminal.h"
#include "harness/cli/verbs.h"
#include "profiler/base/sink.h"
#include "profiler/session/stack.h"

enum { OPT_CHILDREN = 256, OPT_JSON, OPT_WAIT, OPT_NO_INLINES };

static const struct hn_opt opts_table[] = {
    {'p', "pid", "PID[,PID...]", "Processes to look at."},
    {OPT_CHILDREN, "children", NULL, "And all processes they started."},
    {OPT_JSON, "json", NULL, "One JSON object instead of text."},
    {OPT_NO_INLINES, "no-inlines", NULL, "Leave inlined functions out."},
    {OPT_WAIT, "wait", "S",
     "How long a thread may take to stop before it is left alone (200ms). Only one that\n"
     "sleeps in the kernel uninterruptibly (a dead disk or NFS server) takes that long."},
    {0, NULL, NULL, NULL},
};

static const char *const examples[] = {
    "assay stack -p $(pidof redis-server)",
    "Every thread: function, file, line, and what it waits for.",
    "assay stack --children -p $(cat /run/nginx.pid)",
    "The master and its workers.",
    "assay stack --json -p 4711 | jq '.threads[] | {name, waits_for}'",
    "What a hung server hangs on.",
    NULL,
};

struct request {
    struct hn_pids pids;
    struct pf_stacks_options stacks;
    bool is_json;
};

static int take_option(const struct hn_opts *opts, int key, void *to)
{
    struct request *request = to;
    double seconds = 0;

    switch (key) {
    case 'p':
        return hn_pids_take(&request->pids, opts);
    case OPT_CHILDREN:
        request->stacks.with_children = true;
        return 0;
    case OPT_JSON:
        request->is_json = true;
        return 0;
    case OPT_NO_INLINES:
        request->stacks.skip_inlines = true;
        return 0;
    default:
        if (!hn_opts_seconds(opts, 0.001, 60, &seconds))
            return 2;
        request->stacks.wait_ms = (unsigned)(seconds * 1000);
        return 0;
    }
}

static bool print(const struct pf_stacks *stacks, bool is_json, struct pf_err *err)
{
    struct pf_sink sink;
    int fd = STDOUT_FILENO;
    bool has_colour = hn_terminal_has_colour(fd);

    pf_sink_init(&sink, pf_sink_to_fd, &fd);
    if (is_json)
        hn_stack_json(stacks, &sink);
    else
        hn_stack_text(stacks, has_colour, &sink);
    bool ok = pf_sink_finish(&sink, err);
    pf_sink_fini(&sink);
    return ok;
}

static int run(const struct hn_verb *verb, int argc, char **argv)
{
    static struct request request;
    struct pf_stacks stacks = {0};
    struct hn_opts opts;
    struct pf_err err = {0};
    int status = 0;

    hn_opts_init(&opts, verb, argc, argv);
    if (!hn_opts_take(&opts, take_option, &request, &status))
        return status;
    if (opts.operand_count || opts.command)
        return hn_opts_usage(&opts, "takes no operands: give the process with -p");
    if (request.pids.count == 0)
        return hn_opts_usage(&opts, "of what? Give -p PID");
    request.stacks.pids = request.pids.at;
    request.stacks.pid_count = request.pids.count;

    bool ok =
        pf_stacks_take(&stacks, &request.stacks, &err) && print(&stacks, request.is_json, &err);
    pf_stacks_fini(&stacks);
    return ok ? 0 : hn_opts_fail(&opts, &err);
}

const struct hn_verb hn_verb_stack = {
    .name = "stack",
    .summary = "one-shot stacks of every thread, and what each waits for",
    .usage = "-p PID[,PID...] [--children] [--json]",
    .about =
        "Takes the stack of every thread of running processes and names each frame: function,\n"
        "file and line, inlined functions too. Says what each thread waits for: the system\n"
        "call, the descriptor and its peer, the mutex and who holds it. Works on a server\n"
        "that hangs. Threads are stopped one at a time, each for as long as copying its stack\n"
        "takes; the pause is printed. Nothing enters the server.",
    .opts = opts_table,
    .examples = examples,
    .run = run,
};

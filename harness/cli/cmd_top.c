/*
 * assay top: what a server spends its CPU time on, now.
 *
 * One recording runs; four times a second it shows itself, and every -d seconds the screen (or,
 * without a terminal, one more plain table) tells what the last interval was spent on.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "harness/cli/opts.h"
#include "harness/cli/pids.h"
#include "harness/cli/stops.h"
#include "harness/cli/terminal.h"
#include "harness/cli/top_view.h"
#include "harness/cli/verbs.h"
#include "profiler/base/buf.h"
#include "profiler/base/clock.h"
#include "profiler/base/file.h"
#include "profiler/session/live.h"
#include "profiler/session/record.h"
#include "profiler/session/target.h"

enum { FREQUENCY_DEFAULT = 99, FREQUENCY_MAX = 10000, KEY_TOTAL = 256, KEY_PLAIN };

static const struct hn_opt opts_table[] = {
    {'p', "pid", "PID[,PID...]", "Processes to watch, with what they started and will start."},
    {'d', "delay", "S", "Seconds between refreshes (1)."},
    {'n', "count", "N", "End after so many refreshes."},
    {'F', "frequency", "HZ", "Samples per second of CPU time (99)."},
    {KEY_TOTAL, "total", NULL, "Sort by total (with all a function calls), not by self."},
    {KEY_PLAIN, "plain", NULL, "Print tables even on a terminal."},
    {0, NULL, NULL, NULL},
};

static const char *const examples[] = {
    "assay top -p $(pidof redis-server)",
    "Live: s and t sort, p pauses, c cumulates, q quits.",
    "assay top -p $(cat /run/nginx.pid) -n 1 -d 5",
    "One table of the next five seconds, master and workers.",
    NULL,
};

struct top {
    struct hn_pids pids;
    struct pf_record_options record;
    double interval_s;
    uint64_t count; /* 0: no end */
    bool is_plain;

    struct hn_terminal terminal;
    struct hn_top_state state;
    struct hn_top_head head;
    struct pf_live live;
    struct pf_live_view view; /* the last one taken */
    bool has_view;
    uint64_t next_ns, looked_ns, shown;
    struct pf_err err;
};

static void draw(struct top *top)
{
    struct pf_buf picture = {0};
    struct pf_err err = {0};

    if (!top->has_view)
        return;
    if (top->terminal.is_open) {
        hn_terminal_size(&top->state.columns, &top->state.rows);
        pf_buf_put_str(&picture, "\033[H");
    }
    hn_top_draw(&picture, &top->head, &top->view, &top->state);
    pf_buf_put_str(&picture, top->terminal.is_open ? "\033[J" : "\n");
    if (!pf_file_write_fd(STDOUT_FILENO, pf_buf_view(&picture), "standard output", &err)) {
        if (err.sys_errno != EPIPE
            && top->err.code == PF_ERR_NONE) /* has the reader seen enough? */
            top->err = err;
        hn_stops_ask();
    }
    pf_buf_fini(&picture);
}

static bool look(struct top *top, const struct pf_record_progress *now)
{
    uint64_t now_ns = pf_clock_now_ns();
    struct pf_live_view view = {0};
    const struct pf_profile *profile = now->profile;

    if (!profile || profile->value_count == 0) {
        (void)pf_err_set(&top->err, PF_ERR_UNSUPPORTED,
                         "this engine cannot show a recording before its end: use assay record");
        return false;
    }
    if (!pf_live_look(&top->live, profile, &view, &top->err))
        return false;
    pf_live_view_fini(&top->view);
    top->view = view;
    top->has_view = true;
    const char *unit = pf_profile_text(profile, profile->value_types[profile->default_value].unit);
    top->head.is_time = strcmp(unit, "nanoseconds") == 0;
    top->head.elapsed_s = now->elapsed_s;
    top->head.interval_s = (double)(now_ns - top->looked_ns) / 1e9;
    top->head.samples = now->samples;
    top->head.lost = now->lost;
    top->head.processes = now->processes;
    top->head.threads = now->threads;
    top->looked_ns = now_ns;
    return true;
}

static bool take_keys(struct top *top)
{
    for (int key; top->terminal.is_open && (key = hn_terminal_key(0)) != 0;)
        if (!hn_top_key(&top->state, key, top->view.count))
            return false;
    return true;
}

/* Four times a second, from the recording. */
static void on_progress(void *to, const struct pf_record_progress *now)
{
    struct top *top = to;
    uint64_t now_ns = pf_clock_now_ns();
    bool is_due = now_ns >= top->next_ns;
    bool go_on = take_keys(top);

    if (go_on && is_due && !top->state.is_paused) {
        go_on = look(top, now);
        top->next_ns = now_ns + (uint64_t)(top->interval_s * 1e9);
        top->shown++;
    }
    if (top->terminal.is_open || (is_due && go_on))
        draw(top);
    if (!go_on || (top->count && top->shown >= top->count))
        hn_stops_ask();
}

static int take_option(const struct hn_opts *opts, int key, void *to)
{
    struct top *top = to;
    uint64_t number = 0;

    switch (key) {
    case 'p':
        return hn_pids_take(&top->pids, opts);
    case 'd':
        return hn_opts_seconds(opts, 0.1, 3600, &top->interval_s) ? 0 : 2;
    case 'n':
        return hn_opts_u64(opts, 1, UINT32_MAX, &top->count) ? 0 : 2;
    case 'F':
        if (!hn_opts_u64(opts, 1, FREQUENCY_MAX, &number))
            return 2;
        top->record.frequency_hz = (uint32_t)number;
        return 0;
    case KEY_TOTAL:
        top->state.by_total = true;
        return 0;
    default:
        top->is_plain = true;
        return 0;
    }
}

static int watch(const struct hn_opts *opts, struct top *top)
{
    struct pf_recording recording = {0};
    char command[128];

    if (!hn_stops_catch(HN_STOPS_MORE_WAIT, &top->err))
        return hn_opts_fail(opts, &top->err);
    pf_target_describe(top->pids.at[0], command, sizeof command);
    top->head.command = command;
    top->head.pid = (uint32_t)top->pids.at[0];
    top->head.frequency_hz = top->record.frequency_hz;
    top->live.pid = top->pids.at[0];
    top->record.pids = top->pids.at;
    top->record.pid_count = top->pids.count;
    top->record.engine = "perf"; /* the one that can be looked at while it records */
    top->record.skip_names = true;
    top->record.stop_fd = hn_stops_fd();
    top->record.progress = on_progress;
    top->record.progress_to = top;
    top->looked_ns = pf_clock_now_ns();
    top->next_ns = top->looked_ns + (uint64_t)(top->interval_s * 1e9);

    if (!top->is_plain)
        (void)hn_terminal_open(&top->terminal);
    bool ok = pf_record(&recording, &top->record, &top->err);
    hn_terminal_close(&top->terminal);
    ok = ok && top->err.code == PF_ERR_NONE;
    if (ok && recording.summary.note[0])
        (void)fprintf(stderr, "note: %s\n", recording.summary.note);
    pf_recording_fini(&recording);
    pf_live_view_fini(&top->view);
    pf_live_fini(&top->live);
    return ok ? 0 : hn_opts_fail(opts, &top->err);
}

static int run(const struct hn_verb *verb, int argc, char **argv)
{
    static struct top top;
    struct hn_opts opts;
    int status = 0;

    top.interval_s = 1;
    top.record.frequency_hz = FREQUENCY_DEFAULT;
    hn_opts_init(&opts, verb, argc, argv);
    if (!hn_opts_take(&opts, take_option, &top, &status))
        return status;
    if (opts.operand_count || opts.command)
        return hn_opts_usage(&opts, "takes no operands: give the process with -p");
    if (top.pids.count == 0)
        return hn_opts_usage(&opts, "of what? Give -p PID");
    return watch(&opts, &top);
}

const struct hn_verb hn_verb_top = {
    .name = "top",
    .summary = "what a server spends its CPU time on, live",
    .usage = "-p PID[,PID...] [-d S] [-n N] [-F HZ]",
    .about = "Shows the functions of running processes by the CPU time they take, as it is taken.\n"
             "On a terminal: a live view (s self, t total, c cumulate, p pause, arrows scroll,\n"
             "q quit). Elsewhere, or with --plain: one table every -d seconds. The processes are\n"
             "not stopped, restarted or signalled.",
    .opts = opts_table,
    .examples = examples,
    .run = run,
};

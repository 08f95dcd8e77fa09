/*
 * The public face of a server under test: assay/server.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include <assay/server.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/server/server_run.h"
#include "harness/server/server_tree.h"
#include "harness/server/wait_status.h"
#include "profiler/base/clock.h"
#include "profiler/base/file.h"

enum {
    /* Beyond its own deadlines, what a supervisor may take under Valgrind on a busy machine. */
    PATIENCE_MS = 60000,
    SYNC_MS = 10000,
    PROBLEM_LOG_BYTES = 8192,
    /* A supervisor that could not be made has no run to keep the words in. */
    EARLY_PROBLEM_MAX = 512,
};

static char early_problem[EARLY_PROBLEM_MAX];

static uint32_t phase_of(const assay_server *server)
{
    return server->run ? atomic_load(&server->run->shared->phase) : HN_SERVER_IDLE;
}

static void put_log_tail(struct hn_server_run *run, assay_log_mark since)
{
    pf_buf_put_str(&run->problem, "\nserver log:\n");
    (void)hn_log_copy(&run->problem, &run->shared->log, since, PROBLEM_LOG_BYTES);
}

bool hn_server_note_problem(struct hn_server_run *run, const struct pf_err *err,
                            assay_log_mark since)
{
    pf_buf_reset(&run->problem);
    pf_buf_put_str(&run->problem, err->text);
    if (atomic_load(&run->shared->log.total) > since)
        put_log_tail(run, since);
    else
        pf_buf_put_str(&run->problem, "\nserver log: (it printed nothing)");
    return false;
}

bool assay_server_try_start(assay_server *server)
{
    struct pf_err err = {0};
    struct hn_server_run *run = hn_server_run_get(server, &err);

    if (!run) {
        (void)snprintf(early_problem, sizeof early_problem, "%s", err.text);
        return false;
    }
    pf_buf_reset(&run->problem);
    if (phase_of(server) == HN_SERVER_READY)
        return true;

    assay_log_mark before = atomic_load(&run->shared->log.total);
    unsigned deadline_ms = server->conf.start_ms + PATIENCE_MS;
    if (!hn_server_run_ask(run, HN_SERVER_STOP, 0, PATIENCE_MS, &err)
        || !hn_server_run_ask(run, HN_SERVER_START, 0, deadline_ms, &err))
        return hn_server_note_problem(run, &err, before);
    if (hn_server_has_clock(server, &err))
        return true;
    (void)assay_server_stop(server);
    return hn_server_note_problem(run, &err, before);
}

/*
 * What every use of a server begins with. Only the first use starts it: a server that died, or that
 * the test stopped, must not come back behind the test's back.
 */
bool hn_server_is_usable(assay_server *server)
{
    struct pf_err err = {0};

    if (phase_of(server) == HN_SERVER_IDLE)
        return assay_server_try_start(server);
    if (phase_of(server) == HN_SERVER_READY)
        return true;
    if (server->run->problem.size == 0) {
        (void)pf_err_set(&err, PF_ERR_NOT_FOUND,
                         "server %s: is not running any more, it %s (assay_server_start() starts "
                         "it again)",
                         server->conf.name, assay_server_state(server));
        pf_buf_put_str(&server->run->problem, err.text);
    }
    return false;
}

bool assay_server_try_restart(assay_server *server)
{
    (void)assay_server_stop(server);
    return assay_server_try_start(server);
}

int assay_server_stop(assay_server *server)
{
    struct hn_server_run *run = server->run;
    struct pf_err err = {0};
    assay_log_mark before = run ? atomic_load(&run->shared->log.total) : 0;

    if (!run || phase_of(server) == HN_SERVER_IDLE)
        return -1;
    pf_buf_reset(&run->problem);
    bool was_alive = phase_of(server) == HN_SERVER_READY;
    if (!hn_server_run_ask(run, HN_SERVER_STOP, 0, server->conf.stop_ms + PATIENCE_MS, &err)) {
        (void)hn_server_note_problem(run, &err, before);
        return -1;
    }
    return was_alive ? hn_wait_status_shell(atomic_load(&run->shared->wait_status)) : -1;
}

const char *assay_server_problem(assay_server *server)
{
    return server->run ? pf_buf_cstr(&server->run->problem) : early_problem;
}

pid_t assay_server_pid(assay_server *server)
{
    return hn_server_is_usable(server) ? atomic_load(&server->run->shared->pid) : -1;
}

int assay_server_port(assay_server *server)
{
    (void)hn_server_is_usable(server);
    return server->run ? (int)atomic_load(&server->run->shared->port) : 0;
}

const char *assay_server_url(assay_server *server)
{
    (void)hn_server_is_usable(server);
    struct hn_server_run *run = server->run;
    if (!run || (atomic_load(&run->shared->port) == 0 && run->shared->socket_path[0] == '\0'))
        return ""; /* it never got an address */
    pf_buf_reset(&run->url);
    if (server->conf.port == ASSAY_PORT_UNIX)
        pf_buf_printf(&run->url, "unix:%s", run->shared->socket_path);
    else
        pf_buf_printf(&run->url, "http://127.0.0.1:%u", atomic_load(&run->shared->port));
    return pf_buf_cstr(&run->url);
}

/* The supervisor's word is current once it has answered: it reaps before it obeys. */
static void sync_with_supervisor(assay_server *server)
{
    struct pf_err err = {0};

    if (server->run && !hn_server_run_ask(server->run, HN_SERVER_SYNC, 0, SYNC_MS, &err))
        atomic_store(&server->run->shared->phase, HN_SERVER_ENDED);
}

bool assay_server_is_alive(assay_server *server)
{
    sync_with_supervisor(server);
    return phase_of(server) == HN_SERVER_READY;
}

static void put_alive(struct pf_buf *out, pid_t pid)
{
    struct hn_proc proc = {0};

    pf_buf_printf(out, "alive, pid %d", pid);
    if (hn_proc_read(&proc, pid) && proc.state == 'T')
        pf_buf_put_str(out, " (stopped by a signal)");
}

const char *assay_server_state(assay_server *server)
{
    struct hn_server_run *run = server->run;
    char how[96];

    if (!run || phase_of(server) == HN_SERVER_IDLE)
        return "not started";
    bool is_alive = assay_server_is_alive(server);
    pf_buf_reset(&run->state);
    hn_wait_status_text(how, sizeof how, atomic_load(&run->shared->wait_status));
    if (!is_alive) {
        pf_buf_put_str(&run->state, how);
        return pf_buf_cstr(&run->state);
    }
    put_alive(&run->state, atomic_load(&run->shared->pid));
    hn_server_clock_describe(&run->state, &run->clock);
    return pf_buf_cstr(&run->state);
}

bool assay_server_wait_exit(assay_server *server, unsigned timeout_ms)
{
    uint64_t deadline = pf_clock_now_ns() + (uint64_t)timeout_ms * 1000000;

    while (assay_server_is_alive(server)) {
        if (pf_clock_now_ns() >= deadline)
            return false;
        pf_clock_sleep_ms(2);
    }
    return true;
}

bool assay_server_signal(assay_server *server, int signal_number)
{
    struct pf_err err = {0};

    if (!hn_server_is_usable(server))
        return false;
    if (hn_server_run_ask(server->run, HN_SERVER_SIGNAL, signal_number, SYNC_MS, &err))
        return true;
    return hn_server_note_problem(server->run, &err, atomic_load(&server->run->shared->log.total));
}

const char *assay_server_log(assay_server *server)
{
    return assay_server_log_since(server, 0);
}

assay_log_mark assay_server_log_mark(assay_server *server)
{
    sync_with_supervisor(server);
    return server->run ? atomic_load(&server->run->shared->log.total) : 0;
}

const char *assay_server_log_since(assay_server *server, assay_log_mark mark)
{
    if (!server->run)
        return "";
    sync_with_supervisor(server);
    pf_buf_reset(&server->run->log);
    (void)hn_log_copy(&server->run->log, &server->run->shared->log, mark, HN_LOG_BYTES);
    return pf_buf_cstr(&server->run->log);
}

bool assay_server_log_has(assay_server *server, assay_log_mark mark, const char *text,
                          unsigned timeout_ms)
{
    uint64_t deadline = pf_clock_now_ns() + (uint64_t)timeout_ms * 1000000;

    while (!strstr(assay_server_log_since(server, mark), text)) {
        if (pf_clock_now_ns() >= deadline)
            return false;
        pf_clock_sleep_ms(2);
    }
    return true;
}

static size_t count_entries(pid_t pid, const char *what)
{
    char path[64];
    size_t count = 0;

    (void)snprintf(path, sizeof path, "/proc/%d/%s", pid, what);
    DIR *dir = opendir(path);
    if (!dir)
        return 0;
    for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir))
        count += entry->d_name[0] != '.';
    (void)closedir(dir);
    return count;
}

static size_t resident_bytes(pid_t pid)
{
    struct pf_buf text = {0};
    struct pf_err err = {0};
    char path[64];
    unsigned long pages = 0;

    (void)snprintf(path, sizeof path, "/proc/%d/statm", pid);
    if (pf_file_read(&text, path, 4096, &err)) {
        const char *resident = strchr(pf_buf_cstr(&text), ' '); /* proc(5): the second number */
        pages = resident ? strtoul(resident, NULL, 10) : 0;
    }
    pf_buf_fini(&text);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

struct assay_server_stats assay_server_stats(assay_server *server)
{
    struct assay_server_stats stats = {0};
    struct hn_proc_tree tree = {0};

    if (!server->run || !assay_server_is_alive(server))
        return stats;
    hn_proc_tree_read(&tree, server->run->supervisor);
    for (size_t i = 0; i < tree.count; i++) {
        stats.processes++;
        stats.threads += count_entries(tree.at[i].pid, "task");
        stats.fds += count_entries(tree.at[i].pid, "fd");
        stats.rss_bytes += resident_bytes(tree.at[i].pid);
    }
    hn_proc_tree_fini(&tree);
    return stats;
}

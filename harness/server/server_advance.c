/*
 * A server's fake clock, moved by its test.
 *
 * SPDX-License-Identifier: MIT
 */
#include <assay/server.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "harness/server/server_run.h"
#include "profiler/base/clock.h"
#include "profiler/base/file.h"

enum { LOAD_MS = 2000, STACKS_MS = 3000, QUIET_MS = 50, MAPS_BYTES = 16 << 20 };

/* What cannot be read (another user's process) is believed. */
static bool has_loaded_clock(pid_t pid)
{
    struct pf_buf maps = {0};
    struct pf_err err = {0};
    char path[64];

    (void)snprintf(path, sizeof path, "/proc/%d/maps", pid);
    bool loaded = !pf_file_read(&maps, path, MAPS_BYTES, &err)
                  || strstr(pf_buf_cstr(&maps), "/libassay-clock.so");
    pf_buf_fini(&maps);
    return loaded;
}

bool hn_server_has_clock(assay_server *server, struct pf_err *err)
{
    uint64_t deadline = pf_clock_now_ns() + LOAD_MS * 1000000ull;

    if (!server->run->clock.page)
        return true;
    /* One that took over a listening socket is ready from the start, before it is loaded. */
    while (!has_loaded_clock(atomic_load(&server->run->shared->pid))) {
        if (pf_clock_now_ns() > deadline || !assay_server_is_alive(server))
            return pf_err_set(
                err, PF_ERR_UNSUPPORTED,
                "server %s: its clock is real, for it runs without libassay-clock.so: a program "
                "with setuid or capabilities, for another machine or C library, or started by what "
                "drops LD_PRELOAD takes none (its log may say which): start the plain program, or "
                "leave .clock out",
                server->conf.name);
        pf_clock_sleep_ms(2);
    }
    return true;
}

/* They print into the server's log, which every problem ends with. */
static void fetch_stacks(assay_server *server)
{
    assay_log_mark mark = assay_server_log_mark(server), seen = 0, now = mark;

    assay_server_clock_ask_stacks(&server->run->clock);
    if (!assay_server_log_has(server, mark, "end of stacks of process", STACKS_MS))
        return;
    while (now != seen) { /* other processes of the server answer, too */
        seen = now;
        pf_clock_sleep_ms(QUIET_MS);
        now = assay_server_log_mark(server);
    }
}

static bool fail(assay_server *server, const struct pf_err *err, bool with_stacks)
{
    assay_log_mark mark = assay_server_log_mark(server);

    if (with_stacks)
        fetch_stacks(server);
    return hn_server_note_problem(server->run, err, mark);
}

static void name_thread(char *name, size_t size, int process, int thread)
{
    struct pf_buf text = {0};
    struct pf_err err = {0};
    char path[64];

    (void)snprintf(path, sizeof path, "/proc/%d/task/%d/comm", process, thread);
    bool ok = pf_file_read(&text, path, 64, &err);
    (void)snprintf(name, size, "%.*s", ok ? (int)strcspn(pf_buf_cstr(&text), "\n") : 1,
                   ok ? pf_buf_cstr(&text) : "?");
    pf_buf_fini(&text);
}

static bool fail_busy(assay_server *server)
{
    const struct assay_server_clock *clock = &server->run->clock;
    struct pf_err err = {0};
    char name[32];

    name_thread(name, sizeof name, clock->busy_process, clock->busy_thread);
    (void)pf_err_set(&err, PF_ERR_SYSTEM,
                     "server %s: thread %d (%s) of process %d does not come to rest: its clock has "
                     "stood for 5 s, and it never sleeps: it computes without end, or "
                     "asks for the time in a loop (stacks below)",
                     server->conf.name, clock->busy_thread, name, clock->busy_process);
    return fail(server, &err, true);
}

static bool is_movable(assay_server *server, long long ms)
{
    struct pf_err err = {0};

    if (!hn_server_is_usable(server))
        return false;
    pf_buf_reset(&server->run->problem);
    if (!server->run->clock.page)
        (void)pf_err_set(&err, PF_ERR_USAGE,
                         "server %s: its clock is real: declare it with .clock = fake_clock() to "
                         "move it",
                         server->conf.name);
    else if (ms < 0)
        (void)pf_err_set(
            &err, PF_ERR_USAGE,
            "server %s: its clock cannot be moved by %lld ms: a clock does not go back",
            server->conf.name, ms);
    else
        return true;
    pf_buf_put_str(&server->run->problem, err.text);
    return false;
}

static bool move(assay_server *server, long long ms)
{
    struct pf_err err = {0};

    if (assay_server_clock_advance_ms(&server->run->clock, ms))
        return true;
    if (errno == ETIMEDOUT)
        return fail_busy(server);
    (void)pf_err_set(
        &err, PF_ERR_LIMIT,
        "server %s: its clock cannot be moved by %lld ms: that is further than 64 bits "
        "of nanoseconds reach",
        server->conf.name, ms);
    pf_buf_put_str(&server->run->problem, err.text);
    return false;
}

bool assay_server_try_advance(assay_server *server, long long ms)
{
    struct pf_err err = {0};

    if (!is_movable(server, ms) || !move(server, ms))
        return false;
    if (assay_server_is_alive(server))
        return true;
    (void)pf_err_set(&err, PF_ERR_SYSTEM, "server %s: %s while its clock was moved by %lld ms",
                     server->conf.name, assay_server_state(server), ms);
    return fail(server, &err, false);
}

static bool has_printed(assay_server *server, assay_log_mark mark, const char *text)
{
    return strstr(assay_server_log_since(server, mark), text) != NULL;
}

static bool fail_asleep(assay_server *server, const char *text)
{
    const struct assay_server_clock *clock = &server->run->clock;
    struct pf_err err = {0};

    (void)pf_err_set(
        &err, PF_ERR_SYSTEM,
        "server %s: nothing can ever wake it: it has not printed \"%.60s\", none of "
        "its threads waits for a time (%d wait without a limit), so its clock may move "
        "for ever (stacks below)",
        server->conf.name, text, assay_server_clock_waiting(clock));
    return fail(server, &err, true);
}

static bool fail_late(assay_server *server, const char *text, long long limit_ms)
{
    struct pf_err err = {0};

    (void)pf_err_set(&err, PF_ERR_SYSTEM,
                     "server %s: it has not printed \"%.60s\" within %lld ms of its clock",
                     server->conf.name, text, limit_ms);
    return fail(server, &err, false);
}

bool assay_server_try_advance_until(assay_server *server, const char *text, long long limit_ms)
{
    if (!is_movable(server, limit_ms))
        return false;
    struct assay_server_clock *clock = &server->run->clock;
    assay_log_mark mark = assay_server_log_mark(server);
    long long left_ms = limit_ms;

    for (;;) {
        if (!assay_server_clock_settle(clock))
            return fail_busy(server);
        if (has_printed(server, mark, text))
            return true;
        int64_t next_ms = assay_server_clock_next_ms(clock);
        if (next_ms < 0)
            return fail_asleep(server, text);
        if (left_ms <= 0)
            return fail_late(server, text, limit_ms);
        next_ms = next_ms > 0 ? next_ms : 1;
        next_ms = next_ms < left_ms ? next_ms : left_ms;
        if (!assay_server_try_advance(server, next_ms))
            return false;
        left_ms -= next_ms;
    }
}

long long assay_server_wall_ms(assay_server *server)
{
    if (!server->run || !server->run->clock.page)
        return -1;
    return assay_server_clock_wall_now_ms(&server->run->clock);
}

void hn_server_clock_describe(struct pf_buf *out, const struct assay_server_clock *clock)
{
    if (!clock->page)
        return;
    int64_t next_ms = assay_server_clock_next_ms(clock);
    if (next_ms >= 0)
        pf_buf_printf(out, "; its clock stands, a thread waits for %lld ms of it to pass",
                      (long long)next_ms);
    else
        pf_buf_put_str(out, "; its clock stands, and no thread waits for a time");
}

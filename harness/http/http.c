/*
 * The public face of the HTTP client: assay/http.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include <assay/at_end.h>
#include <assay/http.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "harness/http/http_exchange.h"
#include "profiler/base/clock.h"

enum {
    RESPONSES_KEPT = 1024, /* at least the 1000 that the header promises */
    LOG_PATIENCE_MS = 100,
    LOG_MAX = 1 << 20,
};

struct assay_session {
    assay_session *next;
    assay_server *server; /* NULL: any URL */
    bool is_visitor;      /* made by assay_session_new: keeps cookies */
    pid_t owner;          /* a libcurl handle must not be used in a forked copy */
    struct hn_http_handle *handle;
    struct hn_jq jq;
    struct hn_http_exchange *kept[RESPONSES_KEPT];
    unsigned next_kept;
    unsigned long requests;
};

/* What this test's process has to let go of at its end, so that leak checks stay clean. */
static assay_session *all_sessions;

static void free_exchange(struct hn_http_exchange *x)
{
    if (!x)
        return;
    hn_http_answer_fini(&x->answer);
    pf_buf_fini(&x->failure);
    pf_buf_fini(&x->log);
    pf_arena_fini(&x->arena);
    free(x);
}

static void free_sessions(void)
{
    while (all_sessions) {
        assay_session *session = all_sessions;
        all_sessions = session->next;
        for (unsigned i = 0; i < RESPONSES_KEPT; i++)
            free_exchange(session->kept[i]);
        if (session->owner == getpid())
            hn_http_handle_free(session->handle);
        hn_jq_fini(&session->jq);
        free(session);
    }
}

static assay_session *add_session(assay_server *server, bool is_visitor)
{
    assay_session *session = pf_mem_new(1, sizeof *session);

    session->server = server;
    session->is_visitor = is_visitor;
    session->owner = getpid();
    if (!all_sessions)
        assay_at_end(free_sessions);
    session->next = all_sessions;
    all_sessions = session;
    return session;
}

assay_session *assay_session_new(assay_server *server)
{
    return add_session(server, true);
}

/* The anonymous session that plain exchanges with a server, or with URLs, go through. */
static assay_session *session_of(const struct assay_target *target)
{
    if (target->session)
        return target->session;
    for (assay_session *s = all_sessions; s; s = s->next)
        if (!s->is_visitor && s->server == target->server && s->owner == getpid())
            return s;
    return add_session(target->server, false);
}

static struct hn_http_exchange *add_exchange(assay_session *session)
{
    struct hn_http_exchange *x = pf_mem_new(1, sizeof *x);
    unsigned slot = session->next_kept++ % RESPONSES_KEPT;

    free_exchange(session->kept[slot]);
    session->kept[slot] = x;
    x->jq = &session->jq;
    x->response.body = "";
    return x;
}

static const char *base_of(const struct assay_target *target, assay_server *server)
{
    if (server)
        return assay_server_url(server);
    return target->url ? target->url : "";
}

/* Sent with every request, so that a server's log can tell whose line is whose. */
static assay_step request_id(assay_session *session)
{
    return assay_header("X-Request-Id", "assay-%d-%lu", getpid(), ++session->requests);
}

static bool sets_request_id(const assay_step *steps)
{
    for (; steps->kind != HN_STEP_END; steps++)
        if (steps->kind == HN_STEP_HEADER && strcasecmp(steps->name, "X-Request-Id") == 0)
            return true;
    return false;
}

static bool build(struct hn_http_exchange *x, assay_session *session, const char *base,
                  const assay_step *steps, struct pf_err *err)
{
    enum { STEPS_MAX = 256 };
    assay_step all[STEPS_MAX + 2] = {{0}};
    unsigned count = 0;

    while (count < STEPS_MAX && steps[count].kind != HN_STEP_END)
        count++;
    memcpy(all, steps, count * sizeof *all);
    assay_step id = {0};
    if (!sets_request_id(steps))
        all[count] = id = request_id(session);
    bool ok = hn_http_request_build(&x->request, &x->arena, base, all, err);
    free(id.value);
    return ok;
}

static void publish(struct hn_http_exchange *x)
{
    x->response.status = x->answer.status;
    x->response.seconds = x->answer.seconds;
    x->response.redirects = x->answer.redirects;
    x->response.body = pf_buf_cstr(&x->answer.body);
    x->response.body_size = x->answer.body.size;
    x->response.error = x->answer.error[0] ? x->answer.error : NULL;
}

/* A server may write its line just after its answer: give it a moment when there is none. */
static void take_log(struct hn_http_exchange *x, assay_server *server, assay_log_mark mark)
{
    uint64_t deadline = pf_clock_now_ns() + LOG_PATIENCE_MS * 1000000ull;

    while (assay_server_log_mark(server) == mark && pf_clock_now_ns() < deadline)
        pf_clock_sleep_ms(5);
    x->log.max = LOG_MAX;
    pf_buf_put_str(&x->log, assay_server_log_since(server, mark));
    x->server_name = server->conf.name;
    x->server_state = assay_server_state(server);
}

/* A socket handed over outlives its server and would keep us waiting: ask who is there first. */
static void transfer(struct hn_http_exchange *x, assay_session *session, assay_server *server)
{
    pid_t pid = server ? assay_server_pid(server) : 0;
    int death_fd = server && pid > 0 ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;

    bool is_gone = server && (pid <= 0 || (death_fd < 0 && errno != ENOSYS)); /* Valgrind: ENOSYS */

    if (is_gone)
        (void)snprintf(x->answer.error, sizeof x->answer.error, "the server does not run: it %s",
                       assay_server_state(server));
    else
        hn_http_transfer(session->handle, &x->request, death_fd, &x->answer);
    if (death_fd >= 0)
        (void)close(death_fd);
    publish(x);
}

static bool prepare(struct hn_http_exchange *x, assay_session *session,
                    const struct assay_target *target, const assay_step *steps, struct pf_err *err)
{
    if (session->owner != getpid())
        return pf_err_set(
            err, PF_ERR_USAGE,
            "session: made in another process (pid %d): a connection must not cross a "
            "fork; make it in the test",
            session->owner);
    /* One that ran and ended is a matter for the exchange; one that never ran has no address. */
    if (session->server && assay_server_pid(session->server) < 0
        && assay_server_url(session->server)[0] == '\0')
        return pf_err_set(err, PF_ERR_SYSTEM, "%s", assay_server_problem(session->server));
    if (!session->handle)
        session->handle = hn_http_handle_new(session->is_visitor, err);
    return session->handle && build(x, session, base_of(target, session->server), steps, err);
}

static void run(struct hn_http_exchange *x, assay_session *session,
                const struct assay_target *target, const assay_step *steps)
{
    struct pf_buf complaints = {0};
    struct pf_err err = {0};

    if (!prepare(x, session, target, steps, &err)) {
        pf_buf_printf(&x->failure, "%s\n", err.text);
        x->response.error = "the request could not be made";
        return;
    }
    assay_server *server = session->server;
    assay_log_mark mark = server ? assay_server_log_mark(server) : 0;
    transfer(x, session, server);
    hn_http_expect(x, steps, &complaints);
    if (x->failed > 0) {
        if (server)
            take_log(x, server, mark);
        hn_http_report(x, pf_buf_cstr(&complaints));
    }
    pf_buf_fini(&complaints);
}

assay_response *assay_http_run(struct assay_target target, const assay_step *steps)
{
    assay_session *session = session_of(&target);
    struct hn_http_exchange *x = add_exchange(session);

    run(x, session, &target, steps);
    hn_http_steps_release(steps);
    return &x->response;
}

const char *assay_response_failure(const assay_response *response)
{
    /* The buffer ends its text with NUL when it is asked as a string, which needs it writable. */
    struct hn_http_exchange *x = (struct hn_http_exchange *)(uintptr_t)response;

    return x->failure.size > 0 ? pf_buf_cstr(&x->failure) : NULL;
}

const char *assay_response_header(const assay_response *response, const char *name)
{
    struct hn_http_exchange *x = (struct hn_http_exchange *)(uintptr_t)response;
    size_t position = 0;
    size_t size = 0;
    const char *value = hn_http_next_header(&x->answer.headers, name, &position, &size);

    return value ? pf_arena_text(&x->arena, value, size) : NULL;
}

const char *assay_capture(assay_response *response, const char *jq_program)
{
    struct hn_http_exchange *x = (struct hn_http_exchange *)response;
    struct pf_buf text = {0};
    struct pf_err err = {0};
    const char *kept = NULL;
    struct hn_jq_query query = {jq_program, pf_buf_view(&x->answer.body), .is_raw = true};

    if (hn_jq_run(x->jq, &query, &text, NULL, &err) && strcmp(pf_buf_cstr(&text), "null") != 0
        && text.size > 0)
        kept = pf_arena_text(&x->arena, pf_buf_cstr(&text), text.size);
    pf_buf_fini(&text);
    return kept;
}

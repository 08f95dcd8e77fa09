/* SPDX-License-Identifier: MIT */
#include "profiler/attach/inject.h"

#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "profiler/attach/agent_in.h"
#include "profiler/attach/inject_libc.h"
#include "profiler/attach/inject_point.h"
#include "profiler/attach/proc_stat.h"
#include "profiler/attach/proc_tree.h"
#include "profiler/attach/remote_call.h"
#include "profiler/base/clock.h"

enum {
    PAUSE_FIRST_MS = 2, /* between rounds of looking; doubled every time */
    PAUSE_MAX_MS = 256,
    ROUND_STOPS_MAX = 32, /* threads stopped in a round */
    LASTING_ROUNDS = 3,   /* refused by all, for reasons that stay: enough */
    STATUS_BYTES = 4096,
    ERROR_TEXT_BYTES = 256,
    PATH_BYTES = 4096,
};

/* A filter may end the process for a system call it never made before. */
static bool check_seccomp(pid_t pid, struct pf_err *err)
{
    char path[64], text[STATUS_BYTES];

    (void)snprintf(path, sizeof path, "/proc/%d/status", pid);
    if (!pf_proc_read_text(path, text, sizeof text))
        return pf_err_set(err, PF_ERR_NOT_FOUND, "no such process");
    if (strstr(text, "\nSeccomp:\t") && !strstr(text, "\nSeccomp:\t0"))
        return pf_err_set(
            err, PF_ERR_UNSUPPORTED,
            "it filters its system calls (seccomp), which may end it for one of ours: "
            "start it with the agent, or use --engine perf");
    return true;
}

static bool check_library(const struct pf_inject *request, struct pf_err *err)
{
    char path[PATH_BYTES];
    struct stat ours, theirs;

    (void)snprintf(path, sizeof path, "/proc/%d/root%s", request->pid, request->library);
    if (stat(request->library, &ours) != 0)
        return pf_err_set(err, PF_ERR_NOT_FOUND, "%s: no such file", request->library);
    if (stat(path, &theirs) == 0 && ours.st_dev == theirs.st_dev && ours.st_ino == theirs.st_ino)
        return true;
    return pf_err_set(
        err, PF_ERR_UNSUPPORTED,
        "it does not see %s (another root or container): copy it there under the same "
        "path, or use --engine perf",
        request->library);
}

/* What dlerror says there, behind the failure. */
static bool fail_dlopen(struct pf_remote *remote, const struct pf_remote_libc *libc,
                        uint64_t deadline_ns, struct pf_err *err)
{
    char text[ERROR_TEXT_BYTES] = "no reason given";
    uint64_t at = 0;

    if (pf_remote_call(remote, libc->dlerror_addr, (uint64_t[2]){0, 0}, deadline_ns, &at, err)
        && at)
        (void)pf_tracee_read(remote->tracee->pid, at, text, sizeof text - 1);
    text[sizeof text - 1] = '\0';
    return pf_err_set(err, PF_ERR_SYSTEM, "dlopen refused the agent: %s", text);
}

/* The entry answers with an errno (inject.h). */
static bool explain_refusal(int why, struct pf_err *err)
{
    if (why == EBUSY)
        return pf_err_set(err, PF_ERR_UNSUPPORTED,
                          "another recording by the agent goes on in it: wait for its end, or use "
                          "--engine perf");
    return pf_err_sys(err, why, "the agent could not begin there");
}

/* Load the object and find its entry. */
static bool load(struct pf_remote *remote, const struct pf_remote_libc *libc,
                 const struct pf_inject *request, uint64_t *out, struct pf_err *err)
{
    uint64_t deadline_ns = pf_clock_now_ns() + (uint64_t)request->timeout_ms * 1000000;
    uint64_t path = pf_remote_text(remote, request->library);
    uint64_t name = pf_remote_text(remote, request->entry);
    uint64_t handle = 0, entry = 0;

    if (!path || !name)
        return pf_err_set(err, PF_ERR_SYSTEM, "its stack cannot be written");
    if (!pf_remote_call(remote, libc->dlopen_addr, (uint64_t[2]){path, RTLD_NOW}, deadline_ns,
                        &handle, err))
        return false;
    if (handle == 0)
        return fail_dlopen(remote, libc, deadline_ns, err);
    if (!pf_remote_call(remote, libc->dlsym_addr, (uint64_t[2]){handle, name}, deadline_ns, &entry,
                        err))
        return false;
    if (entry == 0)
        return pf_err_set(err, PF_ERR_FORMAT, "%s: no function %s", request->library,
                          request->entry);
    *out = entry;
    return true;
}

static bool call_all(struct pf_remote *remote, const struct pf_remote_libc *libc,
                     const struct pf_inject *request, struct pf_err *err)
{
    uint64_t entry = request->entry_addr, result = 0;

    if (!entry && !load(remote, libc, request, &entry, err))
        return false;
    uint64_t text = pf_remote_text(remote, request->text);
    if (!text)
        return pf_err_set(err, PF_ERR_SYSTEM, "its stack cannot be written");
    uint64_t deadline_ns = pf_clock_now_ns() + (uint64_t)request->timeout_ms * 1000000;
    if (!pf_remote_call(remote, entry, (uint64_t[2]){text, 0}, deadline_ns, &result, err))
        return false;
    return (int)result == 0 || explain_refusal((int)result, err);
}

static bool call_in(struct pf_tracee *tracee, const struct pf_remote_libc *libc,
                    const struct pf_inject *request, struct pf_err *err)
{
    struct pf_remote remote = {0};

    bool ok = pf_remote_begin(&remote, tracee, err) && call_all(&remote, libc, request, err);
    pf_remote_end(&remote);
    return ok;
}

/* What became of looking for a thread. */
struct search {
    const struct pf_inject *request;
    struct pf_inject_point *point;
    struct pf_injection done;
    uint32_t next;    /* the thread to begin the next round with, by its place */
    uint32_t stops;   /* of this round */
    uint32_t lasting; /* of these, refused for a reason that stays */
    bool tried;       /* one stood well and was used, or none may be touched */
};

/* Stop one thread; use it if it stands well. False with tried false: it did not, go on looking. */
static bool try_thread(struct search *search, pid_t tid, struct pf_err *err)
{
    const struct pf_inject *request = search->request;
    struct pf_tracee tracee = {0};
    uint64_t began_ns = pf_clock_now_ns();

    if (!pf_tracee_seize(&tracee, request->pid, tid, err)) {
        search->tried = err->code == PF_ERR_DENIED;
        return false;
    }
    pf_tracee_interrupt(&tracee);
    if (!pf_tracee_wait_stop(&tracee, began_ns + (uint64_t)request->timeout_ms * 1000000)) {
        pf_tracee_release(&tracee);
        return false;
    }
    search->stops++;
    search->done.tries++;
    search->tried = pf_inject_point_is_safe(search->point, &tracee);
    search->lasting += !search->tried && search->point->is_lasting;
    bool ok = search->tried && call_in(&tracee, &search->point->libc, request, err);
    pf_tracee_release(&tracee);
    search->done.tid = tid;
    search->done.pause_ns = pf_clock_now_ns() - began_ns;
    return ok;
}

/* One round; with very many threads each takes up where the one before stopped. */
static bool try_threads(struct search *search, struct pf_err *err)
{
    struct pf_pid_list tids = {0};
    bool ok = false;

    search->stops = search->lasting = 0;
    (void)pf_proc_threads(&tids, search->request->pid);
    for (uint32_t i = 0; i < tids.count && search->stops < ROUND_STOPS_MAX && !search->tried; i++)
        ok = try_thread(search, tids.at[(search->next + i) % tids.count], err);
    search->next += search->stops;
    pf_pid_list_fini(&tids);
    return ok;
}

/* False: told to end. */
static bool pause_for(const struct pf_inject *request, int ms)
{
    struct pollfd cancel = {.fd = request->cancel_fd > 0 ? request->cancel_fd : -1,
                            .events = POLLIN};

    return poll(&cancel, 1, ms) <= 0;
}

/* A thread of a stopped process would not return from a call. */
static bool check_running(pid_t pid, struct pf_err *err)
{
    struct pf_proc_stat stat;

    if (!pf_proc_stat_read(&stat, pid, 0) || stat.state != 'T')
        return true;
    return pf_err_set(err, PF_ERR_LIMIT, "it is stopped (SIGSTOP, Ctrl-Z): let it go on (SIGCONT)");
}

static bool fail_search(const struct search *search, bool lasts, struct pf_err *err)
{
    if (lasts)
        return pf_err_set(err, PF_ERR_UNSUPPORTED,
                          "no thread will stand at a safe place: %s; start it with the agent, or "
                          "use --engine perf",
                          search->point->reason);
    return pf_err_set(err, PF_ERR_LIMIT,
                      "no thread stood at a safe place in %u ms (%u stops, the last one: %s): try "
                      "again, start it with the agent, or use --engine perf",
                      search->request->timeout_ms, search->done.tries, search->point->reason);
}

static bool find_and_call(struct search *search, struct pf_err *err)
{
    const struct pf_inject *request = search->request;
    uint64_t deadline_ns = pf_clock_now_ns() + (uint64_t)request->timeout_ms * 1000000;
    unsigned lasting_rounds = 0;
    int pause_ms = PAUSE_FIRST_MS;

    do {
        if (!check_running(request->pid, err))
            return false;
        bool ok = try_threads(search, err);
        if (ok || search->tried)
            return ok;
        bool lasts = search->stops > 0 && search->lasting == search->stops;
        lasting_rounds = lasts ? lasting_rounds + 1 : 0;
        if (lasting_rounds == LASTING_ROUNDS)
            return fail_search(search, true, err);
        if (!pause_for(request, pause_ms))
            return pf_err_set(err, PF_ERR_INTERRUPTED, "the recording was ended before it was in");
        pause_ms = pause_ms < PAUSE_MAX_MS ? pause_ms * 2 : pause_ms;
    } while (pf_clock_now_ns() < deadline_ns);
    return fail_search(search, false, err);
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

bool pf_inject(const struct pf_inject *request, struct pf_injection *out, struct pf_err *err)
{
    struct pf_inject known = *request;
    struct pf_inject_point point = {0};
    struct search search = {.request = &known, .point = &point};

    known.entry_addr = pf_agent_entry_in(request->pid, base_name(request->library), request->entry);
    bool ok = check_seccomp(request->pid, err) && (known.entry_addr || check_library(request, err))
              && pf_inject_point_init(&point, request->pid, request->objects, err)
              && find_and_call(&search, err);
    pf_inject_point_fini(&point);
    if (!ok)
        return pf_err_prepend(err, "process %d: the agent was not put in", request->pid);
    *out = search.done;
    return true;
}

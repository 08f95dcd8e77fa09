/*
 * What a leak check did not see: in words behind the answer, or why there is none.
 *
 * SPDX-License-Identifier: MIT
 */
#include <sys/wait.h>

#include "profiler/session/leak_check_priv.h"

static bool say_unmapped(const struct pf_check *check, const char *name, int why,
                         struct pf_err *err)
{
    return pf_err_sys(err, why,
                      "%s: the agent's shared memory (%llu MiB of addresses, mostly untouched) "
                      "cannot be mapped: raise the limit of the address space (ulimit -v)",
                      name, (unsigned long long)(pf_region_bytes(&check->host.sizes) >> 20));
}

/* The command never asked to be looked at. */
static bool say_unasked(const struct pf_check *check, const char *name, struct pf_err *err)
{
    if (check->child.reaped && !WIFSIGNALED(check->child.wait_status))
        return pf_err_set(err, PF_ERR_UNSUPPORTED,
                          "%s: it did not exit as itself, but became a program without an agent "
                          "(static, set-uid, or started without LD_PRELOAD)",
                          name);
    return pf_err_set(err, PF_ERR_DENIED,
                      "%s: a signal ended it, and ptrace is not permitted here, without which "
                      "only an end by exit can be looked at: end it by a signal it handles, or "
                      "permit ptrace (CAP_SYS_PTRACE; yama/ptrace_scope below 2)",
                      name);
}

/* No process was judged: the agent did not get its memory, or never ran. */
static bool say_why_nothing(const struct pf_check *check, const char *name, struct pf_err *err)
{
    int why = check->host.refused_errno;
    bool is_root = false;

    if (pf_check_unasked(check, &is_root) > 0)
        return say_unasked(check, name, err);
    for (uint32_t i = 0; i < check->host.process_count && !why; i++)
        why = check->host.processes[i].map_errno;
    if (why)
        return say_unmapped(check, name, why, err);
    if (check->strangers.count > 0)
        return pf_err_set(err, PF_ERR_UNSUPPORTED, "%s was not judged: %s", check->strangers.name,
                          pf_leak_stranger_words(check->strangers.why));
    return pf_err_set(err, PF_ERR_UNSUPPORTED,
                      "%s: the agent never started in it: it is linked statically, set-uid, built "
                      "with AddressSanitizer, or drops LD_PRELOAD",
                      name);
}

static const char *plural(uint32_t count)
{
    return count == 1 ? "process" : "processes";
}

static void say_strangers(struct pf_check *check)
{
    const struct pf_leak_strangers *strangers = &check->strangers;

    if (strangers->count == 1)
        pf_leaks_say(&check->leaks, "%s was not judged: %s.", strangers->name,
                     pf_leak_stranger_words(strangers->why));
    else if (strangers->count > 1)
        pf_leaks_say(&check->leaks, "%u processes were not judged, the first of them %s: %s.",
                     strangers->count, strangers->name, pf_leak_stranger_words(strangers->why));
}

bool pf_check_coverage(struct pf_check *check, const char *command, struct pf_err *err)
{
    struct pf_leaks *leaks = &check->leaks;
    bool is_root = false;
    uint32_t unasked = pf_check_unasked(check, &is_root);

    if (leaks->process_count == 0 && check->incomplete == 0)
        return say_why_nothing(check, command, err);
    leaks->unjudged_count = check->strangers.count + unasked;
    if (check->incomplete)
        pf_leaks_say(leaks, "%u %s ended while a thread could not be stopped: kinds may be wrong.",
                     check->incomplete, plural(check->incomplete));
    pf_leaks_doubts_say(&check->doubts, leaks);
    say_strangers(check);
    if (unasked)
        pf_leaks_say(leaks,
                     "%u %s%s ended by a signal, or as a program without an agent, and were not "
                     "judged, which needs ptrace (not permitted here).",
                     unasked, plural(unasked), is_root ? ", the command among them," : "");
    if (leaks->lost_events)
        pf_leaks_say(leaks, "%llu allocations found the tables full and are missing.",
                     (unsigned long long)leaks->lost_events);
    return true;
}

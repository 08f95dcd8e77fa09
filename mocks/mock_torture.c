/*
 * The runner's torture mode: of the calls of the named functions in a test's body, one fails.
 *
 * See assay/torture_hook.h for the contract with the runner.
 *
 * SPDX-License-Identifier: MIT
 */
#include "assay/torture_hook.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mocks/mock_priv.h"

static struct {
    const char *names;
    const char *out;
    unsigned long nth, calls;
} plan;

bool mk_is_named(const char *names, const char *name)
{
    size_t length = strlen(name);

    for (const char *at = names; at && *(at += strspn(at, ", ")); at += strcspn(at, ", "))
        if (strncmp(at, name, length) == 0 && strchr(", ", at[length]))
            return true;
    return false;
}

static void tell(const char *text)
{
    int fd = plan.out ? open(plan.out, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666) : -1;

    if (fd < 0)
        return;
    (void)!write(fd, text, strlen(text));
    (void)close(fd);
}

static bool is_tortured(const char *name, size_t length)
{
    for (struct mk_fn *const *fn = mk_all_fns(); fn && *fn; fn++)
        if ((*fn)->tortured && strncmp((*fn)->name, name, length) == 0 && !(*fn)->name[length])
            return true;
    return false;
}

/* A name that nothing is wrapped by would pass for calls that never failed. */
static void tell_unwrapped(void)
{
    char text[96];

    for (const char *at = plan.names; *(at += strspn(at, ", ")); at += strcspn(at, ", ")) {
        size_t length = strcspn(at, ", ");
        if (is_tortured(at, length) || length > 63)
            continue;
        (void)snprintf(text, sizeof text, "unwrapped %.*s\n", (int)length, at);
        tell(text);
    }
}

void mk_torture_begin(void)
{
    const char *nth = getenv(ASSAY_TORTURE_NTH);

    plan.names = getenv(ASSAY_TORTURE);
    plan.out = getenv(ASSAY_TORTURE_OUT);
    plan.nth = nth ? strtoul(nth, NULL, 10) : 0;
    plan.calls = 0;
    if (!plan.names)
        return;
    for (struct mk_fn *const *fn = mk_all_fns(); fn && *fn; fn++) {
        (*fn)->tortured = (*fn)->failure != MK_FAILS_NEVER && mk_is_named(plan.names, (*fn)->name);
        if ((*fn)->tortured)
            mk_arm(*fn);
    }
    if (!plan.nth)
        tell_unwrapped();
}

void mk_torture_end(void)
{
    char text[64];

    if (!plan.names)
        return;
    (void)snprintf(text, sizeof text, "calls %lu\n", plan.calls);
    tell(text);
    plan.names = NULL;
}

bool mk_torture_is_due(struct mk_call *call)
{
    const struct mk_fn *fn = call->fn;

    if (!plan.names || !fn->tortured || ++plan.calls != plan.nth)
        return false;
    int err = fn->errnos ? fn->errnos[0] : 0;
    char caller[128], text[256];

    mk_answer_failure(call, err);
    mk_symbol_name(caller, sizeof caller, call->caller);
    const char *name = err ? strerrorname_np(err) : NULL;
    (void)snprintf(text, sizeof text, "failed %lu %s %s %s\n", plan.nth, fn->name,
                   name ? name : "-", caller);
    tell(text);
    return true;
}

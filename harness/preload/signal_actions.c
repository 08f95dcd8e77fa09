/*
 * sigaction() and signal() as the code under test knows them: where our handler stands for a
 * default action, they say default; and who sets the default gets our handler back.
 *
 * Without this, code that asks before it ignores SIGPIPE would not ignore it under us, and a test
 * that restores SIGSEGV would crash without a stack.
 *
 * SPDX-License-Identifier: MIT
 */
#include <signal.h>
#include <string.h>

#include "harness/preload/preload.h"

typedef void (*handler_fn)(int);

static int (*real_sigaction)(int, const struct sigaction *, struct sigaction *);
static handler_fn (*real_signal)(int, handler_fn);

/* Found early, before a handler asks. */
__attribute__((constructor(102))) static void find_both(void)
{
    *(void **)&real_sigaction = hn_real("sigaction");
    *(void **)&real_signal = hn_real("signal");
}

static void show_default(struct sigaction *action)
{
    const void *handler;

    memcpy(&handler, &action->sa_handler, sizeof handler);
    if (!hn_crash_is_ours(handler))
        return;
    memset(action, 0, sizeof *action);
    action->sa_handler = SIG_DFL;
}

HN_INTERPOSE int sigaction(int number, const struct sigaction *new, struct sigaction *old)
{
    struct sigaction wanted, before;
    bool is_reset = false;

    if (!real_sigaction)
        find_both();
    if (new) {
        wanted = *new; /* old may be the same */
        is_reset = wanted.sa_handler == SIG_DFL && hn_crash_stands_for(number);
    }
    int result = real_sigaction(number, new && !is_reset ? &wanted : NULL, &before);
    if (result != 0)
        return result;
    if (is_reset)
        hn_crash_stand(number);
    if (old) {
        show_default(&before);
        *old = before;
    }
    return 0;
}

HN_INTERPOSE handler_fn signal(int number, handler_fn handler)
{
    struct sigaction before;

    if (!real_signal)
        find_both();
    if (handler == SIG_DFL && hn_crash_stands_for(number)) {
        struct sigaction reset = {.sa_handler = SIG_DFL};
        return sigaction(number, &reset, &before) == 0 ? before.sa_handler : SIG_ERR;
    }
    before = (struct sigaction){.sa_handler = real_signal(number, handler)};
    show_default(&before);
    return before.sa_handler;
}

/*
 * Criterion's redirections: the pipes they open stay open to the test's end, and are no test's
 * leak.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/redirect.h>

#include "harness/preload/preload.h"

static void redirect(const char *name)
{
    void (*real)(void);

    *(void **)&real = hn_real(name);
    if (hn_preload.mode == HN_MODE_FORK)
        hn_fds_adopt(real);
    else
        real();
}

HN_INTERPOSE void cr_redirect_stdout(void)
{
    redirect("cr_redirect_stdout");
}

HN_INTERPOSE void cr_redirect_stderr(void)
{
    redirect("cr_redirect_stderr");
}

HN_INTERPOSE void cr_redirect_stdin(void)
{
    redirect("cr_redirect_stdin");
}

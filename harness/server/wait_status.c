/* SPDX-License-Identifier: MIT */
#include "harness/server/wait_status.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

void hn_wait_status_text(char *out, size_t size, int wait_status)
{
    if (WIFSIGNALED(wait_status))
        (void)snprintf(out, size, "was ended by signal %d (%s)", WTERMSIG(wait_status),
                       strsignal(WTERMSIG(wait_status)));
    else
        (void)snprintf(out, size, "exited with status %d", WEXITSTATUS(wait_status));
}

int hn_wait_status_shell(int wait_status)
{
    return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

/* SPDX-License-Identifier: MIT */
#include "harness/cli/pids.h"

#include <stdlib.h>

#include "harness/cli/opts.h"

enum { PID_MAX = 1 << 30 }; /* a pid_t; whether there is such a process is the kernel's to say */

int hn_pids_take(struct hn_pids *pids, const struct hn_opts *opts)
{
    const char *at = opts->value;

    do {
        char *end = NULL;
        long pid = strtol(at, &end, 10);

        if (end == at || (*end && *end != ',') || pid <= 0 || pid > PID_MAX)
            return hn_opts_usage(opts, "-p wants process ids, like 123 or 123,456, not '%s'",
                                 opts->value);
        if (pids->count == HN_PIDS_MAX)
            return hn_opts_usage(opts, "-p takes at most %d processes", HN_PIDS_MAX);
        pids->at[pids->count++] = (pid_t)pid;
        at = *end ? end + 1 : end;
    } while (*at);
    return 0;
}

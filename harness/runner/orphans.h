/*
 * What a test under Criterion's own engine left behind: it became our child when its parent ended.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_RUNNER_ORPHANS_H
#define HARNESS_RUNNER_ORPHANS_H

#include <sys/types.h>

#include "profiler/base/buf.h"

/*
 * Kill and bury every child of ours but spare (0: none), and theirs, which become ours. Those about
 * to end get a quarter of a second to do so. Each that had to be killed is a line "PID COMMAND" in
 * names. Returns how many those were.
 */
unsigned hn_orphans_take(pid_t spare, struct pf_buf *names);

#endif

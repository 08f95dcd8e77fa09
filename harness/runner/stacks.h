/*
 * The stacks of every thread of a live process, as text for a person.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_RUNNER_STACKS_H
#define HARNESS_RUNNER_STACKS_H

#include <sys/types.h>

struct pf_arena;

/*
 * NULL where nothing could be read, which is never a reason for a test to fail. The thread tid
 * comes first and is marked (0: none). The process is stopped while it is read and goes on
 * afterwards as it was.
 */
const char *hn_stacks_text(pid_t pid, pid_t tid, struct pf_arena *arena);

#endif

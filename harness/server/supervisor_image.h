/*
 * The supervisor's program, carried inside the library, and its start.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_SERVER_SUPERVISOR_IMAGE_H
#define HARNESS_SERVER_SUPERVISOR_IMAGE_H

#include <sys/types.h>

#include "profiler/base/err.h"

/*
 * Start it from memory with the three descriptors it needs (server_wire.h); ours stay open. It
 * leads its own session, has no terminal, and none of our other descriptors.
 */
ASSAY_CHECKED
bool hn_supervisor_spawn(pid_t *pid, int control_fd, int shared_fd, int spec_fd,
                         struct pf_err *err);

#endif

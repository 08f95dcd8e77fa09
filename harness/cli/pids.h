/*
 * Process ids as the command line takes them: "-p 123,456".
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_CLI_PIDS_H
#define HARNESS_CLI_PIDS_H

#include <stdint.h>
#include <sys/types.h>

struct hn_opts;

enum { HN_PIDS_MAX = 1024 };

struct hn_pids {
    pid_t at[HN_PIDS_MAX];
    uint32_t count;
};

/* Add those of the option just read. 0, or the exit status after saying what is wrong. */
int hn_pids_take(struct hn_pids *pids, const struct hn_opts *opts);

#endif

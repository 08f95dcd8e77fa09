/*
 * "assay test --watch": the same command again, each round.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_CLI_TEST_WATCH_H
#define HARNESS_CLI_TEST_WATCH_H

#include "harness/cli/opts.h"

struct hn_test_rounds {
    const char *build;     /* NULL: not given */
    const char *build_dir; /* the same */
    int argc;
    char **argv; /* as given */
};

/* Every round is this command without --watch; opts has the binaries. The exit status. */
int hn_test_watch(const struct hn_opts *opts, const struct hn_test_rounds *rounds);

#endif

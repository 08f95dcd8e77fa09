/* SPDX-License-Identifier: MIT */
#include "harness/cli/test_watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/runner/watch.h"
#include "profiler/base/arena.h"

int hn_test_watch(const struct hn_opts *opts, const struct hn_test_rounds *rounds)
{
    char **argv = pf_mem_new((size_t)rounds->argc + 3, sizeof(char *));
    struct pf_err err = {0};
    int count = 0;

    argv[count++] = "/proc/self/exe";
    argv[count++] = "test";
    for (int i = 0; i < rounds->argc; i++)
        if (strcmp(rounds->argv[i], "--watch") != 0)
            argv[count++] = rounds->argv[i];
    struct hn_watch watch = {.argv = argv,
                             .build_command = rounds->build,
                             .build_dir = rounds->build_dir,
                             .binaries = opts->operands,
                             .binary_count = opts->operand_count};
    int status = hn_watch_run(&watch, &err);
    if (err.text[0])
        (void)fprintf(stderr, "assay test: %s\n", err.text);
    free(argv);
    return status;
}

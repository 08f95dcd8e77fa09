/*
 * The command line of "assay test" as words: what is rewritten before reading, quoted in reports.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_CLI_TEST_WORDS_H
#define HARNESS_CLI_TEST_WORDS_H

/* "--shuffle=SEED", a switch that may carry its seed, becomes "--seed=SEED", in place: the option
 * table knows only one or the other. */
void hn_test_split_shuffle(int argc, char **argv);

/* "assay test" and argv as one string, for the caller to free. */
char *hn_test_join(int argc, char **argv);

#endif

/*
 * The verbs of the command line, one file each (cmd_NAME.c).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_CLI_VERBS_H
#define HARNESS_CLI_VERBS_H

struct hn_verb;

extern const struct hn_verb hn_verb_doctor;
extern const struct hn_verb hn_verb_record;
extern const struct hn_verb hn_verb_report;
extern const struct hn_verb hn_verb_leaks;
extern const struct hn_verb hn_verb_test;
extern const struct hn_verb hn_verb_diff;
extern const struct hn_verb hn_verb_top;
extern const struct hn_verb hn_verb_stack;
extern const struct hn_verb hn_verb_wrap;

#endif

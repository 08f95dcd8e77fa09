/*
 * Code under test for the seams: functions that call each other inside one file, and a library.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef MOCK_SAMPLES_SAMPLE_PARSER_H
#define MOCK_SAMPLES_SAMPLE_PARSER_H

struct token {
    int kind;
    const char *text;
};

/* Calls the static next_token and the public parser_value, both of this file. */
int parser_sum(const char *text);
int parser_value(const struct token *token);

/* In a shared library: what it asks the C library for. */
char *plugin_home(void);

#endif

/*
 * Stacks of all threads as text for a person, and as JSON (docs/schemas/stack.schema.json).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_CLI_STACK_PRINT_H
#define HARNESS_CLI_STACK_PRINT_H

#include <stdbool.h>

struct pf_sink;
struct pf_stacks;

/* Threads of a process with equal stacks that wait for the same are shown once, with their number.
 */
void hn_stack_text(const struct pf_stacks *stacks, bool is_terminal, struct pf_sink *sink);
void hn_stack_json(const struct pf_stacks *stacks, struct pf_sink *sink);

#endif

/*
 * Profiles for tests, in a line a stack.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_UNIT_PROFILER_PROFILE_STACKS_FIXTURE_H
#define TESTS_UNIT_PROFILER_PROFILE_STACKS_FIXTURE_H

#include <stdint.h>

struct pf_profile;

/* Enter one stack, root first, as "main;work;leaf"; "name@object" gives a frame its object. One
 * value; the profile's columns must be one. */
void ts_add_stack(struct pf_profile *profile, const char *stack, int64_t value);

/* The same with labels process and tid. */
void ts_add_labelled(struct pf_profile *profile, const char *stack, const char *process,
                     int64_t tid, int64_t value);

#endif

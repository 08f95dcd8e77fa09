/*
 * What trap_inside.c offers to its check.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef MOCK_SAMPLES_TRAP_INSIDE_H
#define MOCK_SAMPLES_TRAP_INSIDE_H

int trap_shown(int value);
int trap_tail(int value);
int trap_twice(int value);
int trap_same(int value);
int trap_by_pointer(int value);

#endif

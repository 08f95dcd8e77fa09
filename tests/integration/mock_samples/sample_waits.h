/*
 * Code under test for the fake clock: every way to wait.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef MOCK_SAMPLES_SAMPLE_WAITS_H
#define MOCK_SAMPLES_SAMPLE_WAITS_H

#include <stdbool.h>

enum { WAITS_COUNT = 16 };

/* True if the wait ended as a timeout does. */
bool waits_wait(int way, int ms);
long waits_time(void);
/* Waits for what never comes; what poll returned. */
int waits_for_ever(int *err);

#endif

/*
 * Code under test for the fake clock: every way to wait.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef MOCK_SAMPLES_SAMPLE_WAITS_H
#define MOCK_SAMPLES_SAMPLE_WAITS_H

#include <stdbool.h>

enum { WAITS_COUNT = 16, WAITS_FOR_BYTE_COUNT = 4 };

/* True if the wait ended as a timeout does. */
bool waits_wait(int way, int ms);
/* A wait that SIGALRM ends: some thread's, not always this one's. */
bool waits_by_signal(int way);
long waits_time(void);
/* A socket pair; wait on one end for a byte, with a timeout of an hour; send it. */
void waits_open(void);
bool waits_for_byte(int way);
void waits_send(void);
/* Waits for what never comes; what poll returned. */
int waits_for_ever(int *err);

#endif

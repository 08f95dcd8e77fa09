/*
 * How a process ended, in words.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_SERVER_WAIT_STATUS_H
#define HARNESS_SERVER_WAIT_STATUS_H

#include <stddef.h>

/* "exited with status 3", "was ended by signal 11 (Segmentation fault)". */
void hn_wait_status_text(char *out, size_t size, int wait_status);

/* As a shell shows it: the exit status, or 128 + signal. */
int hn_wait_status_shell(int wait_status);

#endif

/*
 * What trap_calls.c offers to its check.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef MOCK_SAMPLES_TRAP_CALLS_H
#define MOCK_SAMPLES_TRAP_CALLS_H

extern long (*trap_pointer)(int, void *, unsigned long);
long trap_read(int fd, unsigned long size);
int trap_open(const char *path, int flags);
int trap_scan(const char *text);
void trap_hello(void);
int trap_format(char *buf, unsigned long size, int n, double d);
int trap_control(int fd);
long trap_size(const char *path);

#endif

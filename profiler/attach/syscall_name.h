/*
 * What a system call is called.
 *
 * Context: pure.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_ATTACH_SYSCALL_NAME_H
#define PROFILER_ATTACH_SYSCALL_NAME_H

/* "epoll_wait" for its number on this architecture; NULL for a number newer than our headers. */
const char *pf_syscall_name(long number);

#endif

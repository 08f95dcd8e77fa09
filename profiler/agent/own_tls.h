/*
 * A thread-local block for a thread that the C library does not know.
 *
 * Code compiled with stack protection reads the guard there, libc's wrappers write errno there: the
 * thread must not use its maker's, which is unmapped when the maker ends. This one is as good as
 * that of a thread on which nothing was ever done: guards as everywhere, all else zero.
 *
 * Context: target. The body is the architecture's: own_tls_x86_64.c.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_AGENT_OWN_TLS_H
#define PROFILER_AGENT_OWN_TLS_H

/* Static thread-local storage of all objects lies in the part below the thread pointer. */
enum { AG_OWN_TLS_BYTES = 64 * 1024 };

/* In zeroed memory of AG_OWN_TLS_BYTES, aligned to a page: the thread pointer, for clone(2). */
void *ag_own_tls_lay(void *memory);

#endif

/*
 * Two functions alike, one of which is wrapped, behind callers alike.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef BENCH_MOCKS_BENCH_LEAF_H
#define BENCH_MOCKS_BENCH_LEAF_H

#include <stddef.h>

long leaf_bare(int fd, const void *buf, size_t len);
long leaf_wrapped(int fd, const void *buf, size_t len);
long call_bare(long count);
long call_wrapped(long count);

#endif

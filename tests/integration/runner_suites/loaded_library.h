/* A library that opens a descriptor when it is loaded. SPDX-License-Identifier: MIT */
#ifndef LOADED_LIBRARY_H
#define LOADED_LIBRARY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

extern int loaded_fd;
extern atomic_bool loaded_thread_runs;

#endif

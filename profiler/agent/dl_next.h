/*
 * The loader's own dlopen and dlclose, and the entry that decides how to reach it.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_AGENT_DL_NEXT_H
#define PROFILER_AGENT_DL_NEXT_H

#include <stdbool.h>

struct ag_dl_next {
    void *(*dlopen)(const char *file, int mode); /* first: dl_entry_x86_64.c reads it */
    int (*dlclose)(void *handle);
};

extern struct ag_dl_next ag_dl_next;

/* Find them. Context: target; also called by the entry when a constructor dlopens before ours. */
void ag_dl_next_resolve(void);

/* Must the loader see caller, because the search depends on it? Context: target. */
bool ag_dlopen_needs_caller(const char *file, const void *caller);

/* dlopen, then look at what is mapped. Context: target. */
void *ag_dlopen_and_look(const char *file, int mode);

#endif

/*
 * Processes of a leak check that could not be judged: how many, and why the first of them.
 *
 * What keeps an agent out is told from the program's file, while the process is held at its end.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_SESSION_LEAK_STRANGERS_H
#define PROFILER_SESSION_LEAK_STRANGERS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum pf_stranger_why {
    PF_STRANGER_UNINVITED, /* dynamic and ordinary: LD_PRELOAD did not reach it */
    PF_STRANGER_STATIC,
    PF_STRANGER_SET_UID,
    PF_STRANGER_SANITIZED,  /* AddressSanitizer refuses to run behind another allocator */
    PF_STRANGER_OWN_MALLOC, /* the agent is in it and is never asked */
    PF_STRANGER_UNMAPPED,   /* the agent is in it and has no memory */
    PF_STRANGER_REASONS,
};

enum { PF_STRANGER_NAME = 64 };

/* Zero is none. */
struct pf_leak_strangers {
    uint32_t count;
    enum pf_stranger_why why;    /* of the first */
    char name[PF_STRANGER_NAME]; /* its program's */
};

/* Count a process without an agent; find out why. */
void pf_leak_strangers_add(struct pf_leak_strangers *strangers, pid_t pid);

/* The same where the reason is known. */
void pf_leak_strangers_add_known(struct pf_leak_strangers *strangers, pid_t pid,
                                 enum pf_stranger_why why);

/* Does the program a process runs bring a malloc that all others then use? Why: its own, or that of
 * a sanitizer linked into it. */
bool pf_leak_has_own_malloc(pid_t pid, enum pf_stranger_why *why);

/* "it is linked statically: link it ...": the fact and what helps. */
const char *pf_leak_stranger_words(enum pf_stranger_why why);

#endif

/*
 * Put a shared object into a process that runs, by one short stop of one of its threads.
 *
 * A thread is chosen that holds no lock the loader or the allocator could want: it waits in a
 * system call made straight from the server's own code (epoll_wait, accept, nanosleep ...), or runs
 * there, with no frame of the loader and none of libc on its stack but the outermost. That thread
 * calls dlopen and the object's entry function, while all others run on, as if the server had
 * called them itself. Where no such thread is found in time nothing is touched, and the reason is
 * told. Threads are looked at less and less often; where the reason is one that stays, at most
 * three times.
 *
 * A process that has an object of that file name loaded already (linked, or put in before) gets
 * only the entry called, under whatever path it has it.
 *
 * Refused, too: a process that filters its system calls (seccomp), that has no glibc with dlopen
 * (static, musl, glibc before 2.34), that sees another file under the object's path (containers).
 * A stopped one (SIGSTOP) is refused until it goes on.
 *
 * Context: host.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_ATTACH_INJECT_H
#define PROFILER_ATTACH_INJECT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "profiler/base/err.h"

struct pf_mapped_objects;

struct pf_inject {
    pid_t pid;
    const char *library; /* absolute path, the same file for us and for the process */
    const char *entry;   /* exported by it: int entry(const char *text); 0: well, else an errno */
    const char *text;
    unsigned timeout_ms; /* to find a thread, and again for the calls */
    uint64_t entry_addr; /* known beforehand: it is loaded there already; 0: not */
    int cancel_fd; /* readable or closed at its other end: look for a thread no longer; 0: none */
    struct pf_mapped_objects *objects; /* what is known of mapped files, kept; NULL: nothing */
};

struct pf_injection {
    uint64_t pause_ns; /* how long the chosen thread did not serve */
    pid_t tid;
    unsigned tries; /* stops needed to find it */
};

ASSAY_CHECKED
bool pf_inject(const struct pf_inject *request, struct pf_injection *out, struct pf_err *err);

#endif

/*
 * Registers of a process's held threads: roots, where their stacks are alive, control blocks.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_SESSION_LEAKS_THREADS_H
#define PROFILER_SESSION_LEAKS_THREADS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct pf_leave;
struct pf_region;

struct pf_leaks_thread {
    uint64_t live_from;     /* on its stack; what lies below is dead */
    uint64_t control_block; /* fs base: glibc's struct pthread */
};

struct pf_leaks_threads {
    struct pf_leaks_thread *at;
    uint32_t count;
    uint64_t *words; /* every register, general and vector */
    uint32_t word_count, word_capacity;
};

/* Read the registers of threads that the caller holds stopped by ptrace. */
void pf_leaks_threads_read(struct pf_leaks_threads *out, const pid_t *tids, uint32_t count);
/* What the threads of a process say of themselves that asked to be looked at; false if leave does
 * not lie within its region. */
bool pf_leaks_threads_asked(struct pf_leaks_threads *out, const struct pf_region *region,
                            const struct pf_leave *leave);
void pf_leaks_threads_fini(struct pf_leaks_threads *threads);

/* Add a word that may be a pointer. */
void pf_leaks_threads_word(struct pf_leaks_threads *threads, uint64_t word);

#endif

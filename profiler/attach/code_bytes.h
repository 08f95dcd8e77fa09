/*
 * Bytes of a process's code, read while it runs: where no rows help, the unwinder asks whether a
 * word of the stack is the address behind a call.
 *
 * Only what is mapped as code is read. A stack that goes on beyond its copy is not looked for in
 * the live process, where other words stand by now.
 *
 * Context: host; needs the right to trace, without which there are no bytes.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_ATTACH_CODE_BYTES_H
#define PROFILER_ATTACH_CODE_BYTES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "profiler/unwind/step.h"

enum { PF_CODE_PAGE = 4096, PF_CODE_PAGES_KEPT = 32 };

struct pf_code_page {
    pid_t pid; /* 0: nothing kept */
    uint64_t addr;
    bool is_there;
    uint8_t bytes[PF_CODE_PAGE];
};

/* Zero is a valid empty one. Pages are kept by process and address until forgotten. */
struct pf_code_bytes {
    pid_t pid;
    const struct pf_code_map *map; /* borrowed from where it is pointed to until the walk ends */
    struct pf_code_page kept[PF_CODE_PAGES_KEPT];
};

/* Whose code the next words are. */
void pf_code_bytes_of(struct pf_code_bytes *code, pid_t pid, const struct pf_code_map *map);

/* What was read may be other code by now: exec, or a mapping replaced. */
void pf_code_bytes_forget(struct pf_code_bytes *code);

/* As a struct pf_memory reads words; from points to a struct pf_code_bytes. */
bool pf_code_bytes_word(void *from, uint64_t addr, uint64_t *word);

#endif

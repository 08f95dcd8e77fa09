/*
 * A table of distinct fixed-size records in memory somebody gives, numbered as they come.
 *
 * Context: pure.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_UNWIND_INTERN_H
#define PROFILER_UNWIND_INTERN_H

#include <stdbool.h>
#include <stdint.h>

struct pf_intern {
    uint8_t *records;
    uint16_t *slots; /* number + 1, 0 is empty */
    uint32_t record_bytes, slot_mask;
    uint32_t count, max; /* max < 65535 and at most half of the slots */
};

/* Bytes of memory that pf_intern_init wants. record_bytes: a multiple of 4; slots: a power of 2. */
uint64_t pf_intern_bytes(uint32_t record_bytes, uint32_t slots);

/* Keeps memory, which need not be cleared. */
void pf_intern_init(struct pf_intern *table, void *memory, uint32_t record_bytes, uint32_t slots);

/* The number of the equal record, entered if new. False when the table is full. */
bool pf_intern_add(struct pf_intern *table, const void *record, uint16_t *number);

#endif

/*
 * The growing arrays a profile is made of.
 *
 * Context:  host.
 * Limits:   a table never holds more than max items; pushing beyond returns PF_NONE.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_PROFILE_TABLE_PRIV_H
#define PROFILER_PROFILE_TABLE_PRIV_H

#include <stddef.h>
#include <stdint.h>

#include "profiler/profile/profile.h"

/* Append count items of item_size bytes; items may be NULL for zeros. Returns the first one's
 * index, or PF_NONE when the table would pass max. Nothing is looked up or indexed. */
uint32_t pf_table_push(struct pf_table *table, size_t item_size, const void *items, uint32_t count,
                       uint32_t max);

void pf_table_fini(struct pf_table *table);

#endif

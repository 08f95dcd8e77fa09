/*
 * Unwind rows the collector compiled beforehand, for an agent that is put into a running process:
 * the stopped thread then need not compile them.
 *
 * They lie in the region's work part, found by the content of the object's .eh_frame_hdr. The agent
 * copies what it uses; it trusts the collector that made the region, and checks the rows all the
 * same.
 *
 * Context: pure. put runs before the region is handed over.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_TRACE_GIVEN_ROWS_H
#define PROFILER_TRACE_GIVEN_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "profiler/trace/bytes.h"
#include "profiler/trace/region.h"

/* What tells one object's call frame information from another's; never 0. */
uint64_t pf_rows_content(struct pf_bytes eh_frame_hdr);

/* Lay block into the region. False: no room. */
bool pf_given_rows_put(struct pf_region *region, uint64_t content, struct pf_bytes block);

/* The block given for this content; empty if there is none. */
struct pf_bytes pf_given_rows_find(const struct pf_region *region, uint64_t content);

#endif

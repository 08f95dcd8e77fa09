/*
 * /proc/PID/maps as text, its executable ranges entered as a profile's mappings.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_REPORT_MAPS_TEXT_H
#define PROFILER_REPORT_MAPS_TEXT_H

#include <stdint.h>

#include "profiler/trace/bytes.h"

struct pf_profile;
struct pf_sink;

struct pf_maps_range {
    uint64_t start, limit;
    uint32_t mapping; /* in the profile */
};

/* Sorted by start. Zero is a valid empty one. */
struct pf_maps_text {
    struct pf_maps_range *at;
    uint32_t count, capacity;
};

/* Lines that are no mapping are stepped over: "build=" and the like stand among them. */
void pf_maps_text_read(struct pf_maps_text *maps, struct pf_profile *profile,
                       struct pf_cursor lines);
void pf_maps_text_fini(struct pf_maps_text *maps);

/* The mapping that holds address, or PF_NONE. */
uint32_t pf_maps_text_find(const struct pf_maps_text *maps, uint64_t address);

/* The profile's mappings that have addresses, as /proc/PID/maps shows them. */
void pf_maps_text_write(const struct pf_profile *profile, struct pf_sink *sink);

#endif

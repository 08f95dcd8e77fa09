/*
 * The readers: each turns bytes it recognises into a profile.
 *
 * looks_like is asked with the whole file (unpacked), in the order of the table in load.c; it is
 * cheap and says no when in doubt. read fills an initialised, empty profile; on failure the profile
 * is left for its owner to end, err names the place.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_REPORT_READERS_PRIV_H
#define PROFILER_REPORT_READERS_PRIV_H

#include <stdbool.h>

#include "profiler/base/err.h"
#include "profiler/trace/bytes.h"

struct pf_profile;

/* pprof's profile.proto, unpacked. */
bool pf_pprof_looks_like(struct pf_bytes bytes);
ASSAY_CHECKED
bool pf_pprof_read(struct pf_profile *out, struct pf_bytes bytes, struct pf_err *err);

/* "frame;frame;frame COUNT" a line, root first. */
bool pf_folded_looks_like(struct pf_bytes bytes);
ASSAY_CHECKED
bool pf_folded_read(struct pf_profile *out, struct pf_bytes bytes, struct pf_err *err);

/* gperftools' CPU profile: 64-bit slots, then /proc/PID/maps. */
bool pf_gperf_looks_like(struct pf_bytes bytes);
ASSAY_CHECKED
bool pf_gperf_read(struct pf_profile *out, struct pf_bytes bytes, struct pf_err *err);

/* What perf script prints. */
bool pf_perf_script_looks_like(struct pf_bytes bytes);
ASSAY_CHECKED
bool pf_perf_script_read(struct pf_profile *out, struct pf_bytes bytes, struct pf_err *err);

/* What valgrind --tool=callgrind writes. */
bool pf_callgrind_looks_like(struct pf_bytes bytes);
ASSAY_CHECKED
bool pf_callgrind_read(struct pf_profile *out, struct pf_bytes bytes, struct pf_err *err);

/* Read bytes by whichever reader knows them, unpacking gzip; name is for messages. */
ASSAY_CHECKED
bool pf_load_bytes(struct pf_profile *out, struct pf_bytes bytes, const char *name,
                   struct pf_err *err);

#endif

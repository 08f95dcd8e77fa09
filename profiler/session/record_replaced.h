/*
 * The note on a program or library that was replaced on disk since the server mapped it.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_SESSION_RECORD_REPLACED_H
#define PROFILER_SESSION_RECORD_REPLACED_H

struct pf_mapped_objects;
struct pf_record_job;

/* "restart pending: ...", of the first such object; nothing if there is none. */
void pf_record_note_replaced(struct pf_record_job *job, const struct pf_mapped_objects *objects);

#endif

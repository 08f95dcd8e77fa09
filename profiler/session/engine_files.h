/*
 * Profiles that another profiler left in the recording's work directory, read and added up.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_SESSION_ENGINE_FILES_H
#define PROFILER_SESSION_ENGINE_FILES_H

#include <stdbool.h>
#include <stdint.h>

#include "profiler/base/err.h"

struct pf_record_job;

enum { PF_ENGINE_FILES_MAX = 256 };

/*
 * Read every non-empty file of dir whose name begins with prefix into the job's profile: one a
 * process. PF_ERR_NOT_FOUND if there is none; a file that cannot be read is counted in the note
 * unless it is the only one.
 */
ASSAY_CHECKED
bool pf_engine_files_load(struct pf_record_job *job, const char *dir, const char *prefix,
                          struct pf_err *err);

/* samples of the summary, from the profile's first values. */
void pf_engine_files_count(struct pf_record_job *job);

#endif

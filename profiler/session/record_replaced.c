/* SPDX-License-Identifier: MIT */
#include "profiler/session/record_replaced.h"

#include <string.h>

#include "profiler/attach/mapped_objects.h"
#include "profiler/session/record_engine.h"

/* Shared memory and memory files are always "deleted". */
static bool is_program_file(const struct pf_mapped_object *object)
{
    static const char *const others[] = {"/memfd:", "/dev/", "/SYSV", "/[", "//"};

    for (unsigned i = 0; i < sizeof others / sizeof others[0]; i++)
        if (strncmp(object->path, others[i], strlen(others[i])) == 0)
            return false;
    return object->path[0] == '/';
}

void pf_record_note_replaced(struct pf_record_job *job, const struct pf_mapped_objects *objects)
{
    for (uint32_t i = 0; i < objects->count; i++) {
        if (!objects->at[i].is_deleted || !is_program_file(&objects->at[i]))
            continue;
        pf_record_job_note(job,
                           "restart pending: %.100s was replaced or removed since it was started",
                           objects->at[i].path);
        return;
    }
}

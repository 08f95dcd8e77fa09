/*
 * The objects mapped by the processes of a recording, each known once.
 *
 * Forked workers map the same files: an object is one (device, inode, path), its unwind rows are
 * loaded when a stack first needs them and shared. Objects without a file (JIT code, memory files)
 * are known by name and have no rows.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_ATTACH_MAPPED_OBJECTS_H
#define PROFILER_ATTACH_MAPPED_OBJECTS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "profiler/attach/object_rows.h"
#include "profiler/attach/row_cache.h"
#include "profiler/base/arena.h"
#include "profiler/base/hash.h"
#include "profiler/trace/bytes.h"

/* Who it is. path as /proc/PID/maps has it, without " (deleted)". */
struct pf_object_key {
    struct pf_bytes path;
    uint64_t inode;
    uint32_t device_major, device_minor;
    pid_t private_to; /* objects of one process alone (JIT code); 0: shared */
};

struct pf_mapped_object {
    const char *path; /* in the arena; "[jit:PID]" for code without a file */
    uint64_t inode;
    uint32_t device_major, device_minor;
    pid_t private_to;
    bool is_deleted;             /* replaced or removed since it was mapped */
    bool is_loaded;              /* loading was tried */
    struct pf_object_rows *rows; /* held; NULL: not loaded, or unreadable */
};

struct pf_mapped_objects {
    struct pf_mapped_object *at;
    uint32_t count, capacity;
    struct pf_hash index;
    struct pf_arena arena;
    struct pf_object_store store;
    struct pf_row_cache cache;
    uint32_t unreadable; /* objects whose rows could not be loaded */
};

void pf_mapped_objects_init(struct pf_mapped_objects *objects);
void pf_mapped_objects_fini(struct pf_mapped_objects *objects);

/* The index of the object; entered if new. */
uint32_t pf_mapped_objects_enter(struct pf_mapped_objects *objects,
                                 const struct pf_object_key *key);

/* A place where the object can be seen: in this process, mapped there. */
struct pf_object_sight {
    pid_t pid;
    uint64_t start, end, file_offset;
};

/*
 * Load the object's rows unless that was tried. Opens the file as the process sees it: its own
 * path under /proc/PID/root, else /proc/PID/map_files.
 */
void pf_mapped_objects_load(struct pf_mapped_objects *objects, uint32_t index,
                            const struct pf_object_sight *sight);

/* Its rows, NULL: none; and what to add to a file address to have the process's. */
const struct pf_rows *pf_mapped_object_rows(const struct pf_mapped_object *object,
                                            const struct pf_object_sight *sight, uint64_t *bias);

/* Lower-case hex, "" if unknown. */
const char *pf_mapped_object_build_id(const struct pf_mapped_object *object);

#endif

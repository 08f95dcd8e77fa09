/*
 * The unwind rows of one object file, compiled or taken from the row cache, shared by all processes
 * that map it.
 *
 * Reads the object (/proc/PID/root/usr/sbin/nginx, /proc/PID/map_files/...), never the process. An
 * object without call frame information is no error: it has no rows.
 *
 * Context: host.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_ATTACH_OBJECT_ROWS_H
#define PROFILER_ATTACH_OBJECT_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "profiler/base/err.h"
#include "profiler/elf/elf_file.h"
#include "profiler/elf/elf_identity.h"
#include "profiler/trace/bytes.h"
#include "profiler/unwind/rows.h"

/* One object. Read its fields, change none; borrowed until the last release. */
struct pf_object_rows {
    const struct pf_rows *rows; /* NULL: no call frame information */
    struct pf_bytes block;      /* the same as bytes, to hand to an agent */
    struct pf_rows_stats stats; /* zero but for the size if the block came from the cache */
    char build_id[PF_BUILD_ID_TEXT];
    bool from_cache;
    uint32_t load_count;
    struct pf_elf_segment *loads; /* PT_LOAD segments, for the bias */
    dev_t device;
    ino_t inode;
    struct timespec modified;
    uint32_t holders;
    struct pf_object_rows *next;
};

/* All objects known, and the cache they come from. Zero is a valid empty one without a cache. */
struct pf_object_store {
    struct pf_object_rows *first;
    struct pf_row_cache *cache; /* borrowed, NULL for none */
};

/* Releases the store's own hold; objects still held elsewhere stay until released. */
void pf_object_store_fini(struct pf_object_store *store);

/*
 * The object at path, held for the caller. The same file (device, inode, time of change) gives the
 * same object. store NULL: not shared and not cached.
 *
 * Errors: as pf_elf_open. Unusable call frame information is not one.
 */
ASSAY_CHECKED
bool pf_object_rows_open(struct pf_object_rows **out, struct pf_object_store *store,
                         const char *path, struct pf_err *err);

/* The same for an image in memory (the vDSO), which is read only during the call. Never shared or
 * cached. */
ASSAY_CHECKED
bool pf_object_rows_from_image(struct pf_object_rows **out, struct pf_bytes image, const char *name,
                               struct pf_err *err);

/* NULL is fine. */
void pf_object_rows_release(struct pf_object_rows *object);

/*
 * What to add to a file address to have the process's (pf_code.bias): for a mapping that begins at
 * start and shows the file from offset on. False where no segment is mapped like that.
 */
bool pf_object_rows_bias(const struct pf_object_rows *object, uint64_t start, uint64_t offset,
                         uint64_t *bias);

#endif

/*
 * A profile's locations as the frames a person reads: function, object, source, kind.
 *
 * Locations of one function of one object are one frame, whatever the address or line; a location
 * with inlined functions is several, one with no name is its object and offset. The kind is judged
 * from object and name; it decides colour, not arithmetic.
 *
 * Lifetime: borrows the profile's strings; ends before it.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_PROFILE_FRAMES_H
#define PROFILER_PROFILE_FRAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "profiler/base/arena.h"
#include "profiler/base/hash.h"

struct pf_profile;

enum pf_frame_kind {
    PF_FRAME_OWN,     /* the program itself, and what cannot be told from it */
    PF_FRAME_LIBRARY, /* a shared object */
    PF_FRAME_LIBC,    /* libc, its loader, libpthread, libm, vdso */
    PF_FRAME_KERNEL,
    PF_FRAME_JIT,
    PF_FRAME_UNKNOWN, /* an address nobody could name */
    PF_FRAME_GROUP,   /* not code: a process or thread put at the root */
    PF_FRAME_KINDS,
};

struct pf_frame {
    const char *name;   /* "" never: an address at least */
    const char *object; /* path, "" unknown */
    const char *file;   /* source, "" unknown */
    uint32_t line;      /* where the function starts, else the first line seen; 0 unknown */
    bool is_inlined;    /* in every place it was seen */
    enum pf_frame_kind kind;
};

struct pf_frames {
    struct pf_frame *at;
    uint32_t count, capacity;
    uint32_t *of_location; /* runs in ids: location l has [of_location[l], of_location[l + 1]) */
    uint32_t *ids;         /* leaf first: inlined functions before the one they are in */
    uint32_t location_count, id_count;
    struct pf_hash index;
    struct pf_arena arena;
};

void pf_frames_init(struct pf_frames *frames, const struct pf_profile *profile);
void pf_frames_fini(struct pf_frames *frames);

/* A frame that is no code, by name; for roots. */
uint32_t pf_frames_group(struct pf_frames *frames, const char *name);

/* The frames of one location, leaf first; valid until fini. */
const uint32_t *pf_frames_view(const struct pf_frames *frames, uint32_t location, uint32_t *count);

/* The last part of a path. */
const char *pf_frame_base_name(const char *path);

#endif

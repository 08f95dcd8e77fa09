/* SPDX-License-Identifier: MIT */
#include "profiler/profile/frames.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/profile/profile.h"

enum { FRAMES_FIRST_CAPACITY = 64, FRAME_NAME_BYTES = 512 };

const char *pf_frame_base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash && slash[1] ? slash + 1 : path;
}

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static bool is_libc(const char *base)
{
    static const char *const names[] = {"libc.so",    "libc-2.",   "ld-linux",  "ld-2.",
                                        "libpthread", "libm.so",   "libm-2.",   "libdl.so",
                                        "librt.so",   "libdl-2.",  "librt-2.",  "[vdso]",
                                        "ld-musl",    "libc.musl", "[vsyscall]"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (begins(base, names[i]))
            return true;
    return false;
}

static bool is_kernel(const char *object)
{
    const char *base = pf_frame_base_name(object);

    return begins(base, "[kernel") || begins(base, "[guest.kernel") || begins(base, "vmlinux")
           || strstr(base, ".ko") != NULL;
}

static bool is_jit(const char *object)
{
    return begins(object, "/tmp/perf-") || begins(object, "//anon") || begins(object, "[anon")
           || begins(object, "/memfd:") || begins(object, "[jit");
}

/* Whose it is tells whose map names it; shown, the same code in many workers is one. */
static const char *shown_object(const char *object)
{
    return begins(object, "[jit:") ? "[jit]" : object;
}

static enum pf_frame_kind kind_of(const char *object, bool has_name)
{
    const char *base = pf_frame_base_name(object);

    if (is_kernel(object))
        return PF_FRAME_KERNEL;
    if (is_jit(object))
        return PF_FRAME_JIT;
    if (is_libc(base))
        return PF_FRAME_LIBC;
    if (!has_name && object[0] == '\0')
        return PF_FRAME_UNKNOWN;
    return strstr(base, ".so") ? PF_FRAME_LIBRARY : PF_FRAME_OWN;
}

/* Names and objects are entered once in the profile, so equal text is one pointer; names made here
 * are compared by content. */
static bool same_frame(const void *owner, uint32_t id, const void *sought)
{
    const struct pf_frames *frames = owner;
    const struct pf_frame *a = &frames->at[id];
    const struct pf_frame *b = sought;

    return a->kind == b->kind && strcmp(a->object, b->object) == 0 && strcmp(a->name, b->name) == 0;
}

static uint64_t hash_frame(const struct pf_frame *frame)
{
    uint64_t hash = pf_hash_bytes(frame->name, strlen(frame->name));

    hash ^= pf_hash_bytes(frame->object, strlen(frame->object)) * 31;
    return pf_hash_u64(hash + (uint64_t)frame->kind);
}

static uint32_t enter_frame(struct pf_frames *frames, const struct pf_frame *frame)
{
    uint64_t hash = hash_frame(frame);
    uint32_t id = pf_hash_find(&frames->index, hash, same_frame, frames, frame);

    if (id != PF_HASH_NONE) {
        frames->at[id].is_inlined &= frame->is_inlined;
        return id;
    }
    if (frames->count == frames->capacity) {
        frames->capacity = frames->capacity ? frames->capacity * 2 : FRAMES_FIRST_CAPACITY;
        frames->at = pf_mem_resize(frames->at, frames->capacity, sizeof *frames->at);
    }
    frames->at[frames->count] = *frame;
    pf_hash_add(&frames->index, hash, frames->count);
    return frames->count++;
}

/* "libfoo.so+0x1234", "0x1234": a location nobody named. */
static uint32_t enter_unnamed(struct pf_frames *frames, const struct pf_location *location,
                              const struct pf_mapping *mapping, const char *object)
{
    char name[FRAME_NAME_BYTES];
    uint64_t offset = location->address;

    if (mapping && location->address >= mapping->start)
        offset = location->address - mapping->start + mapping->file_offset;
    if (object[0])
        (void)snprintf(name, sizeof name, "%s+0x%" PRIx64, pf_frame_base_name(object), offset);
    else if (location->address)
        (void)snprintf(name, sizeof name, "0x%" PRIx64, offset);
    else
        (void)snprintf(name, sizeof name, "[unknown]");

    struct pf_frame frame = {.object = object, .file = "", .kind = kind_of(object, false)};
    frame.name = pf_arena_text(&frames->arena, name, strlen(name));
    return enter_frame(frames, &frame);
}

static uint32_t enter_line(struct pf_frames *frames, const struct pf_profile *profile,
                           const struct pf_line *line, const char *object, bool is_inlined)
{
    const struct pf_function *function = pf_profile_function_at(profile, line->function);
    const char *name = pf_profile_text(profile, function->name);

    if (name[0] == '\0')
        name = pf_profile_text(profile, function->system_name);
    struct pf_frame frame = {.name = name[0] ? name : "[unknown]",
                             .object = object,
                             .file = pf_profile_text(profile, function->file),
                             .line = line->line,
                             .is_inlined = is_inlined,
                             .kind = kind_of(object, name[0] != '\0')};
    if (function->start_line > 0 && function->start_line <= UINT32_MAX)
        frame.line = (uint32_t)function->start_line;
    return enter_frame(frames, &frame);
}

static void push_id(struct pf_frames *frames, uint32_t *capacity, uint32_t id)
{
    if (frames->id_count == *capacity) {
        *capacity = *capacity ? *capacity * 2 : FRAMES_FIRST_CAPACITY;
        frames->ids = pf_mem_resize(frames->ids, *capacity, sizeof *frames->ids);
    }
    frames->ids[frames->id_count++] = id;
}

static void enter_location(struct pf_frames *frames, const struct pf_profile *profile, uint32_t at,
                           uint32_t *capacity)
{
    const struct pf_location *location = pf_profile_location_at(profile, at);
    const struct pf_line *lines = pf_profile_lines_view(profile, location);
    const struct pf_mapping *mapping =
        location->mapping != PF_NONE ? pf_profile_mapping_at(profile, location->mapping) : NULL;
    const char *object = mapping ? shown_object(pf_profile_text(profile, mapping->file)) : "";

    if (location->line_count == 0)
        push_id(frames, capacity, enter_unnamed(frames, location, mapping, object));
    for (uint32_t i = 0; i < location->line_count; i++)
        push_id(frames, capacity,
                enter_line(frames, profile, &lines[i], object, i + 1 < location->line_count));
}

void pf_frames_init(struct pf_frames *frames, const struct pf_profile *profile)
{
    uint32_t count = profile->locations.count;
    uint32_t capacity = 0;

    *frames = (struct pf_frames){.location_count = count};
    frames->of_location = pf_mem_new((size_t)count + 1, sizeof *frames->of_location);
    for (uint32_t i = 0; i < count; i++) {
        frames->of_location[i] = frames->id_count;
        enter_location(frames, profile, i, &capacity);
    }
    frames->of_location[count] = frames->id_count;
}

void pf_frames_fini(struct pf_frames *frames)
{
    free(frames->at);
    free(frames->of_location);
    free(frames->ids);
    pf_hash_fini(&frames->index);
    pf_arena_fini(&frames->arena);
    *frames = (struct pf_frames){0};
}

uint32_t pf_frames_group(struct pf_frames *frames, const char *name)
{
    struct pf_frame frame = {.object = "", .file = "", .kind = PF_FRAME_GROUP};
    uint32_t id = 0;

    frame.name = name;
    id = pf_hash_find(&frames->index, hash_frame(&frame), same_frame, frames, &frame);
    if (id != PF_HASH_NONE)
        return id;
    frame.name = pf_arena_text(&frames->arena, name, strlen(name));
    return enter_frame(frames, &frame);
}

const uint32_t *pf_frames_view(const struct pf_frames *frames, uint32_t location, uint32_t *count)
{
    *count = frames->of_location[location + 1] - frames->of_location[location];
    return frames->ids + frames->of_location[location];
}

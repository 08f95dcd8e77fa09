/* SPDX-License-Identifier: MIT */
#include "profiler/attach/mapped_objects.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>

#include "profiler/base/arena.h"

enum { OBJECTS_FIRST = 64, PATH_BYTES = 4096 + 64 };

void pf_mapped_objects_init(struct pf_mapped_objects *objects)
{
    memset(objects, 0, sizeof *objects);
    pf_row_cache_open(&objects->cache);
    objects->store.cache = &objects->cache;
}

void pf_mapped_objects_fini(struct pf_mapped_objects *objects)
{
    for (uint32_t i = 0; i < objects->count; i++)
        pf_object_rows_release(objects->at[i].rows);
    if (objects->store.cache) {
        pf_object_store_fini(&objects->store);
        pf_row_cache_close(&objects->cache);
    }
    free(objects->at);
    pf_hash_fini(&objects->index);
    pf_arena_fini(&objects->arena);
    memset(objects, 0, sizeof *objects);
}

static bool is_same(const void *owner, uint32_t id, const void *sought)
{
    const struct pf_mapped_object *object = &((const struct pf_mapped_objects *)owner)->at[id];
    const struct pf_object_key *key = sought;

    return object->inode == key->inode && object->device_major == key->device_major
           && object->device_minor == key->device_minor && object->private_to == key->private_to
           && strlen(object->path) == key->path.size
           && memcmp(object->path, key->path.at, key->path.size) == 0;
}

static uint64_t hash_key(const struct pf_object_key *key)
{
    return pf_hash_bytes(key->path.at, key->path.size)
           ^ pf_hash_u64(key->inode + (uint64_t)key->private_to);
}

uint32_t pf_mapped_objects_enter(struct pf_mapped_objects *objects, const struct pf_object_key *key)
{
    uint32_t index = pf_hash_find(&objects->index, hash_key(key), is_same, objects, key);

    if (index != PF_HASH_NONE)
        return index;
    if (objects->count == objects->capacity) {
        objects->capacity = objects->capacity ? objects->capacity * 2 : OBJECTS_FIRST;
        objects->at = pf_mem_resize(objects->at, objects->capacity, sizeof *objects->at);
    }
    objects->at[objects->count] = (struct pf_mapped_object){
        .path = pf_arena_text(&objects->arena, key->path.at, key->path.size),
        .inode = key->inode,
        .device_major = key->device_major,
        .device_minor = key->device_minor,
        .private_to = key->private_to,
    };
    pf_hash_add(&objects->index, hash_key(key), objects->count);
    return objects->count++;
}

/* The kernel maps one vDSO into every 64-bit process: ours stands for all. */
static bool load_vdso(struct pf_mapped_object *object, struct pf_err *err)
{
    enum { VDSO_BYTES = 2 * 4096 };
    unsigned long start = getauxval(AT_SYSINFO_EHDR);

    if (start == 0)
        return false;
    return pf_object_rows_from_image(
        &object->rows, (struct pf_bytes){(const void *)start, VDSO_BYTES}, object->path, err);
}

static bool is_the_file(const struct pf_mapped_object *object, const char *path)
{
    struct stat about;

    return stat(path, &about) == 0 && about.st_ino == object->inode;
}

/*
 * Where to read the file: its path in the process's own mount namespace; where that is another file
 * by now, the mapping itself (root only) or /proc/PID/exe. A path that merely cannot be verified
 * (a stacked file system numbers inodes its own way) is taken.
 */
static void choose_path(const struct pf_mapped_object *object, const struct pf_object_sight *sight,
                        char *path)
{
    (void)snprintf(path, PATH_BYTES, "/proc/%d/root%s", (int)sight->pid, object->path);
    if (!object->is_deleted && is_the_file(object, path))
        return;
    (void)snprintf(path, PATH_BYTES, "/proc/%d/map_files/%lx-%lx", (int)sight->pid,
                   (unsigned long)sight->start, (unsigned long)sight->end);
    if (is_the_file(object, path))
        return;
    (void)snprintf(path, PATH_BYTES, "/proc/%d/exe", (int)sight->pid);
    if (is_the_file(object, path) || object->is_deleted)
        return;
    (void)snprintf(path, PATH_BYTES, "/proc/%d/root%s", (int)sight->pid, object->path);
}

static bool load_file(struct pf_mapped_objects *objects, struct pf_mapped_object *object,
                      const struct pf_object_sight *sight, struct pf_err *err)
{
    char path[PATH_BYTES];

    choose_path(object, sight, path);
    if (object->is_deleted && !is_the_file(object, path))
        return false;
    if (pf_object_rows_open(&object->rows, &objects->store, path, err))
        return true;
    /* The process may have ended meanwhile: its path, if it is the same file here. */
    return is_the_file(object, object->path)
           && pf_object_rows_open(&object->rows, &objects->store, object->path, err);
}

void pf_mapped_objects_load(struct pf_mapped_objects *objects, uint32_t index,
                            const struct pf_object_sight *sight)
{
    struct pf_mapped_object *object = &objects->at[index];
    struct pf_err err = {0};
    bool ok = true;

    if (object->is_loaded)
        return;
    object->is_loaded = true;
    if (strcmp(object->path, "[vdso]") == 0)
        ok = load_vdso(object, &err);
    else if (object->path[0] == '/')
        ok = load_file(objects, object, sight, &err);
    objects->unreadable += !ok;
}

const struct pf_rows *pf_mapped_object_rows(const struct pf_mapped_object *object,
                                            const struct pf_object_sight *sight, uint64_t *bias)
{
    if (!object->rows || !object->rows->rows
        || !pf_object_rows_bias(object->rows, sight->start, sight->file_offset, bias))
        return NULL;
    return object->rows->rows;
}

const char *pf_mapped_object_build_id(const struct pf_mapped_object *object)
{
    return object->rows ? object->rows->build_id : "";
}

/* SPDX-License-Identifier: MIT */
#include "profiler/attach/object_rows.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "profiler/attach/row_cache.h"
#include "profiler/base/arena.h"
#include "profiler/elf/elf_packed.h"

/* Memory for the compiler: large, hardly touched, and back to the kernel afterwards. */
static void *map_scratch(size_t size)
{
    void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                    -1, 0);
    return at == MAP_FAILED ? NULL : at;
}

static void unmap_scratch(void *at, size_t size)
{
    if (at)
        (void)munmap(at, size);
}

static bool find_plain(const struct pf_elf *elf, const char *name, struct pf_elf_section *section)
{
    return pf_elf_section_find(elf, name, section) && !pf_elf_is_packed(section)
           && section->bytes.size > 0;
}

/* Where it is compressed, unpacked into unpacked. */
static struct pf_bytes debug_frame_of(const struct pf_elf *elf, struct pf_buf *unpacked)
{
    struct pf_elf_section section = {0};
    struct pf_err ignored;

    if (!pf_elf_section_find(elf, ".debug_frame", &section) || !pf_elf_is_packed(&section))
        return section.bytes;
    return pf_elf_unpack(unpacked, &section, &ignored) ? pf_buf_view(unpacked)
                                                       : (struct pf_bytes){0};
}

static void set_image(const struct pf_elf *elf, struct pf_cfi_source *source)
{
    for (uint32_t i = 0; i < elf->segment_count; i++) {
        struct pf_elf_segment segment = pf_elf_segment_at(elf, i);
        if (segment.type == PT_LOAD && source->eh_frame_hdr_addr >= segment.file_addr
            && source->eh_frame_hdr_addr - segment.file_addr < segment.file_bytes) {
            source->image = pf_bytes_part(elf->image, segment.offset, segment.file_bytes);
            source->image_addr = segment.file_addr;
        }
    }
}

static struct pf_cfi_source source_of(const struct pf_elf *elf, struct pf_buf *unpacked)
{
    struct pf_cfi_source source = {0};
    struct pf_elf_section section;
    struct pf_elf_segment segment;

    if (find_plain(elf, ".eh_frame", &section)) {
        source.eh_frame = section.bytes;
        source.eh_frame_addr = section.file_addr;
    }
    source.debug_frame = debug_frame_of(elf, unpacked);
    if (pf_elf_section_find(elf, ".text", &section))
        source.text_addr = section.file_addr;
    if (pf_elf_section_find(elf, ".got", &section))
        source.got_addr = section.file_addr;
    if (pf_elf_segment_find(elf, PT_GNU_EH_FRAME, &segment)) {
        source.eh_frame_hdr_addr = segment.file_addr;
        source.eh_frame_hdr = pf_elf_bytes_at(elf, segment.file_addr, segment.file_bytes);
        set_image(elf, &source);
    }
    return source;
}

/* Keep exactly the bytes the table takes. */
static void adopt_block(struct pf_object_rows *object, const void *block, size_t size)
{
    void *copy = pf_mem_new(1, size);

    memcpy(copy, block, size);
    object->block = (struct pf_bytes){copy, size};
    object->rows = pf_rows_check(object->block);
}

static void compile(struct pf_object_rows *object, const struct pf_cfi_source *source)
{
    struct pf_room table = {.size = pf_rows_bound(source)};
    struct pf_room scratch = {.size = pf_rows_scratch(source)};

    if (scratch.size == 0)
        return;
    table.at = map_scratch(table.size);
    scratch.at = map_scratch(scratch.size);
    if (table.at && scratch.at) {
        size_t size = pf_rows_build(table, scratch, source, &object->stats);
        if (size > 0 && size <= table.size)
            adopt_block(object, table.at, size);
    }
    unmap_scratch(table.at, table.size);
    unmap_scratch(scratch.at, scratch.size);
}

static void compile_file(struct pf_object_rows *object, const struct pf_elf *elf)
{
    struct pf_buf unpacked = {0};
    struct pf_cfi_source source = source_of(elf, &unpacked);

    compile(object, &source);
    pf_buf_fini(&unpacked);
}

/* An object without .eh_frame (musl's libc) may have a debug file with .debug_frame. */
static void compile_debug_file(struct pf_object_rows *object)
{
    char path[sizeof "/usr/lib/debug/.build-id/xx/.debug" + PF_BUILD_ID_TEXT];
    struct pf_elf elf = {0};
    struct pf_err ignored;

    if (strlen(object->build_id) < 3)
        return;
    (void)snprintf(path, sizeof path, "/usr/lib/debug/.build-id/%.2s/%s.debug", object->build_id,
                   object->build_id + 2);
    if (!pf_elf_open(&elf, path, &ignored))
        return;
    compile_file(object, &elf);
    pf_elf_close(&elf);
}

static void keep_loads(struct pf_object_rows *object, const struct pf_elf *elf)
{
    object->loads = pf_mem_new(elf->segment_count + 1U, sizeof *object->loads);
    for (uint32_t i = 0; i < elf->segment_count; i++) {
        struct pf_elf_segment segment = pf_elf_segment_at(elf, i);
        if (segment.type == PT_LOAD)
            object->loads[object->load_count++] = segment;
    }
}

static struct pf_object_rows *new_object(const struct pf_elf *elf)
{
    struct pf_object_rows *object = pf_mem_new(1, sizeof *object);

    object->holders = 1;
    pf_build_id_text(pf_elf_build_id(elf), object->build_id);
    keep_loads(object, elf);
    return object;
}

static bool find_cached(struct pf_object_rows *object, const struct pf_row_cache *cache)
{
    if (!cache || !pf_row_cache_find(cache, object->build_id, &object->block))
        return false;
    object->rows = pf_rows_check(object->block);
    object->stats.size_bytes = object->block.size;
    object->from_cache = true;
    return true;
}

static struct pf_object_rows *load(const struct pf_elf *elf, const struct pf_row_cache *cache)
{
    struct pf_object_rows *object = new_object(elf);

    if (elf->machine != EM_X86_64 || find_cached(object, cache))
        return object;
    compile_file(object, elf);
    if (!object->rows)
        compile_debug_file(object);
    if (object->rows && cache)
        pf_row_cache_keep(cache, object->build_id, object->block);
    return object;
}

static struct pf_object_rows *find_known(const struct pf_object_store *store, const struct stat *st)
{
    for (struct pf_object_rows *object = store->first; object; object = object->next)
        if (object->inode == st->st_ino && object->device == st->st_dev
            && object->modified.tv_sec == st->st_mtim.tv_sec
            && object->modified.tv_nsec == st->st_mtim.tv_nsec)
            return object;
    return NULL;
}

static void enter(struct pf_object_store *store, struct pf_object_rows *object,
                  const struct stat *st)
{
    object->device = st->st_dev;
    object->inode = st->st_ino;
    object->modified = st->st_mtim;
    object->next = store->first;
    object->holders++;
    store->first = object;
}

static bool open_fd(struct pf_object_rows **out, struct pf_object_store *store, int fd,
                    const char *path, struct pf_err *err)
{
    struct stat st;
    struct pf_elf elf = {0};

    if (fstat(fd, &st) != 0)
        return pf_err_sys(err, errno, "%s", path);
    struct pf_object_rows *known = store ? find_known(store, &st) : NULL;
    if (known) {
        known->holders++;
        *out = known;
        return true;
    }
    if (!pf_elf_open_fd(&elf, fd, path, err))
        return false;
    *out = load(&elf, store ? store->cache : NULL);
    pf_elf_close(&elf);
    if (store)
        enter(store, *out, &st);
    return true;
}

bool pf_object_rows_open(struct pf_object_rows **out, struct pf_object_store *store,
                         const char *path, struct pf_err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (fd < 0)
        return pf_err_sys(err, errno, "%s", path);
    bool ok = open_fd(out, store, fd, path, err);
    (void)close(fd);
    return ok;
}

bool pf_object_rows_from_image(struct pf_object_rows **out, struct pf_bytes image, const char *name,
                               struct pf_err *err)
{
    struct pf_elf elf = {0};

    if (!pf_elf_view(&elf, image, name, err))
        return false;
    *out = load(&elf, NULL);
    return true;
}

void pf_object_rows_release(struct pf_object_rows *object)
{
    if (!object || --object->holders > 0)
        return;
    free((void *)(uintptr_t)object->block.at);
    free(object->loads);
    free(object);
}

void pf_object_store_fini(struct pf_object_store *store)
{
    while (store->first) {
        struct pf_object_rows *object = store->first;
        store->first = object->next;
        pf_object_rows_release(object);
    }
}

bool pf_object_rows_bias(const struct pf_object_rows *object, uint64_t start, uint64_t offset,
                         uint64_t *bias)
{
    return pf_elf_load_bias(object->loads, object->load_count, start, offset, bias);
}

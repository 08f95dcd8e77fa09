/*
 * An object's program headers, read where the loader put them.
 *
 * SPDX-License-Identifier: MIT
 */
#include <elf.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "profiler/agent/code_memory.h"
#include "profiler/agent/code_objects_priv.h"
#include "profiler/trace/given_rows.h"

static const ElfW(Phdr) * find_header(const struct dl_phdr_info *info, uint32_t type)
{
    for (unsigned i = 0; i < info->dlpi_phnum; i++)
        if (info->dlpi_phdr[i].p_type == type)
            return &info->dlpi_phdr[i];
    return NULL;
}

static const void *mapped_at(const struct dl_phdr_info *info, uint64_t file_addr)
{
    return (const void *)(uintptr_t)(info->dlpi_addr + file_addr);
}

/* The segment a file address lies in, NULL if none that can be read. */
static const ElfW(Phdr) * segment_of(const struct dl_phdr_info *info, uint64_t file_addr)
{
    for (unsigned i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        if (header->p_type == PT_LOAD && (header->p_flags & PF_R) && file_addr >= header->p_vaddr
            && file_addr - header->p_vaddr < header->p_filesz)
            return header;
    }
    return NULL;
}

bool ag_object_read(struct ag_object *out, const struct dl_phdr_info *info)
{
    const ElfW(Phdr) *index = find_header(info, PT_GNU_EH_FRAME);
    struct ag_object object = {.bias = info->dlpi_addr, .start = UINT64_MAX};

    for (unsigned i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        uint64_t start = info->dlpi_addr + header->p_vaddr;
        uint64_t end = start + header->p_memsz;
        if (header->p_type != PT_LOAD)
            continue;
        object.start = start < object.start ? start : object.start;
        object.end = end > object.end ? end : object.end;
        if ((header->p_flags & PF_X) && object.code_end == 0) {
            object.code_start = start;
            object.code_end = end;
            object.code_file_offset = header->p_offset;
        }
    }
    if (object.code_end == 0)
        return false;
    if (index && segment_of(info, index->p_vaddr))
        object.content =
            pf_rows_content((struct pf_bytes){mapped_at(info, index->p_vaddr), index->p_filesz});
    else
        object.content = object.start;
    *out = object;
    return true;
}

/* The build id among an object's notes: name "GNU", type 3 (gABI, "Note Section"). */
static void find_build_id(struct pf_region_module *out, const struct dl_phdr_info *info)
{
    for (unsigned i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        if (header->p_type != PT_NOTE || !segment_of(info, header->p_vaddr))
            continue;
        const uint8_t *at = mapped_at(info, header->p_vaddr);
        size_t left = header->p_filesz;
        while (left >= sizeof(ElfW(Nhdr))) {
            ElfW(Nhdr) note;
            memcpy(&note, at, sizeof note);
            size_t name = (note.n_namesz + 3u) & ~(size_t)3;
            size_t size = sizeof note + name + ((note.n_descsz + 3u) & ~(size_t)3);
            if (size > left)
                break;
            if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4
                && memcmp(at + sizeof note, "GNU", 4) == 0
                && note.n_descsz <= PF_MODULE_BUILD_ID_MAX) {
                memcpy(out->build_id, at + sizeof note + name, note.n_descsz);
                out->build_id_size = note.n_descsz;
                return;
            }
            at += size;
            left -= size;
        }
    }
}

static void copy_path(char *to, size_t room, const char *path)
{
    size_t size = strnlen(path, room - 1);

    memcpy(to, path, size);
    to[size] = 0;
}

void ag_object_describe(struct pf_region_module *out, const struct ag_object *object,
                        const struct dl_phdr_info *info)
{
    *out = (struct pf_region_module){.start = object->start,
                                     .end = object->end,
                                     .bias = object->bias,
                                     .code_start = object->code_start,
                                     .code_end = object->code_end,
                                     .code_file_offset = object->code_file_offset};
    find_build_id(out, info);
    if (info->dlpi_name && info->dlpi_name[0] != 0) {
        bool is_vdso = strncmp(info->dlpi_name, "linux-vdso", 10) == 0;
        copy_path(out->path, sizeof out->path, is_vdso ? "[vdso]" : info->dlpi_name);
        return;
    }
    ssize_t size = readlink("/proc/self/exe", out->path, sizeof out->path - 1);
    out->path[size > 0 ? size : 0] = 0;
}

/* .eh_frame_hdr gives the address of .eh_frame (LSB core, "DWARF Extensions"); its end is not
 * written anywhere, but the builder stops at its terminator or the segment's end. */
static bool find_cfi(struct pf_cfi_source *out, const struct ag_object *object,
                     const struct dl_phdr_info *info)
{
    const ElfW(Phdr) *index = find_header(info, PT_GNU_EH_FRAME);
    int32_t relative;

    if (!index || index->p_filesz < 8 || !segment_of(info, index->p_vaddr))
        return false;
    const uint8_t *header = mapped_at(info, index->p_vaddr);
    if (header[0] != 1 || header[1] != 0x1b) /* version; pcrel | sdata4, what every linker writes */
        return false;
    memcpy(&relative, header + 4, sizeof relative);
    uint64_t frame_addr = index->p_vaddr + 4 + (uint64_t)(int64_t)relative;
    const ElfW(Phdr) *segment = segment_of(info, frame_addr);
    if (!segment)
        return false;

    uint64_t code_size = object->code_end - object->code_start;
    *out = (struct pf_cfi_source){
        .eh_frame = {mapped_at(info, frame_addr),
                     segment->p_vaddr + segment->p_filesz - frame_addr},
        .eh_frame_addr = frame_addr,
        .eh_frame_hdr = {header, index->p_filesz},
        .eh_frame_hdr_addr = index->p_vaddr,
        .text_addr = object->code_start - object->bias,
        .image = {(const void *)(uintptr_t)object->code_start, code_size},
        .image_addr = object->code_start - object->bias,
    };
    return true;
}

/* A copy of what the collector compiled beforehand: the region it lies in does not last. */
static const struct pf_rows *copy_given(const struct pf_region *region, uint64_t content)
{
    struct pf_bytes given = pf_given_rows_find(region, content);
    size_t room;
    void *memory = ag_code_memory_free(&room);

    if (given.size == 0 || given.size > room)
        return NULL;
    memcpy(memory, given.at, given.size);
    const struct pf_rows *rows = pf_rows_check((struct pf_bytes){memory, given.size});
    if (rows)
        ag_code_memory_use(given.size);
    return rows;
}

static const struct pf_rows *compile(const struct ag_object *object,
                                     const struct dl_phdr_info *info)
{
    struct pf_cfi_source source;
    struct pf_rows_stats stats;
    struct pf_room table;
    struct pf_room scratch = {0};

    if (!find_cfi(&source, object, info) || (scratch.size = pf_rows_scratch(&source)) == 0)
        return NULL;
    table.at = ag_code_memory_free(&table.size);
    scratch.at = mmap(NULL, scratch.size, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (scratch.at == MAP_FAILED)
        return NULL;
    size_t size = pf_rows_build(table, scratch, &source, &stats);
    (void)munmap(scratch.at, scratch.size);
    if (size == 0 || size > table.size)
        return NULL;
    ag_code_memory_use(size);
    return pf_rows_check((struct pf_bytes){table.at, size});
}

const struct pf_rows *ag_object_rows(const struct pf_region *region, const struct ag_object *object,
                                     const struct dl_phdr_info *info)
{
    const struct pf_rows *rows = copy_given(region, object->content);

    return rows ? rows : compile(object, info);
}

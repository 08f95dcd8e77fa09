/* SPDX-License-Identifier: MIT */
#include "tests/unit/profiler/unwind/self_map.h"

#include <elf.h>
#include <link.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

static void *map_bytes(size_t size)
{
    void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                    -1, 0);
    if (at == MAP_FAILED) {
        (void)fprintf(stderr, "self_map: no memory\n");
        exit(1);
    }
    return at;
}

/* The loaded segment that holds addr, as bytes; addr is where it begins. */
static struct pf_bytes segment_of(const struct dl_phdr_info *info, uint64_t addr, uint64_t *start)
{
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        if (header->p_type == PT_LOAD && addr >= header->p_vaddr
            && addr - header->p_vaddr < header->p_filesz) {
            *start = header->p_vaddr;
            return (struct pf_bytes){(const void *)(info->dlpi_addr + header->p_vaddr),
                                     header->p_filesz};
        }
    }
    return (struct pf_bytes){0};
}

static struct pf_cfi_source source_of(const struct dl_phdr_info *info)
{
    struct pf_cfi_source source = {0};

    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        if (header->p_type != PT_GNU_EH_FRAME)
            continue;
        source.eh_frame_hdr_addr = header->p_vaddr;
        source.eh_frame_hdr =
            (struct pf_bytes){(const void *)(info->dlpi_addr + header->p_vaddr), header->p_memsz};
        source.image = segment_of(info, header->p_vaddr, &source.image_addr);
    }
    return source;
}

static const struct pf_rows *build_rows(const struct pf_cfi_source *source, struct ts_self_map *out)
{
    struct pf_rows_stats stats = {0};
    struct pf_room table = {.size = pf_rows_bound(source)};
    struct pf_room scratch = {.size = pf_rows_scratch(source)};

    if (source->eh_frame_hdr.size == 0 || scratch.size == 0)
        return NULL;
    table.at = map_bytes(table.size);
    scratch.at = map_bytes(scratch.size);
    size_t size = pf_rows_build(table, scratch, source, &stats);
    (void)munmap(scratch.at, scratch.size);
    out->rows_bytes += size;
    out->row_count += stats.row_count;
    return pf_rows_check((struct pf_bytes){table.at, size});
}

static int add_object(struct dl_phdr_info *info, size_t size, void *data)
{
    struct ts_self_map *out = data;
    struct pf_cfi_source source = source_of(info);
    const struct pf_rows *rows = build_rows(&source, out);

    (void)size;
    for (int i = 0; i < info->dlpi_phnum && out->count < TS_SELF_MAP_MAX; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        if (header->p_type != PT_LOAD || !(header->p_flags & PF_X))
            continue;
        uint64_t start = info->dlpi_addr + header->p_vaddr;
        out->codes[out->count] = (struct pf_code){.start = start,
                                                  .end = start + header->p_memsz,
                                                  .bias = info->dlpi_addr,
                                                  .rows = rows,
                                                  .object = (uint32_t)out->count};
        out->count++;
    }
    return 0;
}

static int by_start(const void *a, const void *b)
{
    const struct pf_code *x = a;
    const struct pf_code *y = b;

    return x->start < y->start ? -1 : x->start > y->start;
}

void ts_self_map_build(struct ts_self_map *out)
{
    *out = (struct ts_self_map){0};
    (void)dl_iterate_phdr(add_object, out);
    qsort(out->codes, out->count, sizeof *out->codes, by_start);
}

struct pf_code_map ts_self_map_view(const struct ts_self_map *map)
{
    return (struct pf_code_map){map->codes, map->count};
}

struct pf_memory ts_self_stack(const void *low)
{
    pthread_attr_t attr;
    void *base = NULL;
    size_t size = 0;

    if (pthread_getattr_np(pthread_self(), &attr) != 0
        || pthread_attr_getstack(&attr, &base, &size) != 0)
        exit(1);
    (void)pthread_attr_destroy(&attr);
    return (struct pf_memory){.bytes = low, .low = (uintptr_t)low, .high = (uintptr_t)base + size};
}

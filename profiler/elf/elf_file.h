/*
 * An ELF file as views: its header, segments and sections, by offset and by address.
 *
 * 64-bit little-endian only. A parser of our own rather than libelf because it must survive any
 * bytes and allocates nothing; what it hands out points into the file's mapping. Section headers
 * are optional, as for the loader: a file whose table is missing or damaged has no sections.
 *
 * Format: System V gABI, chapters 4 and 5.
 * Context: host.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_ELF_ELF_FILE_H
#define PROFILER_ELF_ELF_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "profiler/base/err.h"
#include "profiler/base/file.h"
#include "profiler/trace/bytes.h"

struct pf_elf {
    struct pf_file file;   /* empty when made by pf_elf_view */
    struct pf_bytes image; /* the whole file */
    uint16_t type;         /* ET_* */
    uint16_t machine;      /* EM_* */
    uint64_t entry_addr;
    uint32_t segment_count, section_count;
    struct pf_bytes segments, sections; /* the header tables */
    struct pf_bytes names;              /* of sections */
};

struct pf_elf_segment {
    uint32_t type, flags; /* PT_*, PF_* */
    uint64_t offset, file_addr, file_bytes, memory_bytes, align;
};

struct pf_elf_section {
    const char *name;
    uint32_t type, link, info; /* SHT_* */
    uint64_t flags, file_addr, size, entry_bytes;
    struct pf_bytes bytes; /* empty for SHT_NOBITS and where it lies outside of the file */
};

/* name is for messages. Errors: PF_ERR_NOT_FOUND, _DENIED, _SYSTEM from opening, PF_ERR_FORMAT for
 * what is no ELF file, PF_ERR_UNSUPPORTED for 32-bit and big-endian ones. */
ASSAY_CHECKED
bool pf_elf_open(struct pf_elf *out, const char *path, struct pf_err *err);
ASSAY_CHECKED
bool pf_elf_open_fd(struct pf_elf *out, int fd, const char *name, struct pf_err *err);

/* The same for bytes that somebody owns and that must outlive out. */
ASSAY_CHECKED
bool pf_elf_view(struct pf_elf *out, struct pf_bytes image, const char *name, struct pf_err *err);

/* Safe on zero. */
void pf_elf_close(struct pf_elf *elf);

/* index < segment_count, < section_count. */
struct pf_elf_segment pf_elf_segment_at(const struct pf_elf *elf, uint32_t index);
struct pf_elf_section pf_elf_section_at(const struct pf_elf *elf, uint32_t index);

/* False, out untouched, where there is none. */
bool pf_elf_section_find(const struct pf_elf *elf, const char *name, struct pf_elf_section *out);
bool pf_elf_segment_find(const struct pf_elf *elf, uint32_t type, struct pf_elf_segment *out);

/* The bytes that the loader would put at [file_addr, file_addr + size); empty if any of them does
 * not come from the file. */
struct pf_bytes pf_elf_bytes_at(const struct pf_elf *elf, uint64_t file_addr, uint64_t size);

/*
 * What to add to a file address to have the process's: for a mapping of this file that begins at
 * start and shows it from offset on. False where no PT_LOAD segment is mapped like that.
 */
bool pf_elf_bias(const struct pf_elf *elf, uint64_t start, uint64_t offset, uint64_t *bias);

/* The same from segments kept after the file was closed. */
bool pf_elf_load_bias(const struct pf_elf_segment *segments, uint32_t count, uint64_t start,
                      uint64_t offset, uint64_t *bias);

#endif

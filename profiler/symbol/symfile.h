/*
 * An ELF file read for its names: sections, segments, build id, the link to its debug file.
 *
 * The only place that speaks libelf. Only 64-bit little-endian files are taken; everything is
 * checked against the file's size by libelf or here, so a truncated or hostile file has fewer
 * sections, never a fault.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_SYMBOL_SYMFILE_H
#define PROFILER_SYMBOL_SYMFILE_H

#include <stdbool.h>
#include <stdint.h>

#include "profiler/base/err.h"
#include "profiler/symbol/symtab.h"
#include "profiler/trace/bytes.h"

struct Elf;

enum { PF_BUILD_ID_HEX = 2 * 32 + 1 };

/* Zero is a valid closed one. */
struct pf_symfile {
    struct Elf *elf;
    int fd_plus_1;
    void *memory; /* owned, what elf reads instead of a file */
    struct pf_code_ranges code;
    char build_id[PF_BUILD_ID_HEX]; /* lower-case hex, "" if there is none */
};

struct pf_symsection {
    struct pf_bytes bytes; /* empty for NOBITS and absent sections */
    uint64_t file_addr, size_bytes;
};

ASSAY_CHECKED
bool pf_symfile_open(struct pf_symfile *out, const char *path, struct pf_err *err);

/* The same from bytes in memory, which are copied; name is for messages. */
ASSAY_CHECKED
bool pf_symfile_open_bytes(struct pf_symfile *out, struct pf_bytes image, const char *name,
                           struct pf_err *err);
void pf_symfile_close(struct pf_symfile *symfile);
void pf_symfile_move(struct pf_symfile *to, struct pf_symfile *from);

/* False if there is no such section. Bytes live until close. */
bool pf_symfile_section(const struct pf_symfile *symfile, const char *name,
                        struct pf_symsection *out);

/* .symtab or .dynsym with its strings; false if absent. Its code is this file's. */
bool pf_symfile_symtab(const struct pf_symfile *symfile, bool dynamic, struct pf_symtab *out);

/* Where in memory-to-be a byte of the file lies; false if no segment holds it. */
bool pf_symfile_addr_of_offset(const struct pf_symfile *symfile, uint64_t offset,
                               uint64_t *file_addr);

/* Has it DWARF (.debug_info) of a size we are willing to read (decompressed 4 GiB)? */
bool pf_symfile_has_dwarf(const struct pf_symfile *symfile);

/* Take compressed sections out of sight that naming functions does not need. In memory only. */
void pf_symfile_drop_unneeded_dwarf(struct pf_symfile *symfile);

/* .gnu_debuglink: the name of the separate debug file and the CRC of its bytes. Borrowed. */
bool pf_symfile_debuglink(const struct pf_symfile *symfile, const char **name, uint32_t *crc);

/* The CRC-32 .gnu_debuglink speaks of (ISO 3309, as zlib's), over a whole file. */
bool pf_symfile_crc(const char *path, uint32_t *crc);

#endif

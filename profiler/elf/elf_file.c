/* SPDX-License-Identifier: MIT */
#include "profiler/elf/elf_file.h"

#include <elf.h>
#include <string.h>

enum { PAGE_MASK = 4095 };

/* Unaligned and bounded: the view has been checked to hold it. */
static Elf64_Shdr section_header(struct pf_bytes table, uint32_t index)
{
    Elf64_Shdr header = {0};
    struct pf_bytes at = pf_bytes_part(table, (uint64_t)index * sizeof header, sizeof header);

    if (at.size)
        memcpy(&header, at.at, sizeof header);
    return header;
}

/* Counts that do not fit the header stand in section 0 (gABI, "ELF header"). */
static void find_sections(struct pf_elf *elf, const Elf64_Ehdr *header)
{
    struct pf_bytes rest =
        pf_bytes_part(elf->image, header->e_shoff,
                      header->e_shoff < elf->image.size ? elf->image.size - header->e_shoff : 0);
    Elf64_Shdr zero = section_header(rest, 0);
    uint64_t count = header->e_shnum ? header->e_shnum : zero.sh_size;
    uint32_t names = header->e_shstrndx == SHN_XINDEX ? zero.sh_link : header->e_shstrndx;

    if (header->e_shoff == 0 || header->e_shentsize != sizeof zero || count == 0
        || count > rest.size / sizeof zero)
        return;
    elf->sections = pf_bytes_part(rest, 0, count * sizeof zero);
    elf->section_count = (uint32_t)count;
    Elf64_Shdr strings = section_header(elf->sections, names);
    elf->names = pf_bytes_part(elf->image, strings.sh_offset, strings.sh_size);
}

static bool find_segments(struct pf_elf *elf, const Elf64_Ehdr *header, const char *name,
                          struct pf_err *err)
{
    uint64_t count = header->e_phnum;

    if (count == PN_XNUM)
        count = section_header(elf->sections, 0).sh_info;
    if (count == 0)
        return true;
    if (header->e_phentsize != sizeof(Elf64_Phdr))
        return pf_err_set(err, PF_ERR_FORMAT, "%s: program headers of %u bytes each, not %zu", name,
                          header->e_phentsize, sizeof(Elf64_Phdr));
    elf->segments = pf_bytes_part(elf->image, header->e_phoff, count * sizeof(Elf64_Phdr));
    if (elf->segments.size == 0)
        return pf_err_set(err, PF_ERR_FORMAT, "%s: program headers lie past the end of the file",
                          name);
    elf->segment_count = (uint32_t)count;
    return true;
}

static bool check_ident(const unsigned char *ident, const char *name, struct pf_err *err)
{
    if (memcmp(ident, ELFMAG, SELFMAG) != 0)
        return pf_err_set(err, PF_ERR_FORMAT, "%s: not an ELF file", name);
    if (ident[EI_CLASS] != ELFCLASS64)
        return pf_err_set(err, PF_ERR_UNSUPPORTED, "%s: a 32-bit ELF file; 64-bit is supported",
                          name);
    if (ident[EI_DATA] != ELFDATA2LSB)
        return pf_err_set(err, PF_ERR_UNSUPPORTED,
                          "%s: a big-endian ELF file; little-endian is supported", name);
    return true;
}

bool pf_elf_view(struct pf_elf *out, struct pf_bytes image, const char *name, struct pf_err *err)
{
    struct pf_elf elf = {.image = image};
    Elf64_Ehdr header;

    if (image.size < sizeof header)
        return pf_err_set(err, PF_ERR_FORMAT, "%s: not an ELF file: %zu bytes", name, image.size);
    memcpy(&header, image.at, sizeof header);
    if (!check_ident(header.e_ident, name, err))
        return false;
    elf.type = header.e_type;
    elf.machine = header.e_machine;
    elf.entry_addr = header.e_entry;
    find_sections(&elf, &header);
    if (!find_segments(&elf, &header, name, err))
        return false;
    *out = elf;
    return true;
}

/* View a file, which out then owns. */
static bool adopt(struct pf_elf *out, struct pf_file *file, const char *name, struct pf_err *err)
{
    if (!pf_elf_view(out, pf_file_view(file), name, err)) {
        pf_file_close(file);
        return false;
    }
    out->file = *file;
    return true;
}

bool pf_elf_open(struct pf_elf *out, const char *path, struct pf_err *err)
{
    struct pf_file file = {0};

    return pf_file_open(&file, path, err) && adopt(out, &file, path, err);
}

bool pf_elf_open_fd(struct pf_elf *out, int fd, const char *name, struct pf_err *err)
{
    struct pf_file file = {0};

    return pf_file_open_fd(&file, fd, name, err) && adopt(out, &file, name, err);
}

void pf_elf_close(struct pf_elf *elf)
{
    pf_file_close(&elf->file);
    *elf = (struct pf_elf){0};
}

struct pf_elf_segment pf_elf_segment_at(const struct pf_elf *elf, uint32_t index)
{
    Elf64_Phdr header = {0};
    struct pf_bytes at =
        pf_bytes_part(elf->segments, (uint64_t)index * sizeof header, sizeof header);

    if (at.size)
        memcpy(&header, at.at, sizeof header);
    return (struct pf_elf_segment){
        .type = header.p_type,
        .flags = header.p_flags,
        .offset = header.p_offset,
        .file_addr = header.p_vaddr,
        .file_bytes = header.p_filesz,
        .memory_bytes = header.p_memsz,
        .align = header.p_align,
    };
}

static const char *section_name(const struct pf_elf *elf, uint32_t offset)
{
    if (offset >= elf->names.size)
        return "";
    struct pf_cursor cursor =
        pf_cursor_view(pf_bytes_part(elf->names, offset, elf->names.size - offset));
    return pf_cursor_cstr(&cursor);
}

struct pf_elf_section pf_elf_section_at(const struct pf_elf *elf, uint32_t index)
{
    Elf64_Shdr header = section_header(elf->sections, index);
    struct pf_elf_section section = {
        .name = section_name(elf, header.sh_name),
        .type = header.sh_type,
        .link = header.sh_link,
        .info = header.sh_info,
        .flags = header.sh_flags,
        .file_addr = header.sh_addr,
        .size = header.sh_size,
        .entry_bytes = header.sh_entsize,
    };

    if (header.sh_type != SHT_NOBITS && header.sh_type != SHT_NULL)
        section.bytes = pf_bytes_part(elf->image, header.sh_offset, header.sh_size);
    return section;
}

bool pf_elf_section_find(const struct pf_elf *elf, const char *name, struct pf_elf_section *out)
{
    for (uint32_t i = 0; i < elf->section_count; i++) {
        struct pf_elf_section section = pf_elf_section_at(elf, i);
        if (strcmp(section.name, name) == 0) {
            *out = section;
            return true;
        }
    }
    return false;
}

bool pf_elf_segment_find(const struct pf_elf *elf, uint32_t type, struct pf_elf_segment *out)
{
    for (uint32_t i = 0; i < elf->segment_count; i++) {
        struct pf_elf_segment segment = pf_elf_segment_at(elf, i);
        if (segment.type == type) {
            *out = segment;
            return true;
        }
    }
    return false;
}

struct pf_bytes pf_elf_bytes_at(const struct pf_elf *elf, uint64_t file_addr, uint64_t size)
{
    for (uint32_t i = 0; i < elf->segment_count; i++) {
        struct pf_elf_segment segment = pf_elf_segment_at(elf, i);
        uint64_t inside = file_addr - segment.file_addr;
        if (segment.type != PT_LOAD || file_addr < segment.file_addr || inside > segment.file_bytes
            || size > segment.file_bytes - inside || inside > UINT64_MAX - segment.offset)
            continue;
        return pf_bytes_part(elf->image, segment.offset + inside, size);
    }
    return (struct pf_bytes){0};
}

/* How well a mapping that shows the file from offset on fits this segment; 0: not at all. The
 * loader maps whole pages, so a page in which one segment ends and the next begins is shown by
 * both: the one that begins there is meant, and of two the code. A later part of a segment may be a
 * mapping of its own. */
static unsigned fit(const struct pf_elf_segment *segment, uint64_t offset)
{
    uint64_t first = segment->offset & ~(uint64_t)PAGE_MASK;

    if (segment->type != PT_LOAD || offset < first
        || offset - first >= segment->file_bytes + (segment->offset - first))
        return 0;
    return 1U + (offset == first ? 2U : 0U) + (segment->flags & PF_X ? 1U : 0U);
}

bool pf_elf_load_bias(const struct pf_elf_segment *segments, uint32_t count, uint64_t start,
                      uint64_t offset, uint64_t *bias)
{
    unsigned best = 0;

    for (uint32_t i = 0; i < count; i++) {
        unsigned found = fit(&segments[i], offset);
        if (found <= best)
            continue;
        best = found;
        *bias = start - (segments[i].file_addr - segments[i].offset + offset);
    }
    return best > 0;
}

bool pf_elf_bias(const struct pf_elf *elf, uint64_t start, uint64_t offset, uint64_t *bias)
{
    unsigned best = 0;

    for (uint32_t i = 0; i < elf->segment_count; i++) {
        struct pf_elf_segment segment = pf_elf_segment_at(elf, i);
        unsigned found = fit(&segment, offset);
        if (found <= best)
            continue;
        best = found;
        (void)pf_elf_load_bias(&segment, 1, start, offset, bias);
    }
    return best > 0;
}

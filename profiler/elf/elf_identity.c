/* SPDX-License-Identifier: MIT */
#include "profiler/elf/elf_identity.h"

#include <elf.h>
#include <string.h>

static bool is_gnu(struct pf_bytes name)
{
    return name.size == sizeof ELF_NOTE_GNU && memcmp(name.at, ELF_NOTE_GNU, name.size) == 0;
}

static uint64_t align_4(uint64_t size)
{
    return (size + 3) & ~(uint64_t)3;
}

/* Notes: two sizes and a type, then name and description, each padded to four bytes. */
static struct pf_bytes build_id_in(struct pf_bytes notes)
{
    struct pf_cursor cursor = pf_cursor_view(notes);

    while (pf_cursor_left(&cursor) > 0) {
        uint32_t name_size = pf_cursor_u32(&cursor);
        uint32_t id_size = pf_cursor_u32(&cursor);
        uint32_t type = pf_cursor_u32(&cursor);
        struct pf_bytes name = pf_cursor_bytes(&cursor, align_4(name_size));
        struct pf_bytes id = pf_cursor_bytes(&cursor, align_4(id_size));
        name.size = name.size ? name_size : 0;
        if (!cursor.failed && type == NT_GNU_BUILD_ID && is_gnu(name) && id_size > 0
            && id_size <= PF_BUILD_ID_MAX)
            return (struct pf_bytes){id.at, id_size};
    }
    return (struct pf_bytes){0};
}

struct pf_bytes pf_elf_build_id(const struct pf_elf *elf)
{
    struct pf_bytes id = {0};

    for (uint32_t i = 0; i < elf->segment_count && id.size == 0; i++) {
        struct pf_elf_segment segment = pf_elf_segment_at(elf, i);
        if (segment.type == PT_NOTE)
            id = build_id_in(pf_bytes_part(elf->image, segment.offset, segment.file_bytes));
    }
    /* A debug file's segments are empty, but it keeps the section. */
    for (uint32_t i = 0; i < elf->section_count && id.size == 0; i++) {
        struct pf_elf_section section = pf_elf_section_at(elf, i);
        if (section.type == SHT_NOTE)
            id = build_id_in(section.bytes);
    }
    return id;
}

void pf_build_id_text(struct pf_bytes id, char text[PF_BUILD_ID_TEXT])
{
    static const char digits[] = "0123456789abcdef";
    const uint8_t *at = id.at;
    size_t size = id.size <= PF_BUILD_ID_MAX ? id.size : 0;

    for (size_t i = 0; i < size; i++) {
        text[2 * i] = digits[at[i] >> 4];
        text[2 * i + 1] = digits[at[i] & 15];
    }
    text[2 * size] = '\0';
}

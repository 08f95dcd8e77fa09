/*
 * An ELF file of any bytes: refused, or every view of it stays inside.
 *
 * SPDX-License-Identifier: MIT
 */
#include <elf.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/elf/elf_identity.h"
#include "profiler/elf/elf_packed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Read all of a view, so that a sanitizer sees one that sticks out. */
static uint64_t sum(struct pf_bytes bytes)
{
    const uint8_t *at = bytes.at;
    uint64_t total = 0;

    for (size_t i = 0; i < bytes.size; i++)
        total += at[i];
    return total;
}

static size_t unpack(const struct pf_elf_section *section)
{
    struct pf_buf out = {0};
    struct pf_err err;
    bool ok = pf_elf_is_packed(section) && pf_elf_unpack(&out, section, &err);
    size_t size = ok ? out.size : 0;

    pf_buf_fini(&out);
    return size;
}

static void use(const struct pf_elf *elf)
{
    char text[PF_BUILD_ID_TEXT];
    uint64_t bias = 0;
    uint64_t total = 0;

    for (uint32_t i = 0; i < elf->section_count && i < 64; i++) {
        struct pf_elf_section section = pf_elf_section_at(elf, i);
        total += sum(section.bytes) + strlen(section.name) + unpack(&section);
    }
    for (uint32_t i = 0; i < elf->segment_count && i < 64; i++) {
        struct pf_elf_segment segment = pf_elf_segment_at(elf, i);
        total += sum(pf_elf_bytes_at(elf, segment.file_addr, segment.file_bytes));
        total += pf_elf_bias(elf, 0x1000, segment.offset, &bias);
    }
    pf_build_id_text(pf_elf_build_id(elf), text);
    total += strlen(text);
    if (total == UINT64_MAX)
        abort(); /* or the compiler leaves the reading out */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pf_elf elf = {0};
    struct pf_err err;

    if (pf_elf_view(&elf, (struct pf_bytes){data, size}, "input", &err))
        use(&elf);
    return 0;
}

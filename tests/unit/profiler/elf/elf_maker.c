/* SPDX-License-Identifier: MIT */
#include "tests/unit/profiler/elf/elf_maker.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

static_assert(offsetof(struct ts_elf, text) == TS_ELF_TEXT_OFFSET, "the layout has a hole");

static void fill_header(struct ts_elf *elf)
{
    memcpy(elf->header.e_ident, ELFMAG, SELFMAG);
    elf->header.e_ident[EI_CLASS] = ELFCLASS64;
    elf->header.e_ident[EI_DATA] = ELFDATA2LSB;
    elf->header.e_ident[EI_VERSION] = EV_CURRENT;
    elf->header.e_type = ET_DYN;
    elf->header.e_machine = EM_X86_64;
    elf->header.e_version = EV_CURRENT;
    elf->header.e_phoff = offsetof(struct ts_elf, segments);
    elf->header.e_shoff = offsetof(struct ts_elf, sections);
    elf->header.e_ehsize = sizeof elf->header;
    elf->header.e_phentsize = sizeof elf->segments[0];
    elf->header.e_phnum = 2;
    elf->header.e_shentsize = sizeof elf->sections[0];
    elf->header.e_shnum = 5;
    elf->header.e_shstrndx = 4;
}

static void set_section(Elf64_Shdr *section, uint32_t name, uint32_t type, size_t offset,
                        size_t size)
{
    section->sh_name = name;
    section->sh_type = type;
    section->sh_offset = offset;
    section->sh_size = size;
}

void ts_elf_fill(struct ts_elf *elf)
{
    static const char names[] = "\0.text\0.note.gnu.build-id\0.gnu_debuglink\0.shstrtab";

    memset(elf, 0, sizeof *elf);
    fill_header(elf);
    elf->segments[0] = (Elf64_Phdr){.p_type = PT_LOAD,
                                    .p_flags = PF_R | PF_X,
                                    .p_offset = TS_ELF_TEXT_OFFSET,
                                    .p_vaddr = TS_ELF_TEXT_ADDR,
                                    .p_filesz = sizeof elf->text,
                                    .p_memsz = sizeof elf->text,
                                    .p_align = 0x1000};
    elf->segments[1] = (Elf64_Phdr){
        .p_type = PT_NOTE, .p_offset = offsetof(struct ts_elf, note), .p_filesz = sizeof elf->note};
    memcpy(elf->names, names, sizeof names);
    set_section(&elf->sections[1], 1, SHT_PROGBITS, TS_ELF_TEXT_OFFSET, sizeof elf->text);
    elf->sections[1].sh_addr = TS_ELF_TEXT_ADDR;
    set_section(&elf->sections[2], 7, SHT_NOTE, offsetof(struct ts_elf, note), sizeof elf->note);
    set_section(&elf->sections[3], 26, SHT_PROGBITS, offsetof(struct ts_elf, link),
                sizeof elf->link);
    set_section(&elf->sections[4], 41, SHT_STRTAB, offsetof(struct ts_elf, names), sizeof names);
    elf->note.head = (Elf64_Nhdr){4, 20, NT_GNU_BUILD_ID};
    memcpy(elf->note.name, ELF_NOTE_GNU, sizeof elf->note.name);
    for (uint8_t i = 0; i < sizeof elf->note.id; i++)
        elf->note.id[i] = i + 1;
    memcpy(elf->link.name, "x.debug", sizeof elf->link.name);
    elf->link.crc = 0x12345678;
}

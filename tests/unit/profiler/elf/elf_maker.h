/*
 * A small ELF file made by hand, for tests.
 *
 * One executable segment of 64 bytes at 0x401000 (file offset 0x1000), a build id of 20 bytes
 * counting up from 1, a debug link "x.debug" with CRC 0x12345678, and no symbols.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_UNIT_PROFILER_ELF_ELF_MAKER_H
#define TESTS_UNIT_PROFILER_ELF_ELF_MAKER_H

#include <elf.h>
#include <stdint.h>

#include "profiler/trace/bytes.h"

struct ts_elf {
    Elf64_Ehdr header;
    Elf64_Phdr segments[2];
    Elf64_Shdr sections[5];
    struct {
        Elf64_Nhdr head;
        char name[4];
        uint8_t id[20];
    } note;
    struct {
        char name[8];
        uint32_t crc;
    } link;
    char names[64];
    uint8_t padding[0x1000 - sizeof(Elf64_Ehdr) - 2 * sizeof(Elf64_Phdr) - 5 * sizeof(Elf64_Shdr)
                    - 36 - 12 - 64];
    uint8_t text[64];
};

enum { TS_ELF_TEXT_ADDR = 0x401000, TS_ELF_TEXT_OFFSET = 0x1000 };

void ts_elf_fill(struct ts_elf *elf);

#endif

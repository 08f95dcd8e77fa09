/* SPDX-License-Identifier: MIT */
#include "profiler/elf/elf_packed.h"

#include <criterion/criterion.h>
#include <elf.h>
#include <string.h>

/* "frames, frames, frames" by zlib. */
static const uint8_t stream[] = {0x78, 0x9c, 0x4b, 0x2b, 0x4a, 0xcc, 0x4d, 0x2d, 0xd6,
                                 0x51, 0x48, 0x43, 0xa1, 0x01, 0x5c, 0xb8, 0x08, 0x13};
static const char content[] = "frames, frames, frames";

struct made {
    Elf64_Chdr header;
    uint8_t packed[sizeof stream];
};

static struct made made;

static struct pf_elf_section section_of(uint32_t method, uint64_t size)
{
    made.header = (Elf64_Chdr){.ch_type = method, .ch_size = size, .ch_addralign = 1};
    memcpy(made.packed, stream, sizeof stream);
    return (struct pf_elf_section){.name = ".debug_frame",
                                   .flags = SHF_COMPRESSED,
                                   .bytes = {&made, sizeof(Elf64_Chdr) + sizeof stream}};
}

Test(elf_packed, a_section_is_unpacked)
{
    struct pf_elf_section section = section_of(ELFCOMPRESS_ZLIB, strlen(content));
    struct pf_buf out = {0};
    struct pf_err err = {0};

    cr_assert(pf_elf_is_packed(&section));
    cr_assert(pf_elf_unpack(&out, &section, &err), "%s", err.text);
    cr_expect_str_eq(pf_buf_cstr(&out), content);
    pf_buf_fini(&out);
}

Test(elf_packed, what_is_cut_short_is_refused_wherever_it_ends)
{
    struct pf_elf_section section = section_of(ELFCOMPRESS_ZLIB, strlen(content));

    for (size_t size = 0; size < sizeof(Elf64_Chdr) + sizeof stream; size++) {
        struct pf_buf out = {0};
        struct pf_err err = {0};
        section.bytes.size = size;
        cr_expect_not(pf_elf_unpack(&out, &section, &err), "%zu bytes", size);
        pf_buf_fini(&out);
    }
}

Test(elf_packed, other_methods_and_false_sizes_are_refused)
{
    static const struct {
        uint32_t method;
        uint64_t size;
        enum pf_err_code code;
    } cases[] = {
        {2, 22, PF_ERR_UNSUPPORTED},
        {ELFCOMPRESS_ZLIB, 5, PF_ERR_LIMIT},
        {ELFCOMPRESS_ZLIB, UINT64_MAX, PF_ERR_LIMIT},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct pf_elf_section section = section_of(cases[i].method, cases[i].size);
        struct pf_buf out = {0};
        struct pf_err err = {0};
        cr_expect_not(pf_elf_unpack(&out, &section, &err));
        cr_expect_eq(err.code, cases[i].code, "%s", err.text);
        pf_buf_fini(&out);
    }
}

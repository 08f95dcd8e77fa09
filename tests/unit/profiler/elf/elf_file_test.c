/* SPDX-License-Identifier: MIT */
#include "profiler/elf/elf_file.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "profiler/elf/elf_identity.h"
#include "tests/unit/profiler/elf/elf_maker.h"

static struct pf_bytes bytes_of(const struct ts_elf *file)
{
    return (struct pf_bytes){file, sizeof *file};
}

static struct pf_elf view(const struct ts_elf *file)
{
    struct pf_elf elf = {0};
    struct pf_err err = {0};

    cr_assert(pf_elf_view(&elf, bytes_of(file), "made", &err), "%s", err.text);
    return elf;
}

Test(elf_file, segments_and_sections_are_found)
{
    struct ts_elf file;
    struct pf_elf_section section = {0};
    struct pf_elf_segment segment = {0};
    ts_elf_fill(&file);

    struct pf_elf elf = view(&file);

    cr_assert_eq(elf.machine, EM_X86_64);
    cr_assert(pf_elf_section_find(&elf, ".text", &section));
    cr_assert_eq(section.bytes.at, file.text);
    cr_assert_eq(section.file_addr, TS_ELF_TEXT_ADDR);
    cr_assert_not(pf_elf_section_find(&elf, ".tex", &section));
    cr_assert(pf_elf_segment_find(&elf, PT_LOAD, &segment));
    cr_assert_eq(segment.offset, TS_ELF_TEXT_OFFSET);
    cr_assert_not(pf_elf_segment_find(&elf, PT_TLS, &segment));
}

Test(elf_file, bytes_are_found_by_address)
{
    struct ts_elf file;
    ts_elf_fill(&file);
    struct pf_elf elf = view(&file);

    cr_assert_eq(pf_elf_bytes_at(&elf, TS_ELF_TEXT_ADDR + 4, 8).at, file.text + 4);
    cr_assert_eq(pf_elf_bytes_at(&elf, TS_ELF_TEXT_ADDR + 56, 8).size, 8);
    cr_assert_eq(pf_elf_bytes_at(&elf, TS_ELF_TEXT_ADDR + 57, 8).size, 0);
    cr_assert_eq(pf_elf_bytes_at(&elf, TS_ELF_TEXT_ADDR - 1, 8).size, 0);
    cr_assert_eq(pf_elf_bytes_at(&elf, TS_ELF_TEXT_ADDR, UINT64_MAX).size, 0);
}

Test(elf_file, bias_follows_from_a_mapping)
{
    struct ts_elf file;
    uint64_t bias = 0;
    ts_elf_fill(&file);
    struct pf_elf elf = view(&file);

    cr_assert(pf_elf_bias(&elf, 0x7f0000001000, 0x1000, &bias));
    cr_assert_eq(bias, 0x7f0000001000 - TS_ELF_TEXT_ADDR);
    cr_assert_not(pf_elf_bias(&elf, 0x7f0000000000, 0, &bias), "no segment shows the header");
    cr_assert_not(pf_elf_bias(&elf, 0x7f0000002000, 0x2000, &bias));
}

Test(elf_file, bias_of_a_page_that_begins_before_its_segment)
{
    struct ts_elf file;
    uint64_t bias = 0;
    ts_elf_fill(&file);
    file.segments[0].p_offset += 0x10;
    file.segments[0].p_vaddr += 0x10;
    file.segments[0].p_filesz -= 0x10;
    struct pf_elf elf = view(&file);

    cr_assert(pf_elf_bias(&elf, 0x555555555000, 0x1000, &bias));
    cr_assert_eq(bias, 0x555555555000 - TS_ELF_TEXT_ADDR);
}

Test(elf_file, what_is_no_elf_file_is_refused_with_its_name)
{
    static const struct {
        size_t at;
        uint8_t byte;
        enum pf_err_code code;
        const char *words;
    } table[] = {
        {EI_MAG0, 'x', PF_ERR_FORMAT, "not an ELF file"},
        {EI_CLASS, ELFCLASS32, PF_ERR_UNSUPPORTED, "32-bit"},
        {EI_DATA, ELFDATA2MSB, PF_ERR_UNSUPPORTED, "big-endian"},
        {offsetof(Elf64_Ehdr, e_phentsize), 1, PF_ERR_FORMAT, "program headers of"},
        {offsetof(Elf64_Ehdr, e_phoff) + 3, 9, PF_ERR_FORMAT, "past the end"},
    };

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct ts_elf file;
        struct pf_elf elf = {0};
        struct pf_err err = {0};
        ts_elf_fill(&file);
        ((uint8_t *)&file)[table[i].at] = table[i].byte;
        cr_expect_not(pf_elf_view(&elf, bytes_of(&file), "made", &err));
        cr_expect_eq(err.code, table[i].code, "row %zu", i);
        cr_expect(strstr(err.text, table[i].words) && strstr(err.text, "made"), "%s", err.text);
        cr_expect_null(elf.image.at, "out touched");
    }
}

Test(elf_file, empty_and_missing_files)
{
    char path[] = "/tmp/elf_file_test.XXXXXX";
    struct pf_elf elf = {0};
    struct pf_err err = {0};
    int fd = mkstemp(path);

    cr_expect_not(pf_elf_open(&elf, path, &err));
    cr_expect_eq(err.code, PF_ERR_FORMAT);
    cr_expect_not(pf_elf_open_fd(&elf, fd, path, &err));
    cr_expect_eq(err.code, PF_ERR_FORMAT);
    cr_expect_not(pf_elf_open(&elf, "/tmp/there-is-no-such-file", &err));
    cr_expect_eq(err.code, PF_ERR_NOT_FOUND);
    (void)close(fd);
    (void)unlink(path);
}

/* Touch everything that can be asked of it. */
static void use(const struct pf_elf *elf)
{
    struct pf_elf_section section;
    uint64_t bias = 0;
    char text[PF_BUILD_ID_TEXT];

    for (uint32_t i = 0; i < elf->section_count; i++) {
        section = pf_elf_section_at(elf, i);
        (void)strlen(section.name);
    }
    (void)pf_elf_section_find(elf, ".shstrtab", &section);
    pf_build_id_text(pf_elf_build_id(elf), text);
    (void)pf_elf_bytes_at(elf, TS_ELF_TEXT_ADDR, 8);
    (void)pf_elf_bias(elf, 0x1000, 0x1000, &bias);
}

Test(elf_file, truncated_at_every_byte)
{
    struct ts_elf file;
    size_t accepted = 0;
    ts_elf_fill(&file);

    for (size_t size = 0; size < sizeof file; size++) {
        uint8_t *copy = malloc(size ? size : 1);
        struct pf_elf elf = {0};
        struct pf_err err;
        memcpy(copy, &file, size);
        if (pf_elf_view(&elf, (struct pf_bytes){copy, size}, "cut", &err)) {
            use(&elf);
            accepted++;
        }
        free(copy);
    }
    cr_assert_gt(accepted, 0, "the loader needs no section headers, nor do we");
}

Test(elf_file, every_header_byte_replaced_by_hostile_ones)
{
    static const uint8_t hostile[] = {0, 1, 0x7f, 0x80, 0xff};
    struct ts_elf file;
    ts_elf_fill(&file);

    for (size_t at = 0; at < offsetof(struct ts_elf, padding); at++) {
        for (size_t i = 0; i < sizeof hostile; i++) {
            struct ts_elf *copy = malloc(sizeof *copy);
            struct pf_elf elf = {0};
            struct pf_err err;
            *copy = file;
            ((uint8_t *)copy)[at] = hostile[i];
            if (pf_elf_view(&elf, bytes_of(copy), "hostile", &err))
                use(&elf);
            free(copy);
        }
    }
}

Test(elf_file, our_own_program_opens)
{
    struct pf_elf elf = {0};
    struct pf_err err = {0};
    struct pf_elf_section section;

    cr_assert(pf_elf_open(&elf, "/proc/self/exe", &err), "%s", err.text);
    cr_assert(pf_elf_section_find(&elf, ".eh_frame", &section));
    cr_assert_eq(pf_elf_bytes_at(&elf, section.file_addr, section.size).at, section.bytes.at);
    pf_elf_close(&elf);
    pf_elf_close(&elf);
}

/* lld lets one segment end and the next begin in one page of the file. */
Test(elf_file, a_page_two_segments_share_belongs_to_the_one_that_begins_there)
{
    const struct pf_elf_segment segments[] = {
        {.type = PT_LOAD, .flags = PF_R, .offset = 0, .file_addr = 0, .file_bytes = 0x12870},
        {.type = PT_LOAD,
         .flags = PF_R | PF_X,
         .offset = 0x12870,
         .file_addr = 0x13870,
         .file_bytes = 0x3caf0},
        {.type = PT_LOAD,
         .flags = PF_R | PF_W,
         .offset = 0x4f360,
         .file_addr = 0x51360,
         .file_bytes = 0x2628},
    };
    uint64_t bias = 0;

    cr_assert(pf_elf_load_bias(segments, 3, 0x555555567000, 0x12000, &bias));
    cr_expect_eq(bias, 0x555555567000 - 0x13000);
    cr_assert(pf_elf_load_bias(segments, 3, 0x555555554000, 0, &bias));
    cr_expect_eq(bias, 0x555555554000);
    cr_assert(pf_elf_load_bias(segments, 3, 0x5555555a5000, 0x4f000, &bias));
    cr_expect_eq(bias, 0x5555555a5000 - 0x51000);
}

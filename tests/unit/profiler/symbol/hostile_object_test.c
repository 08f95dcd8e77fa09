/* Objects that were cut, scribbled on, or made to explode: names are lost, nothing else. */
/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/clock.h"
#include "profiler/base/file.h"
#include "profiler/symbol/object_names.h"
#include "sample_object.h"

/* Everything pf_object_name does, on an image in memory. */
static void name_image(struct pf_bytes image, uint64_t file_addr)
{
    struct pf_object_names names = {0};
    struct pf_arena arena = {0};
    struct pf_query at[4] = {{.file_addr = file_addr - 0x100},
                             {.file_addr = file_addr},
                             {.file_addr = file_addr + 8},
                             {.file_addr = file_addr + 0x40}};
    struct pf_queries queries = {at, 4, &arena};
    struct pf_dwarf_limits limits = {.deadline_ns = pf_clock_now_ns() + 2000000000ull};
    struct pf_err err;

    if (pf_symfile_open_bytes(&names.object, image, "image", &err)) {
        names.has_object = true;
        pf_object_name(&names, &queries, &limits);
    }
    pf_object_close(&names);
    pf_arena_fini(&arena);
}

Test(hostile_object, cut_at_every_byte_of_its_headers_and_often_after)
{
    struct pf_file file = {0};
    struct pf_err err;
    uint64_t mark = ts_symbol_value(SAMPLE_INLINES, "sample_mark");
    cr_assert(pf_file_open(&file, SAMPLE_INLINES, &err));
    struct pf_bytes whole = pf_file_view(&file);

    for (size_t size = 0; size < whole.size; size += size < 1024 ? 1 : 61)
        name_image((struct pf_bytes){whole.at, size}, mark);
    pf_file_close(&file);
}

/* Deterministic: a failure can be run again. */
static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static void scribble(const char *path, const char *mark_name, unsigned rounds)
{
    struct pf_file file = {0};
    struct pf_err err;
    uint64_t mark = ts_symbol_value(path, mark_name);
    uint64_t state = 0x9e3779b97f4a7c15;
    cr_assert(pf_file_open(&file, path, &err));
    struct pf_bytes whole = pf_file_view(&file);
    uint8_t *copy = malloc(whole.size);

    for (unsigned round = 0; round < rounds; round++) {
        memcpy(copy, whole.at, whole.size);
        for (unsigned i = 0; i < 1 + round % 64; i++)
            copy[next_random(&state) % whole.size] = (uint8_t)next_random(&state);
        name_image((struct pf_bytes){copy, whole.size}, mark);
    }
    free(copy);
    pf_file_close(&file);
}

Test(hostile_object, scribbled_c_is_survived)
{
    scribble(SAMPLE_INLINES, "sample_mark", 1500);
}

Test(hostile_object, scribbled_cpp_is_survived)
{
    scribble(SAMPLE_CPP, "cpp_mark_lambda", 500);
}

Test(hostile_object, compressed_section_that_claims_terabytes_is_not_unpacked)
{
    char path[128];
    struct pf_symfile symfile = {0};
    struct pf_symsection section;
    struct pf_file file = {0};
    struct pf_err err;
    (void)snprintf(path, sizeof path, "%s/bomb", ts_symbol_dir());
    ts_shell("objcopy --compress-debug-sections=zlib %s %s", SAMPLE_INLINES, path);
    cr_assert(pf_symfile_open(&symfile, path, &err));
    cr_assert(pf_symfile_has_dwarf(&symfile), "compressed, it can be read");
    cr_assert(pf_symfile_section(&symfile, ".debug_info", &section));
    pf_symfile_close(&symfile);

    cr_assert(pf_file_open(&file, path, &err));
    struct pf_bytes whole = pf_file_view(&file);
    uint8_t *copy = malloc(whole.size);
    memcpy(copy, whole.at, whole.size);
    Elf64_Ehdr header;
    memcpy(&header, copy, sizeof header);
    for (unsigned i = 0; i < header.e_shnum; i++) {
        Elf64_Shdr shdr;
        memcpy(&shdr, copy + header.e_shoff + i * sizeof shdr, sizeof shdr);
        if (shdr.sh_flags & SHF_COMPRESSED)
            ((Elf64_Chdr *)(void *)(copy + shdr.sh_offset))->ch_size = 1ULL << 42;
    }
    cr_assert(pf_symfile_open_bytes(&symfile, (struct pf_bytes){copy, whole.size}, "bomb", &err));

    cr_assert_not(pf_symfile_has_dwarf(&symfile));

    pf_symfile_close(&symfile);
    pf_file_close(&file);
    free(copy);
}

Test(hostile_object, work_ends_at_the_deadline)
{
    struct pf_symfile symfile = {0};
    struct pf_dwarf dwarf = {0};
    struct pf_arena arena = {0};
    struct pf_err err;
    struct pf_query query = {.file_addr = ts_symbol_value(SAMPLE_INLINES, "sample_mark")};
    struct pf_queries queries = {&query, 1, &arena};
    struct pf_dwarf_limits limits = {.deadline_ns = 1};
    cr_assert(pf_symfile_open(&symfile, SAMPLE_INLINES, &err));
    cr_assert(pf_dwarf_open(&dwarf, &symfile, &err));

    cr_assert_not(pf_dwarf_name(&dwarf, &queries, &limits));

    pf_dwarf_close(&dwarf);
    pf_symfile_close(&symfile);
    pf_arena_fini(&arena);
}

Test(hostile_object, what_is_no_elf_file_is_said)
{
    struct pf_symfile symfile = {0};
    struct pf_err err;

    cr_assert_not(pf_symfile_open_bytes(&symfile, (struct pf_bytes){"", 0}, "empty", &err));
    cr_assert_str_eq(err.text, "empty: not a 64-bit little-endian ELF file");
    cr_assert_not(pf_symfile_open(&symfile, "/", &err));
    cr_assert_str_eq(err.text, "/: not a regular file");
    cr_assert_not(pf_symfile_open(&symfile, "/nonexistent", &err));
    cr_assert_eq(err.code, PF_ERR_NOT_FOUND);
}

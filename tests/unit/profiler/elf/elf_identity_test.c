/* SPDX-License-Identifier: MIT */
#include "profiler/elf/elf_identity.h"

#include <criterion/criterion.h>
#include <string.h>

#include "tests/unit/profiler/elf/elf_maker.h"

static struct pf_elf view(const struct ts_elf *file)
{
    struct pf_elf elf = {0};
    struct pf_err err = {0};

    cr_assert(pf_elf_view(&elf, (struct pf_bytes){file, sizeof *file}, "made", &err), "%s",
              err.text);
    return elf;
}

Test(elf_identity, build_id_comes_from_the_note_segment)
{
    struct ts_elf file;
    char text[PF_BUILD_ID_TEXT];
    ts_elf_fill(&file);
    struct pf_elf elf = view(&file);

    pf_build_id_text(pf_elf_build_id(&elf), text);

    cr_assert_str_eq(text, "0102030405060708090a0b0c0d0e0f1011121314");
}

Test(elf_identity, build_id_of_a_debug_file_comes_from_its_section)
{
    struct ts_elf file;
    ts_elf_fill(&file);
    file.segments[1].p_type = PT_NULL;
    struct pf_elf elf = view(&file);

    cr_assert_eq(pf_elf_build_id(&elf).size, 20);
}

Test(elf_identity, false_notes_give_no_build_id)
{
    struct ts_elf file;
    char text[PF_BUILD_ID_TEXT] = "x";

    ts_elf_fill(&file);
    file.note.head.n_descsz = 65; /* larger than any build id, and than the note */
    struct pf_elf elf = view(&file);
    cr_expect_eq(pf_elf_build_id(&elf).size, 0);
    ts_elf_fill(&file);
    file.note.head.n_type = NT_GNU_ABI_TAG;
    elf = view(&file);
    cr_expect_eq(pf_elf_build_id(&elf).size, 0);
    ts_elf_fill(&file);
    file.note.name[0] = 'X';
    elf = view(&file);
    cr_expect_eq(pf_elf_build_id(&elf).size, 0);
    pf_build_id_text(pf_elf_build_id(&elf), text);
    cr_expect_str_eq(text, "");
}

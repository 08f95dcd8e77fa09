/* SPDX-License-Identifier: MIT */
#include "profiler/symbol/object_names.h"

#include <elf.h>
#include <string.h>
#include <sys/auxv.h>

#include "profiler/symbol/frame_starts.h"
#include "profiler/symbol/minidebug.h"
#include "profiler/symbol/plt.h"

static bool has_symtab(const struct pf_symfile *symfile)
{
    struct pf_symtab symtab;

    return pf_symfile_symtab(symfile, false, &symtab);
}

bool pf_object_open(struct pf_object_names *out, const struct pf_place *place, struct pf_err *err)
{
    struct pf_object_names names = {0};
    struct pf_err no_debug;

    names.has_object = pf_locate_object(&names.object, place, err);
    bool complete =
        names.has_object && pf_symfile_has_dwarf(&names.object) && has_symtab(&names.object);
    names.has_debug =
        !complete
        && pf_locate_debug(&names.debug, names.has_object ? &names.object : NULL, place, &no_debug);
    if (!names.has_object && !names.has_debug)
        return false;
    *out = names;
    return true;
}

bool pf_object_open_vdso(struct pf_object_names *out, const char *build_id, struct pf_err *err)
{
    struct pf_object_names names = {0};
    const Elf64_Ehdr *header = (const void *)getauxval(AT_SYSINFO_EHDR); /* NOLINT */

    if (!header)
        return pf_err_set(err, PF_ERR_NOT_FOUND, "[vdso]: this process has none");
    /* Mapped whole by the kernel; its section headers are its last part. */
    size_t size = (size_t)header->e_shoff + (size_t)header->e_shnum * header->e_shentsize;
    struct pf_bytes image = {header, size};
    if (!pf_symfile_open_bytes(&names.object, image, "[vdso]", err))
        return false;
    if (build_id[0] && strcmp(build_id, names.object.build_id) != 0) {
        pf_object_close(&names);
        return pf_err_set(err, PF_ERR_NOT_FOUND, "[vdso]: of another kernel");
    }
    names.has_object = true;
    *out = names;
    return true;
}

void pf_object_close(struct pf_object_names *names)
{
    pf_dwarf_close(&names->dwarf);
    pf_symfile_close(&names->mini);
    pf_symfile_close(&names->debug);
    pf_symfile_close(&names->object);
    *names = (struct pf_object_names){0};
}

const struct pf_code_ranges *pf_object_code(const struct pf_object_names *names)
{
    return names->has_object ? &names->object.code : &names->debug.code;
}

uint64_t pf_object_file_addr(const struct pf_object_names *names, uint64_t offset_in_mapping,
                             uint64_t file_offset)
{
    const struct pf_symfile *file = names->has_object ? &names->object : &names->debug;
    uint64_t offset = offset_in_mapping + file_offset;
    uint64_t file_addr = 0;

    if (names->has_object && pf_symfile_addr_of_offset(file, offset, &file_addr))
        return file_addr;
    /* A debug file alone has no code and so no offsets; but its one segment of code is this one. */
    if (!names->has_object && file->code.count == 1)
        return (file->code.at[0].start & ~4095ULL) + offset_in_mapping;
    return offset;
}

static void match_symtab(const struct pf_symfile *symfile, const struct pf_code_ranges *code,
                         bool dynamic, struct pf_queries *queries)
{
    struct pf_symtab symtab;

    if (symfile->elf && pf_symfile_symtab(symfile, dynamic, &symtab)) {
        symtab.code = code;
        pf_symtab_match(&symtab, queries);
    }
}

/* Only where there is no full symbol table. */
static void match_mini(struct pf_object_names *names, struct pf_queries *queries)
{
    struct pf_symsection packed;
    struct pf_buf unpacked = {0};
    struct pf_err ignored;

    if (names->has_object && pf_symfile_section(&names->object, ".gnu_debugdata", &packed)
        && packed.bytes.size && pf_minidebug_unpack(&unpacked, packed.bytes, &ignored)
        && pf_symfile_open_bytes(&names->mini, pf_buf_view(&unpacked), ".gnu_debugdata", &ignored))
        match_symtab(&names->mini, pf_object_code(names), false, queries);
    pf_buf_fini(&unpacked);
}

static void match_plt(const struct pf_symfile *object, struct pf_queries *queries)
{
    static const char *const stubs[] = {".plt", ".plt.sec", ".plt.got"};
    struct pf_plt plt = {0};
    struct pf_symsection section;
    bool found = false;

    for (unsigned i = 0; i < 3; i++) {
        if (!pf_symfile_section(object, stubs[i], &section))
            continue;
        plt.stubs[i] = (struct pf_plt_section){section.bytes, section.file_addr};
        size_t first = pf_queries_from(queries, section.file_addr);
        found = found
                || (first < queries->count
                    && queries->at[first].file_addr - section.file_addr < section.bytes.size);
    }
    if (!found || !pf_symfile_symtab(object, true, &plt.dynamic))
        return;
    if (pf_symfile_section(object, ".rela.plt", &section))
        plt.rela_plt = section.bytes;
    if (pf_symfile_section(object, ".rela.dyn", &section))
        plt.rela_dyn = section.bytes;
    pf_plt_match(&plt, queries);
}

static void match_frame_starts(const struct pf_symfile *object, struct pf_queries *queries)
{
    struct pf_symsection section;
    struct pf_symsection text = {0};
    struct pf_symsection got = {0};

    if (!pf_symfile_section(object, ".eh_frame", &section) || section.bytes.size > INT32_MAX)
        return;
    (void)pf_symfile_section(object, ".text", &text);
    (void)pf_symfile_section(object, ".got", &got);
    const struct pf_cfi_section frames = {.bytes = section.bytes,
                                          .addr = section.file_addr,
                                          .text_addr = text.file_addr,
                                          .data_addr = got.file_addr,
                                          .is_eh = true};
    pf_frame_starts_match(&frames, queries);
}

void pf_object_name(struct pf_object_names *names, struct pf_queries *queries,
                    const struct pf_dwarf_limits *limits)
{
    const struct pf_code_ranges *code = pf_object_code(names);
    struct pf_symfile *with_dwarf =
        names->has_object && pf_symfile_has_dwarf(&names->object) ? &names->object : &names->debug;
    struct pf_err no_dwarf;

    match_symtab(&names->object, code, false, queries);
    match_symtab(&names->debug, code, false, queries);
    match_symtab(&names->object, code, true, queries);
    if (!(names->has_object && has_symtab(&names->object))
        && !(names->has_debug && has_symtab(&names->debug)))
        match_mini(names, queries);
    pf_symtab_settle(queries);
    if (names->has_object) {
        match_plt(&names->object, queries);
        match_frame_starts(&names->object, queries);
    }
    pf_symfile_drop_unneeded_dwarf(with_dwarf);
    if (with_dwarf->elf && pf_dwarf_open(&names->dwarf, with_dwarf, &no_dwarf))
        (void)pf_dwarf_name(&names->dwarf, queries, limits);
}

/* SPDX-License-Identifier: MIT */
#include "harness/runner/binary_check.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What the symbol tables and the dynamic section tell. */
struct findings {
    bool is_dynamic, needs_criterion, calls_criterion;
    bool wants_main; /* main comes from a library: Criterion's, or ours before it */
    bool runs_tests; /* has a main of its own that calls criterion_run_all_tests */
    const char *sanitizer;
};

static void bad(struct hn_binary *binary, const char *problem)
{
    binary->kind = HN_BINARY_BAD;
    binary->problem = problem;
}

static void look_at_dynamic_symbol(struct findings *found, struct hn_binary *binary,
                                   const char *name, bool is_undefined)
{
    if (strncmp(name, "criterion_", 10) == 0 || strncmp(name, "cr_", 3) == 0)
        found->calls_criterion = true;
    if (is_undefined && strcmp(name, "main") == 0)
        found->wants_main = true;
    if (is_undefined && strcmp(name, "criterion_run_all_tests") == 0)
        found->runs_tests = true;
    if (strcmp(name, "__asan_init") == 0)
        binary->has_asan = true;
    if (strcmp(name, "__tsan_init") == 0)
        binary->has_tsan = true;
    if (strncmp(name, "__ubsan_handle_", 15) == 0)
        binary->has_ubsan = true;
}

static void look_at_symbol(struct hn_binary *binary, const char *name, uint64_t value)
{
    /* Linked in only where the program calls it; __gcov_exit, which does the same, always is. */
    if (strcmp(name, "__gcov_dump") == 0
        || (strcmp(name, "__gcov_exit") == 0 && !binary->gcov_dump))
        binary->gcov_dump = value;
    if (strcmp(name, "__gcov_reset") == 0)
        binary->gcov_reset = value;
    if (strcmp(name, "__asan_init") == 0)
        binary->has_asan = true;
}

static void read_symbols(struct findings *found, struct hn_binary *binary, Elf *elf, Elf_Scn *scn,
                         const GElf_Shdr *head)
{
    Elf_Data *data = elf_getdata(scn, NULL);
    size_t count = head->sh_entsize ? (size_t)(head->sh_size / head->sh_entsize) : 0;

    for (size_t i = 0; data && i < count && i < INT32_MAX; i++) {
        GElf_Sym symbol;
        if (!gelf_getsym(data, (int)i, &symbol))
            return;
        const char *name = elf_strptr(elf, head->sh_link, symbol.st_name);
        if (!name)
            continue;
        if (head->sh_type == SHT_DYNSYM)
            look_at_dynamic_symbol(found, binary, name, symbol.st_shndx == SHN_UNDEF);
        else if (symbol.st_shndx != SHN_UNDEF)
            look_at_symbol(binary, name, symbol.st_value);
    }
}

static void look_at_library(struct findings *found, const char *name)
{
    if (strncmp(name, "libcriterion.so", 15) == 0)
        found->needs_criterion = true;
    if (strncmp(name, "libasan.so", 10) == 0 || strncmp(name, "libtsan.so", 10) == 0)
        found->sanitizer = name;
}

static void read_dynamic(struct findings *found, Elf *elf, Elf_Scn *scn, const GElf_Shdr *head)
{
    Elf_Data *data = elf_getdata(scn, NULL);
    size_t count = head->sh_entsize ? (size_t)(head->sh_size / head->sh_entsize) : 0;

    found->is_dynamic = true;
    for (size_t i = 0; data && i < count && i < INT32_MAX; i++) {
        GElf_Dyn entry;
        if (!gelf_getdyn(data, (int)i, &entry))
            return;
        const char *name = entry.d_tag == DT_NEEDED
                               ? elf_strptr(elf, head->sh_link, (size_t)entry.d_un.d_val)
                               : NULL;
        if (name)
            look_at_library(found, name);
    }
}

static void read_sections(struct findings *found, struct hn_binary *binary, Elf *elf)
{
    Elf_Scn *scn = NULL;

    while ((scn = elf_nextscn(elf, scn))) {
        GElf_Shdr head;
        if (!gelf_getshdr(scn, &head))
            return;
        if (head.sh_type == SHT_DYNSYM || head.sh_type == SHT_SYMTAB)
            read_symbols(found, binary, elf, scn, &head);
        if (head.sh_type == SHT_DYNAMIC)
            read_dynamic(found, elf, scn, &head);
    }
}

static void judge(const struct findings *found, struct hn_binary *binary)
{
    if (!found->is_dynamic)
        bad(binary, "statically linked: the runner cannot enter it; link it dynamically, "
                    "Criterion supports nothing else");
    else if (!found->needs_criterion && !found->calls_criterion)
        bad(binary, "not a Criterion suite: it does not use libcriterion");
    else if (!found->wants_main && !found->runs_tests)
        bad(binary, "has a main() of its own that never runs the tests: rename it in the code "
                    "under test (-Dmain=app_main, or objcopy --redefine-sym main=app_main)");
    else
        binary->kind = HN_BINARY_CRITERION;
}

static void check_elf(struct hn_binary *binary, struct pf_arena *arena, int fd)
{
    struct findings found = {.sanitizer = ""};

    (void)elf_version(EV_CURRENT);
    Elf *elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
    if (!elf || elf_kind(elf) != ELF_K_ELF) {
        bad(binary, "not an ELF executable (a script? name the binary it starts)");
    } else {
        read_sections(&found, binary, elf);
        judge(&found, binary);
    }
    binary->sanitizer = pf_arena_text(arena, found.sanitizer, strlen(found.sanitizer));
    (void)elf_end(elf);
}

void hn_binary_check(struct hn_binary *binary, struct pf_arena *arena)
{
    struct stat st = {0};
    int fd = open(binary->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    binary->sanitizer = "";
    if (fd < 0) {
        bad(binary, hn_text(arena, "cannot be opened: %s", strerror(errno)));
        return;
    }
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        bad(binary, "not a regular file");
    else if (access(binary->path, X_OK) != 0)
        bad(binary, "not executable: chmod +x it, or build it again");
    else
        check_elf(binary, arena, fd);
    binary->stamp = (uint64_t)st.st_size * 1000003u
                    ^ ((uint64_t)st.st_mtim.tv_sec * 1000000000u + (uint64_t)st.st_mtim.tv_nsec);
    (void)close(fd);
}

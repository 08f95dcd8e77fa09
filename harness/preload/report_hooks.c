/*
 * ReportHook()s: functions the binary put into sections of its own, one a phase.
 *
 * The executable's section headers say where they are. The hooks of the whole run and of suites are
 * called in the binary's own process, those before a test and in it in the test's process, those
 * after it in the lane's.
 *
 * SPDX-License-Identifier: MIT
 */
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/preload/preload.h"

enum { KINDS_MAX = 16 };

typedef void (*hook_function)(void *);

struct hook_section {
    char name[8];
    const hook_function *start, *end;
};

static struct hook_section sections[KINDS_MAX];
static unsigned section_count;
static bool is_known;
static Elf64_Addr executable_bias;

static int first_object(struct dl_phdr_info *info, size_t size, void *bias)
{
    (void)size;
    *(Elf64_Addr *)bias = info->dlpi_addr;
    return 1;
}

static void add_section(const char *name, uintptr_t address, size_t size)
{
    struct hook_section *section = &sections[section_count];

    if (strncmp(name, "cr_", 3) != 0 || strlen(name) >= sizeof section->name
        || section_count == KINDS_MAX)
        return;
    (void)strcpy(section->name, name);
    section->start = (const hook_function *)address;
    section->end = section->start + size / sizeof(hook_function);
    section_count++;
}

static void read_sections(const char *image, size_t size, Elf64_Addr bias)
{
    const Elf64_Ehdr *head = (const void *)image;

    if (size < sizeof *head || head->e_shoff > size
        || (size - head->e_shoff) / sizeof(Elf64_Shdr) < head->e_shnum
        || head->e_shstrndx >= head->e_shnum)
        return;
    const Elf64_Shdr *all = (const void *)(image + head->e_shoff);
    const Elf64_Shdr *names = &all[head->e_shstrndx];
    if (names->sh_offset > size || names->sh_size > size - names->sh_offset || !names->sh_size
        || image[names->sh_offset + names->sh_size - 1])
        return;
    for (unsigned i = 0; i < head->e_shnum; i++)
        if (all[i].sh_addr && all[i].sh_name < names->sh_size)
            add_section(image + names->sh_offset + all[i].sh_name, bias + all[i].sh_addr,
                        all[i].sh_size);
}

uint64_t hn_hooks_bias(void)
{
    if (!executable_bias)
        (void)dl_iterate_phdr(first_object, &executable_bias);
    return executable_bias;
}

static void find_sections(void)
{
    struct stat st;
    Elf64_Addr bias = 0;

    is_known = true;
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    void *image = MAP_FAILED;
    if (fstat(fd, &st) == 0 && st.st_size > 0)
        image = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    (void)close(fd);
    if (image == MAP_FAILED)
        return;
    bias = hn_hooks_bias();
    read_sections(image, (size_t)st.st_size, bias);
    (void)munmap(image, (size_t)st.st_size);
}

bool hn_hooks_has(const char *section)
{
    if (!is_known)
        find_sections();
    for (unsigned i = 0; i < section_count; i++)
        if (strcmp(sections[i].name, section) == 0 && sections[i].start < sections[i].end)
            return true;
    return false;
}

void hn_hooks_run(const char *section, void *argument)
{
    if (!is_known)
        find_sections();
    for (unsigned i = 0; i < section_count; i++)
        if (strcmp(sections[i].name, section) == 0)
            for (const hook_function *hook = sections[i].start; hook < sections[i].end; hook++)
                if (*hook)
                    (*hook)(argument);
}

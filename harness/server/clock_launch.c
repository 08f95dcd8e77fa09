/* SPDX-License-Identifier: MIT */
#include "harness/server/clock_launch.h"

#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "profiler/base/file.h"

__asm__(".pushsection .rodata.hn_clock_image, \"a\", @progbits\n"
        ".balign 16\n"
        ".globl hn_clock_image\n.hidden hn_clock_image\n"
        "hn_clock_image: .incbin \"" HN_CLOCK_PATH "\"\n"
        ".globl hn_clock_image_end\n.hidden hn_clock_image_end\n"
        "hn_clock_image_end: .byte 0\n"
        ".popsection\n");

extern const char hn_clock_image[];
extern const char hn_clock_image_end[];

enum { PATH_BYTES = 4096 };

static bool has_interpreter(int fd, const Elf64_Ehdr *header)
{
    for (unsigned i = 0; i < header->e_phnum; i++) {
        Elf64_Phdr segment;
        uint64_t at = header->e_phoff + (uint64_t)i * sizeof segment;
        if (at > INT64_MAX || pread(fd, &segment, sizeof segment, (off_t)at) != sizeof segment)
            return true; /* no program at all: let exec say so */
        if (segment.p_type == PT_INTERP)
            return true;
    }
    return false;
}

bool hn_clock_is_static(const char *path)
{
    Elf64_Ehdr header;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool is_elf = fd >= 0 && pread(fd, &header, sizeof header, 0) == sizeof header
                  && memcmp(header.e_ident, ELFMAG, SELFMAG) == 0
                  && header.e_ident[EI_CLASS] == ELFCLASS64
                  && header.e_phentsize == sizeof(Elf64_Phdr);
    bool is_static = is_elf && !has_interpreter(fd, &header);

    if (fd >= 0)
        (void)close(fd);
    return is_static;
}

static bool is_program(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISREG(info.st_mode) && access(path, X_OK) == 0;
}

/* As execvp looks it up. "" if there is none. */
static void find_program(char *path, size_t size, const char *program, const char *dir)
{
    const char *from = getenv("PATH");

    if (strchr(program, '/')) {
        (void)snprintf(path, size, "%s%s%s", program[0] == '/' ? "" : dir,
                       program[0] == '/' ? "" : "/", program);
        return;
    }
    for (from = from ? from : "/bin:/usr/bin"; *from; from += *from == ':') {
        size_t length = strcspn(from, ":");
        (void)snprintf(path, size, "%.*s/%s", (int)length, from, program);
        if (is_program(path))
            return;
        from += length;
    }
    path[0] = '\0';
}

/* What name will be in the server's environment; NULL: nothing. */
static const char *value_of(char *const *env, const char *name)
{
    const char *value = getenv(name);
    size_t length = strlen(name);

    for (; *env; env++)
        if (strncmp(*env, name, length) == 0) {
            const char *rest = *env + length;
            if (*rest == '=' || *rest == '\0')
                value = *rest ? rest + 1 : NULL;
        }
    return value && *value ? value : NULL;
}

static char *join(struct pf_arena *arena, const char *start, const char *others)
{
    struct pf_buf text = {0};

    pf_buf_printf(&text, "%s%s%s", start, others ? ":" : "", others ? others : "");
    char *joined = pf_arena_text(arena, (const char *)text.at, text.size);
    pf_buf_fini(&text);
    return joined;
}

static bool write_library(const char *path, struct pf_err *err)
{
    /* cppcheck-suppress comparePointers ; two marks in one section */
    size_t size = (size_t)(hn_clock_image_end - hn_clock_image);

    if (access(path, F_OK) == 0)
        return true; /* a restart */
    if (!pf_file_write(path, (struct pf_bytes){hn_clock_image, size}, err))
        return false;
    (void)chmod(path, 0755);
    return true;
}

bool hn_clock_prepare(char **env, struct pf_arena *arena, const char *program,
                      const struct hn_clock_place *place, struct pf_err *err)
{
    char path[PATH_BYTES], preload[256];
    const char *library = preload + sizeof "LD_PRELOAD=" - 1;
    const char *others = value_of(env, "LD_PRELOAD"), *asan = value_of(env, "ASAN_OPTIONS");

    find_program(path, sizeof path, program, place->dir);
    if (hn_clock_is_static(path))
        return pf_err_set(err, PF_ERR_UNSUPPORTED,
                          "%s is statically linked: libassay-clock.so cannot be preloaded into it, "
                          "so its clock cannot be faked: link it dynamically, or leave .clock out",
                          path);
    (void)snprintf(preload, sizeof preload, "LD_PRELOAD=%s/libassay-clock.so", place->tmp);
    if (!write_library(library, err))
        return false;
    while (*env)
        env++;
    *env++ = join(arena, preload, others);
    *env++ = join(arena, place->clock_env, NULL);
    /* A server built with AddressSanitizer would end because its runtime is not loaded first. */
    *env++ = join(arena, "ASAN_OPTIONS=verify_asan_link_order=0", asan);
    *env = NULL;
    return true;
}

/*
 * What compiling call frame information costs and takes: rows a second, bytes a row.
 *
 * The peer reads the same sections with elfutils (dwarf_cfi_addrframe at every row), which is what
 * a walker without compiled rows pays again and again.
 *
 * SPDX-License-Identifier: MIT
 */
#include <elfutils/libdw.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "profiler/elf/elf_file.h"
#include "profiler/unwind/rows.h"

enum { ROUNDS = 9 };

struct made {
    struct pf_rows_stats stats;
    double ns[ROUNDS];
};

/* CPU time: a busy machine delays us, it does not make us slower. */
static double now_ns(void)
{
    struct timespec time;

    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return x < y ? -1 : x > y;
}

static void build(struct made *made, const struct pf_cfi_source *source)
{
    struct pf_room table = {.size = pf_rows_bound(source)};
    struct pf_room scratch = {.size = pf_rows_scratch(source)};

    table.at = malloc(table.size);
    scratch.at = malloc(scratch.size);
    for (int i = 0; i < ROUNDS; i++) {
        double start = now_ns();
        (void)pf_rows_build(table, scratch, source, &made->stats);
        made->ns[i] = now_ns() - start;
    }
    free(table.at);
    free(scratch.at);
    qsort(made->ns, ROUNDS, sizeof *made->ns, by_value);
}

/* Rows a second that elfutils reads, over the executable sections. */
static double peer_rows_per_s(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    size_t rows = 0;

    (void)elf_version(EV_CURRENT);
    Elf *elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
    Dwarf_CFI *cfi = dwarf_getcfi_elf(elf);
    double start = now_ns();
    for (Elf_Scn *section = elf_nextscn(elf, NULL); section; section = elf_nextscn(elf, section)) {
        GElf_Shdr header;
        if (!gelf_getshdr(section, &header) || !(header.sh_flags & SHF_EXECINSTR))
            continue;
        for (Dwarf_Addr at = header.sh_addr; at < header.sh_addr + header.sh_size;) {
            Dwarf_Frame *frame = NULL;
            Dwarf_Addr from = 0;
            Dwarf_Addr to = 0;
            if (dwarf_cfi_addrframe(cfi, at, &frame) != 0) {
                at++;
                continue;
            }
            (void)dwarf_frame_info(frame, &from, &to, NULL);
            free(frame);
            rows++;
            at = to > at ? to : at + 1;
        }
    }
    double seconds = (now_ns() - start) / 1e9;
    (void)dwarf_cfi_end(cfi);
    (void)elf_end(elf);
    (void)close(fd);
    return (double)rows / seconds;
}

static void measure(const char *path)
{
    struct pf_elf elf = {0};
    struct pf_err err;
    struct pf_elf_section section;
    struct made made = {0};

    if (!pf_elf_open(&elf, path, &err) || !pf_elf_section_find(&elf, ".eh_frame", &section)) {
        (void)printf("%s: left out\n", path);
        pf_elf_close(&elf);
        return;
    }
    struct pf_cfi_source source = {.eh_frame = section.bytes, .eh_frame_addr = section.file_addr};
    build(&made, &source);
    double rows = made.stats.row_count;
    double rate = rows / made.ns[ROUNDS / 2] * 1e3;
    (void)printf(
        "%-44s %7.0f rows %6u rules %5.2f B/row %6.1f M rows/s [%.1f - %.1f]  %5.1f x elfutils\n",
        path, rows, made.stats.rule_count, (double)made.stats.size_bytes / rows, rate,
        rows / made.ns[ROUNDS - 1] * 1e3, rows / made.ns[0] * 1e3,
        rate * 1e6 / peer_rows_per_s(path));
    pf_elf_close(&elf);
}

int main(void)
{
    measure("/lib/x86_64-linux-gnu/libc.so.6");
    measure("/usr/lib/x86_64-linux-gnu/libcrypto.so.3");
    measure("/usr/lib/x86_64-linux-gnu/libstdc++.so.6");
    measure("/usr/bin/python3.11");
    return 0;
}

/* SPDX-License-Identifier: MIT */
#include "profiler/symbol/symfile.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "profiler/base/arena.h"

/*
 * A mapped file that somebody truncates kills its reader with SIGBUS, so files are read, section by
 * section as they are needed; only those too large for that are mapped.
 */
static const off_t READ_BYTES_MAX = 64 << 20;
static const uint64_t DWARF_BYTES_MAX = 4ULL << 30;

enum { NOTE_BYTES_MAX = 1 << 16, SEGMENTS_MAX = 4096 };

static bool is_readable_class(Elf *elf)
{
    const char *ident = elf_getident(elf, NULL);

    return elf_kind(elf) == ELF_K_ELF && ident && ident[EI_CLASS] == ELFCLASS64
           && ident[EI_DATA] == ELFDATA2LSB;
}

/* Code is what segments say is executable: section headers may be gone. */
static void note_code_ranges(struct pf_symfile *symfile)
{
    struct pf_code_ranges *code = &symfile->code;
    size_t count = 0;
    GElf_Phdr header;

    if (elf_getphdrnum(symfile->elf, &count) != 0 || count > SEGMENTS_MAX)
        return;
    for (size_t i = 0; i < count && code->count < PF_CODE_RANGES_MAX; i++) {
        if (!gelf_getphdr(symfile->elf, (int)i, &header) || header.p_type != PT_LOAD
            || !(header.p_flags & PF_X) || header.p_memsz > UINT64_MAX - header.p_vaddr)
            continue;
        code->at[code->count].start = header.p_vaddr;
        code->at[code->count].end = header.p_vaddr + header.p_memsz;
        code->count++;
    }
}

/* The build id among the notes in bytes, as hex. */
static bool find_build_id(struct pf_bytes notes, char *hex)
{
    struct pf_cursor cursor = pf_cursor_view(notes);

    while (pf_cursor_left(&cursor) >= 12 && !cursor.failed) {
        uint32_t name_size = pf_cursor_u32(&cursor);
        uint32_t data_size = pf_cursor_u32(&cursor);
        uint32_t type = pf_cursor_u32(&cursor);
        struct pf_bytes name = pf_cursor_bytes(&cursor, ((uint64_t)name_size + 3) & ~3ULL);
        struct pf_bytes data = pf_cursor_bytes(&cursor, ((uint64_t)data_size + 3) & ~3ULL);

        if (cursor.failed || type != NT_GNU_BUILD_ID || name_size != 4
            || memcmp(name.at, "GNU", 4) != 0 || data_size == 0
            || data_size > (PF_BUILD_ID_HEX - 1) / 2)
            continue;
        for (uint32_t i = 0; i < data_size; i++) {
            static const char digits[] = "0123456789abcdef";
            uint8_t byte = ((const uint8_t *)data.at)[i];
            hex[2 * (size_t)i] = digits[byte >> 4];
            hex[2 * (size_t)i + 1] = digits[byte & 15];
        }
        hex[2 * (size_t)data_size] = '\0';
        return true;
    }
    return false;
}

static void note_build_id(struct pf_symfile *symfile)
{
    GElf_Shdr header;
    size_t count = 0;
    GElf_Phdr segment;

    for (Elf_Scn *scn = NULL; (scn = elf_nextscn(symfile->elf, scn)) != NULL;) {
        if (!gelf_getshdr(scn, &header) || header.sh_type != SHT_NOTE)
            continue;
        const Elf_Data *data = elf_rawdata(scn, NULL);
        if (data && data->d_buf
            && find_build_id((struct pf_bytes){data->d_buf, data->d_size}, symfile->build_id))
            return;
    }
    if (elf_getphdrnum(symfile->elf, &count) != 0 || count > SEGMENTS_MAX)
        return;
    for (size_t i = 0; i < count; i++) {
        if (!gelf_getphdr(symfile->elf, (int)i, &segment) || segment.p_type != PT_NOTE
            || segment.p_filesz > NOTE_BYTES_MAX || segment.p_offset > INT64_MAX)
            continue;
        const Elf_Data *data = elf_getdata_rawchunk(symfile->elf, (int64_t)segment.p_offset,
                                                    segment.p_filesz, ELF_T_BYTE);
        if (data && data->d_buf
            && find_build_id((struct pf_bytes){data->d_buf, data->d_size}, symfile->build_id))
            return;
    }
}

static bool start(struct pf_symfile *symfile, const char *name, struct pf_err *err)
{
    if (!symfile->elf || !is_readable_class(symfile->elf))
        return pf_err_set(err, PF_ERR_FORMAT, "%s: not a 64-bit little-endian ELF file", name);
    note_code_ranges(symfile);
    note_build_id(symfile);
    return true;
}

/* Never blocks: a fifo or a device where a file is expected is refused. */
static int open_regular(const char *path, off_t *size, struct pf_err *err)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0) {
        (void)pf_err_sys(err, errno, "%s", path);
        return -1;
    }
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
        (void)close(fd);
        (void)pf_err_set(err, PF_ERR_FORMAT, "%s: not a regular file", path);
        return -1;
    }
    *size = status.st_size;
    return fd;
}

bool pf_symfile_open(struct pf_symfile *out, const char *path, struct pf_err *err)
{
    struct pf_symfile symfile = {0};
    off_t size = 0;
    int fd = open_regular(path, &size, err);

    if (fd < 0)
        return false;
    symfile.fd_plus_1 = fd + 1;
    (void)elf_version(EV_CURRENT);
    symfile.elf = elf_begin(fd, size > READ_BYTES_MAX ? ELF_C_READ_MMAP : ELF_C_READ, NULL);

    bool ok = start(&symfile, path, err);
    if (ok)
        pf_symfile_move(out, &symfile);
    pf_symfile_close(&symfile);
    return ok;
}

bool pf_symfile_open_bytes(struct pf_symfile *out, struct pf_bytes image, const char *name,
                           struct pf_err *err)
{
    struct pf_symfile symfile = {0};

    (void)elf_version(EV_CURRENT);
    symfile.memory = pf_mem_new(image.size ? image.size : 1, 1);
    if (image.size)
        memcpy(symfile.memory, image.at, image.size);
    symfile.elf = elf_memory(symfile.memory, image.size);

    bool ok = start(&symfile, name, err);
    if (ok)
        pf_symfile_move(out, &symfile);
    pf_symfile_close(&symfile);
    return ok;
}

void pf_symfile_move(struct pf_symfile *to, struct pf_symfile *from)
{
    *to = *from;
    *from = (struct pf_symfile){0};
}

void pf_symfile_close(struct pf_symfile *symfile)
{
    if (symfile->elf)
        (void)elf_end(symfile->elf);
    if (symfile->fd_plus_1)
        (void)close(symfile->fd_plus_1 - 1);
    free(symfile->memory);
    *symfile = (struct pf_symfile){0};
}

static Elf_Scn *find_section(const struct pf_symfile *symfile, const char *name, GElf_Shdr *header)
{
    size_t names = 0;

    if (!symfile->elf || elf_getshdrstrndx(symfile->elf, &names) != 0)
        return NULL;
    for (Elf_Scn *scn = NULL; (scn = elf_nextscn(symfile->elf, scn)) != NULL;) {
        if (!gelf_getshdr(scn, header))
            continue;
        const char *found = elf_strptr(symfile->elf, names, header->sh_name);
        if (found && strcmp(found, name) == 0)
            return scn;
    }
    return NULL;
}

static struct pf_bytes section_bytes(Elf_Scn *scn, const GElf_Shdr *header)
{
    if (header->sh_type == SHT_NOBITS || (header->sh_flags & SHF_COMPRESSED))
        return (struct pf_bytes){0};

    const Elf_Data *data = elf_rawdata(scn, NULL);
    if (!data || !data->d_buf)
        return (struct pf_bytes){0};
    return (struct pf_bytes){data->d_buf, data->d_size};
}

bool pf_symfile_section(const struct pf_symfile *symfile, const char *name,
                        struct pf_symsection *out)
{
    GElf_Shdr header;
    Elf_Scn *scn = find_section(symfile, name, &header);

    if (!scn)
        return false;
    *out = (struct pf_symsection){section_bytes(scn, &header), header.sh_addr, header.sh_size};
    return true;
}

bool pf_symfile_symtab(const struct pf_symfile *symfile, bool dynamic, struct pf_symtab *out)
{
    GElf_Shdr header;
    GElf_Shdr strings_header;

    for (Elf_Scn *scn = NULL; symfile->elf && (scn = elf_nextscn(symfile->elf, scn)) != NULL;) {
        if (!gelf_getshdr(scn, &header) || header.sh_type != (dynamic ? SHT_DYNSYM : SHT_SYMTAB))
            continue;
        Elf_Scn *strings = elf_getscn(symfile->elf, header.sh_link);
        if (!strings || !gelf_getshdr(strings, &strings_header))
            continue;
        *out = (struct pf_symtab){.entries = section_bytes(scn, &header),
                                  .strings = section_bytes(strings, &strings_header),
                                  .code = &symfile->code};
        return out->entries.size > 0;
    }
    return false;
}

bool pf_symfile_addr_of_offset(const struct pf_symfile *symfile, uint64_t offset,
                               uint64_t *file_addr)
{
    size_t count = 0;
    GElf_Phdr header;

    if (elf_getphdrnum(symfile->elf, &count) != 0 || count > SEGMENTS_MAX)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!gelf_getphdr(symfile->elf, (int)i, &header) || header.p_type != PT_LOAD)
            continue;
        if (offset >= header.p_offset && offset - header.p_offset < header.p_filesz) {
            *file_addr = header.p_vaddr + (offset - header.p_offset);
            return true;
        }
    }
    return false;
}

/*
 * libdw unpacks every compressed section of DWARF when it opens a file, needed or not. Locations of
 * variables and macros name no function: as sections without bytes they are passed over.
 */
void pf_symfile_drop_unneeded_dwarf(struct pf_symfile *symfile)
{
    static const char *const unneeded[] = {".debug_loc",     ".debug_loclists", ".debug_macro",
                                           ".debug_macinfo", ".debug_pubnames", ".debug_pubtypes",
                                           ".debug_frame"};
    GElf_Shdr header;

    for (size_t i = 0; i < sizeof unneeded / sizeof unneeded[0]; i++) {
        Elf_Scn *scn = find_section(symfile, unneeded[i], &header);
        if (!scn || !(header.sh_flags & SHF_COMPRESSED))
            continue;
        header.sh_type = SHT_NOBITS;
        (void)gelf_update_shdr(scn, &header);
    }
}

bool pf_symfile_has_dwarf(const struct pf_symfile *symfile)
{
    size_t names = 0;
    uint64_t total = 0;
    bool found = false;
    GElf_Shdr header;
    GElf_Chdr compression;

    if (!symfile->elf || elf_getshdrstrndx(symfile->elf, &names) != 0)
        return false;
    for (Elf_Scn *scn = NULL; (scn = elf_nextscn(symfile->elf, scn)) != NULL;) {
        const char *name =
            gelf_getshdr(scn, &header) ? elf_strptr(symfile->elf, names, header.sh_name) : NULL;
        if (!name || strncmp(name, ".debug_", 7) != 0 || header.sh_type == SHT_NOBITS)
            continue;
        found = found || strcmp(name, ".debug_info") == 0;
        bool compressed = (header.sh_flags & SHF_COMPRESSED) && gelf_getchdr(scn, &compression);
        uint64_t size = compressed ? compression.ch_size : header.sh_size;
        if (size > DWARF_BYTES_MAX - total)
            return false;
        total += size;
    }
    return found;
}

/* Format: the file's name, NUL, padding to 4, CRC (GDB manual, "Debugging information in separate
 * files"). */
bool pf_symfile_debuglink(const struct pf_symfile *symfile, const char **name, uint32_t *crc)
{
    struct pf_symsection section;

    if (!pf_symfile_section(symfile, ".gnu_debuglink", &section))
        return false;

    struct pf_cursor cursor = pf_cursor_view(section.bytes);
    *name = pf_cursor_cstr(&cursor);
    (void)pf_cursor_bytes(&cursor, (4 - (strlen(*name) + 1) % 4) % 4);
    *crc = pf_cursor_u32(&cursor);
    return !cursor.failed && **name != '\0' && !strchr(*name, '/');
}

bool pf_symfile_crc(const char *path, uint32_t *crc)
{
    enum { CHUNK = 1 << 16 };
    struct pf_err ignored;
    off_t size = 0;
    int fd = open_regular(path, &size, &ignored);

    if (fd < 0)
        return false;
    uint8_t *chunk = pf_mem_new(CHUNK, 1);
    uLong sum = crc32(0, NULL, 0);
    ssize_t got = 0;
    while ((got = read(fd, chunk, CHUNK)) > 0 || (got < 0 && errno == EINTR))
        if (got > 0)
            sum = crc32(sum, chunk, (uInt)got);
    free(chunk);
    (void)close(fd);
    *crc = (uint32_t)sum;
    return got == 0;
}

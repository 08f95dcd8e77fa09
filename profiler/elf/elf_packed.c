/* SPDX-License-Identifier: MIT */
#include "profiler/elf/elf_packed.h"

#include <elf.h>

#include "profiler/base/gzip.h"

bool pf_elf_is_packed(const struct pf_elf_section *section)
{
    return section->flags & SHF_COMPRESSED;
}

bool pf_elf_unpack(struct pf_buf *out, const struct pf_elf_section *section, struct pf_err *err)
{
    struct pf_cursor cursor = pf_cursor_view(section->bytes);
    uint32_t method = pf_cursor_u32(&cursor);
    (void)pf_cursor_u32(&cursor); /* reserved */
    uint64_t size = pf_cursor_u64(&cursor);
    (void)pf_cursor_u64(&cursor); /* alignment */

    if (cursor.failed)
        return pf_err_set(err, PF_ERR_FORMAT, "%s: ends inside its header", section->name);
    if (method != ELFCOMPRESS_ZLIB)
        return pf_err_set(err, PF_ERR_UNSUPPORTED, "%s: compressed by method %u, not zlib",
                          section->name, method);
    if (size > PF_ELF_UNPACKED_MAX)
        return pf_err_set(err, PF_ERR_LIMIT, "%s: unpacks to more than %d MiB", section->name,
                          PF_ELF_UNPACKED_MAX >> 20);
    struct pf_bytes packed =
        pf_bytes_part(section->bytes, sizeof(Elf64_Chdr), section->bytes.size - sizeof(Elf64_Chdr));
    return pf_gunzip(out, packed, (size_t)size, err) || pf_err_prepend(err, "%s", section->name);
}

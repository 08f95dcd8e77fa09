/* SPDX-License-Identifier: MIT */
#include "profiler/unwind/cfi_entry.h"

#include "profiler/unwind/cfi_pointer.h"

/* A cursor over section from offset on, so that pc-relative fields know their address. */
static struct pf_cursor cursor_at(const struct pf_cfi_section *section, uint32_t offset)
{
    struct pf_cursor cursor = pf_cursor_view(section->bytes);

    (void)pf_cursor_bytes(&cursor, offset);
    return cursor;
}

/* .eh_frame counts back from the id's own place to the CIE, .debug_frame names its offset. */
static bool read_id(const struct pf_cfi_section *section, struct pf_cursor *cursor, bool is_64_bit,
                    struct pf_entry *entry)
{
    uint64_t place = (uint64_t)(cursor->at - (const uint8_t *)section->bytes.at);
    uint64_t id = is_64_bit ? pf_cursor_u64(cursor) : pf_cursor_u32(cursor);
    uint64_t cie_id = section->is_eh ? 0 : is_64_bit ? UINT64_MAX : UINT32_MAX;

    if (cursor->failed)
        return false;
    entry->kind = id == cie_id ? PF_ENTRY_CIE : PF_ENTRY_FDE;
    uint64_t cie_offset = section->is_eh ? place - id : id;
    entry->cie_offset = cie_offset < section->bytes.size ? (uint32_t)cie_offset : UINT32_MAX;
    return true;
}

struct pf_entry pf_entry_at(const struct pf_cfi_section *section, uint32_t offset)
{
    struct pf_entry entry = {.kind = PF_ENTRY_END, .next_offset = offset};
    struct pf_cursor cursor = cursor_at(section, offset);
    uint64_t length = pf_cursor_u32(&cursor);
    bool is_64_bit = length == UINT32_MAX;

    if (is_64_bit)
        length = pf_cursor_u64(&cursor);
    if (cursor.failed || length > pf_cursor_left(&cursor))
        return entry;

    const uint8_t *end = cursor.at + length;
    entry.next_offset = (uint32_t)(end - (const uint8_t *)section->bytes.at);
    if (length == 0) {
        entry.kind = PF_ENTRY_ZERO;
        return entry;
    }
    cursor.end = end;
    if (!read_id(section, &cursor, is_64_bit, &entry))
        entry.kind = PF_ENTRY_ZERO; /* too short for an id: stepped over */
    entry.body = (struct pf_bytes){cursor.at, pf_cursor_left(&cursor)};
    return entry;
}

/* The letters behind 'z'. An unknown one ends the reading: its data's size is not known. */
static bool read_augmentation(const struct pf_cfi_section *section, const char *letters,
                              struct pf_cursor *data, struct pf_cie *cie)
{
    uint64_t personality = 0;
    uint8_t encoding = 0;

    for (; *letters && !data->failed; letters++) {
        switch (*letters) {
        case 'L':
            (void)pf_cursor_u8(data);
            break;
        case 'R':
            cie->pointer_encoding = pf_cursor_u8(data);
            break;
        case 'P':
            encoding = pf_cursor_u8(data) & (PF_PE_FORMAT | PF_PE_BASE);
            if (!pf_cfi_pointer(data, encoding, section, &personality))
                return false;
            break;
        case 'S':
            cie->is_signal = true;
            break;
        case 'B': /* aarch64: return addresses are signed with the B key */
            break;
        default:
            return true;
        }
    }
    return !data->failed;
}

static bool parse_augmentation(const struct pf_cfi_section *section, const char *text,
                               struct pf_cursor *cursor, struct pf_cie *cie)
{
    if (*text == '\0')
        return true;
    if (*text != 'z')
        return false;
    cie->has_sizes = true;

    uint64_t size = pf_cursor_uleb(cursor);
    struct pf_cursor data = *cursor;
    if (!pf_cursor_bytes(cursor, size).at)
        return false;
    data.end = cursor->at;
    return read_augmentation(section, text + 1, &data, cie);
}

bool pf_cie_parse(const struct pf_cfi_section *section, uint32_t offset, struct pf_cie *out)
{
    struct pf_entry entry = pf_entry_at(section, offset);
    struct pf_cie cie = {.offset = offset, .pointer_encoding = PF_PE_ABSPTR};
    struct pf_cursor cursor = pf_cursor_view(entry.body);

    if (entry.kind != PF_ENTRY_CIE)
        return false;
    uint8_t version = pf_cursor_u8(&cursor);
    if (version != 1 && version != 3 && version != 4)
        return false;
    const char *augmentation = pf_cursor_cstr(&cursor);
    if (version == 4) {
        uint8_t address_size = pf_cursor_u8(&cursor);
        uint8_t segment_size = pf_cursor_u8(&cursor);
        if (address_size != 8 || segment_size != 0)
            return false;
    }
    cie.code_align = pf_cursor_uleb(&cursor);
    cie.data_align = pf_cursor_sleb(&cursor);
    uint64_t column = version == 1 ? pf_cursor_u8(&cursor) : pf_cursor_uleb(&cursor);
    if (cursor.failed || column > UINT8_MAX
        || !parse_augmentation(section, augmentation, &cursor, &cie))
        return false;
    cie.return_column = (uint8_t)column;
    cie.program = (struct pf_bytes){cursor.at, pf_cursor_left(&cursor)};
    *out = cie;
    return true;
}

bool pf_fde_parse(const struct pf_cfi_section *section, const struct pf_entry *entry,
                  const struct pf_cie *cie, struct pf_fde *out)
{
    struct pf_cursor cursor = pf_cursor_view(entry->body);
    uint64_t start = 0;
    uint64_t size = 0;

    if (!pf_cfi_pointer(&cursor, cie->pointer_encoding, section, &start)
        || !pf_cfi_pointer(&cursor, cie->pointer_encoding & PF_PE_FORMAT, section, &size))
        return false;
    if (cie->has_sizes)
        (void)pf_cursor_bytes(&cursor, pf_cursor_uleb(&cursor));
    if (cursor.failed || size == 0 || size > UINT64_MAX - start)
        return false;
    *out = (struct pf_fde){start, start + size, {cursor.at, pf_cursor_left(&cursor)}};
    return true;
}

/* SPDX-License-Identifier: MIT */
#include "profiler/unwind/cfi_pointer.h"

static bool read_format(struct pf_cursor *cursor, uint8_t format, uint64_t *value)
{
    switch (format) {
    case PF_PE_ABSPTR:
    case PF_PE_UDATA8:
    case PF_PE_SDATA8:
        *value = pf_cursor_u64(cursor);
        break;
    case PF_PE_ULEB:
        *value = pf_cursor_uleb(cursor);
        break;
    case PF_PE_UDATA2:
        *value = pf_cursor_u16(cursor);
        break;
    case PF_PE_UDATA4:
        *value = pf_cursor_u32(cursor);
        break;
    case PF_PE_SLEB:
        *value = (uint64_t)pf_cursor_sleb(cursor);
        break;
    case PF_PE_SDATA2:
        *value = (uint64_t)(int64_t)(int16_t)pf_cursor_u16(cursor);
        break;
    case PF_PE_SDATA4:
        *value = (uint64_t)(int64_t)(int32_t)pf_cursor_u32(cursor);
        break;
    default:
        return false;
    }
    return !cursor->failed;
}

bool pf_cfi_pointer(struct pf_cursor *cursor, uint8_t encoding,
                    const struct pf_cfi_section *section, uint64_t *value)
{
    const uint8_t *start = section->bytes.at;
    uint64_t field_addr = section->addr + (uint64_t)(cursor->at - start);
    uint64_t read = 0;

    if ((encoding & PF_PE_INDIRECT) || !read_format(cursor, encoding & PF_PE_FORMAT, &read))
        return false;
    switch (encoding & PF_PE_BASE) {
    case 0:
        break;
    case PF_PE_PCREL:
        read += field_addr;
        break;
    case PF_PE_TEXTREL:
        read += section->text_addr;
        break;
    case PF_PE_DATAREL:
        read += section->data_addr;
        break;
    default:
        return false;
    }
    *value = read;
    return true;
}

/* SPDX-License-Identifier: MIT */
#include "tests/unit/profiler/unwind/cfi_maker.h"

#include <stdlib.h>
#include <string.h>

static void put(struct ts_cfi *cfi, const void *bytes, size_t size)
{
    if (size > sizeof cfi->bytes - cfi->size)
        abort();
    memcpy(cfi->bytes + cfi->size, bytes, size);
    cfi->size += size;
}

static void put_u8(struct ts_cfi *cfi, uint8_t value)
{
    put(cfi, &value, sizeof value);
}

static void put_u32(struct ts_cfi *cfi, uint32_t value)
{
    put(cfi, &value, sizeof value);
}

/* Pad with DW_CFA_nop and fill in the length. */
static void end_entry(struct ts_cfi *cfi, size_t at)
{
    while ((cfi->size - at) % 8 != 4)
        put_u8(cfi, 0);
    uint32_t length = (uint32_t)(cfi->size - at - 4);
    memcpy(cfi->bytes + at, &length, sizeof length);
}

void ts_cfi_cie(struct ts_cfi *cfi, const char *augmentation, struct pf_bytes program)
{
    cfi->cie_at = cfi->size;
    put_u32(cfi, 0);
    put_u32(cfi, 0);
    put_u8(cfi, 1);
    put(cfi, augmentation, strlen(augmentation) + 1);
    put_u8(cfi, 1);
    put_u8(cfi, 0x78);
    put_u8(cfi, 16);
    put_u8(cfi, 1);    /* size of the augmentation's data */
    put_u8(cfi, 0x1b); /* pc-relative, four bytes, signed */
    put(cfi, program.at, program.size);
    end_entry(cfi, cfi->cie_at);
}

void ts_cfi_plain_cie(struct ts_cfi *cfi)
{
    ts_cfi_cie(cfi, "zR", ts_bytes(TS_DEF_CFA(7, 8), TS_OFFSET(16, 1)));
}

void ts_cfi_fde(struct ts_cfi *cfi, uint64_t start, uint32_t size, struct pf_bytes program)
{
    size_t at = cfi->size;

    put_u32(cfi, 0);
    put_u32(cfi, (uint32_t)(cfi->size - cfi->cie_at));
    put_u32(cfi, (uint32_t)(start - (TS_CFI_ADDR + cfi->size)));
    put_u32(cfi, size);
    put_u8(cfi, 0);
    put(cfi, program.at, program.size);
    end_entry(cfi, at);
}

struct pf_cfi_source ts_cfi_source(const struct ts_cfi *cfi)
{
    return (struct pf_cfi_source){.eh_frame = {cfi->bytes, cfi->size},
                                  .eh_frame_addr = TS_CFI_ADDR};
}

struct ts_file_rows ts_cfi_rows(const struct ts_cfi *cfi)
{
    struct pf_cfi_source source = ts_cfi_source(cfi);

    return ts_rows_build(&source);
}

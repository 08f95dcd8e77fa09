/*
 * Call frame sections made by hand, for tests.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_UNIT_PROFILER_UNWIND_CFI_MAKER_H
#define TESTS_UNIT_PROFILER_UNWIND_CFI_MAKER_H

#include <stdint.h>

#include "profiler/trace/bytes.h"
#include "profiler/unwind/rows.h"
#include "tests/unit/profiler/unwind/file_rows.h"

enum { TS_CFI_ADDR = 0x10000, TS_CFI_MAX = 16384 };

/* Zero is an empty .eh_frame at TS_CFI_ADDR. */
struct ts_cfi {
    uint8_t bytes[TS_CFI_MAX];
    size_t size;
    size_t cie_at;
};

/* A CIE with code alignment 1, data alignment -8, return address column 16, pc-relative pointers.
 * augmentation: "zR", "zRS". The program follows as bytes. */
void ts_cfi_cie(struct ts_cfi *cfi, const char *augmentation, struct pf_bytes program);

/* The CIE every function of gcc has: CFA = rsp + 8, return address at CFA - 8. */
void ts_cfi_plain_cie(struct ts_cfi *cfi);

/* A function [start, start + size) of the CIE before. */
void ts_cfi_fde(struct ts_cfi *cfi, uint64_t start, uint32_t size, struct pf_bytes program);

struct pf_cfi_source ts_cfi_source(const struct ts_cfi *cfi);
struct ts_file_rows ts_cfi_rows(const struct ts_cfi *cfi);

/* ts_bytes(1, 2, 3): a view of these bytes. */
#define ts_bytes(...)                                                                              \
    ((struct pf_bytes){(const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})})

/* Call frame instructions, as bytes for ts_bytes; offsets are factored and below 128. */
#define TS_ADVANCE(n) (0x40 | (n))
#define TS_OFFSET(reg, n) (0x80 | (reg)), (n)
#define TS_RESTORE(reg) (0xc0 | (reg))
#define TS_DEF_CFA(reg, n) 0x0c, (reg), (n)
#define TS_DEF_CFA_REGISTER(reg) 0x0d, (reg)
#define TS_DEF_CFA_OFFSET(n) 0x0e, (n)
#define TS_UNDEFINED(reg) 0x07, (reg)
#define TS_REMEMBER 0x0a
#define TS_RECALL 0x0b

#endif

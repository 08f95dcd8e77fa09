/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/unwind/apply.h"
#include "profiler/unwind/rows_priv.h"
#include "tests/unit/profiler/unwind/cfi_maker.h"

static struct ts_file_rows some_rows(void)
{
    struct ts_cfi cfi = {0};

    ts_cfi_plain_cie(&cfi);
    ts_cfi_fde(&cfi, 0x1000, 0x40, ts_bytes(TS_ADVANCE(1), TS_DEF_CFA_OFFSET(16), TS_OFFSET(6, 2)));
    ts_cfi_fde(&cfi, 0x21040, 0x40,
               ts_bytes(0x0f, 3, 0x76, 0x78, 0x06, 0x10, 6, 2, 0x76, 0, 0x16, 3, 2, 0x30, 0x22));
    return ts_cfi_rows(&cfi);
}

static bool read_nothing(void *from, uint64_t addr, uint64_t *word)
{
    (void)from;
    *word = addr + 64;
    return addr % 16 != 0;
}

/* Use a block as a walk would; a sanitizer sees any step out of it. */
static void use(const struct pf_rows *rows)
{
    const struct pf_memory memory = {.read_word = read_nothing};

    for (uint64_t addr = 0xff0; addr < 0x21090; addr += addr == 0x1050 ? 0x1fff0 : 1) {
        const struct pf_rule *rule = pf_rows_find(rows, addr);
        struct pf_regs regs = {.known = 0xffffffff};
        enum pf_lost lost = PF_LOST_NOT;
        if (rule->kind > PF_RULE_END)
            (void)pf_rule_apply(rows, rule, &regs, &memory, &lost);
    }
}

Test(rows_check, what_was_built_passes)
{
    struct ts_file_rows rows = some_rows();

    cr_assert_not_null(rows.rows);
    use(rows.rows);
    ts_file_rows_free(&rows);
}

Test(rows_check, empty_and_truncated_blocks_are_refused)
{
    struct ts_file_rows rows = some_rows();

    for (size_t size = 0; size < rows.size_bytes; size++) {
        void *copy = aligned_alloc(8, (size + 8) & ~7UL);
        memcpy(copy, rows.block, size);
        cr_expect_null(pf_rows_check((struct pf_bytes){copy, size}), "%zu bytes", size);
        free(copy);
    }
    ts_file_rows_free(&rows);
}

Test(rows_check, a_misaligned_block_is_refused)
{
    struct ts_file_rows rows = some_rows();
    uint8_t *copy = malloc(rows.size_bytes + 8);

    memcpy(copy + 4, rows.block, rows.size_bytes);
    cr_assert_null(pf_rows_check((struct pf_bytes){copy + 4, rows.size_bytes}));
    free(copy);
    ts_file_rows_free(&rows);
}

Test(rows_check, a_block_with_any_byte_changed_is_refused_or_harmless)
{
    static const uint8_t hostile[] = {0, 1, 0x7f, 0x80, 0xff};
    struct ts_file_rows rows = some_rows();
    size_t refused = 0;

    for (size_t at = 0; at < rows.size_bytes; at++) {
        for (size_t i = 0; i < sizeof hostile; i++) {
            uint8_t *copy = aligned_alloc(8, rows.size_bytes);
            memcpy(copy, rows.block, rows.size_bytes);
            copy[at] = hostile[i];
            const struct pf_rows *checked = pf_rows_check((struct pf_bytes){copy, rows.size_bytes});
            refused += checked == NULL;
            if (checked)
                use(checked);
            free(copy);
        }
    }
    cr_assert_gt(refused, 100);
    ts_file_rows_free(&rows);
}

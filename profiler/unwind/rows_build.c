/*
 * Compiles sections of call frame information into one block of rows.
 *
 * Functions are gathered from all sections, sorted by address, and their programs run in that
 * order, so that rows come out sorted; where two functions claim the same bytes the first one wins,
 * .eh_frame before .debug_frame. All working memory is the caller's scratch.
 *
 * SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "profiler/unwind/cfi_pointer.h"
#include "profiler/unwind/cfi_program.h"
#include "profiler/unwind/fde_list.h"
#include "profiler/unwind/rows_priv.h"
#include "profiler/unwind/rule.h"

enum {
    MACHINE_X86_64 = 62,
    ROW_BYTES_MIN = 2, /* a row costs the section at least an advance and an instruction */
};

struct raw_row {
    uint32_t offset; /* from base_addr */
    uint32_t number;
};

struct builder {
    struct pf_cfi_machine machine;
    struct pf_rule_book book;
    struct pf_fde_list list;
    struct raw_row *rows;
    uint32_t row_count, row_max;
    uint64_t base_addr;
    uint64_t covered; /* rows are complete up to this file address */
    uint32_t fde_count, skipped_fdes;
};

static uint64_t align_8(uint64_t value)
{
    return (value + 7) & ~(uint64_t)7;
}

static uint64_t row_max_of(const struct pf_fde_list *list)
{
    return list->cfi_bytes / ROW_BYTES_MIN + 2 * (uint64_t)list->max + 2;
}

/* Where the parts of the working memory begin; the builder itself is the first. */
struct layout {
    uint64_t book_at, fdes_at, rows_at, end;
};

static struct layout lay_out(const struct pf_fde_list *list)
{
    struct layout layout = {.book_at = align_8(sizeof(struct builder))};

    layout.fdes_at = align_8(layout.book_at + pf_rule_book_bytes(row_max_of(list)));
    layout.rows_at = align_8(layout.fdes_at + list->max * sizeof(struct pf_fde_ref));
    layout.end = layout.rows_at + row_max_of(list) * sizeof(struct raw_row);
    return layout;
}

/* NULL if scratch is too small. */
static struct builder *place(struct pf_room scratch, const struct pf_fde_list *list)
{
    struct layout layout = lay_out(list);
    struct builder *builder = scratch.at;
    uint8_t *base = scratch.at;

    if (!builder || layout.end > scratch.size)
        return NULL;
    builder->list = *list;
    builder->list.at = (struct pf_fde_ref *)(void *)(base + layout.fdes_at);
    builder->rows = (struct raw_row *)(void *)(base + layout.rows_at);
    builder->row_max = (uint32_t)row_max_of(list);
    builder->row_count = 0;
    builder->fde_count = builder->skipped_fdes = 0;
    pf_rule_book_init(&builder->book, base + layout.book_at, row_max_of(list));
    return builder;
}

/* From this address on, rule number holds; the same as before is no row of its own. */
static void put_row(struct builder *builder, uint64_t addr, uint32_t number)
{
    uint64_t offset = addr - builder->base_addr;
    struct raw_row *last = builder->rows + builder->row_count - 1;

    if (builder->row_count > 0 && last->offset == offset) {
        last->number = number;
        return;
    }
    if ((builder->row_count > 0 && last->number == number)
        || builder->row_count == builder->row_max)
        return;
    builder->rows[builder->row_count++] = (struct raw_row){(uint32_t)offset, number};
}

static void close_hole(struct builder *builder, uint64_t next_start)
{
    if (next_start > builder->covered && builder->row_count > 0)
        put_row(builder, builder->covered, 0);
}

/* One function's rows, from where earlier functions ended. */
static void run_fde(struct builder *builder, const struct pf_fde *fde)
{
    struct pf_cfi_machine *machine = &builder->machine;
    uint64_t start = 0;
    uint64_t end = 0;
    uint16_t number = 0;

    close_hole(builder, fde->start);
    pf_cfi_begin_fde(machine, fde);
    while (pf_cfi_next(machine, &start, &end)) {
        if (machine->changed
            && !pf_rule_from_state(&builder->book, &machine->state, &machine->cie, &number))
            number = 0;
        machine->changed = false;
        if (end <= builder->covered)
            continue;
        put_row(builder, start > builder->covered ? start : builder->covered, number);
        builder->covered = end;
    }
    if (machine->failed) {
        builder->skipped_fdes++;
        /* What follows the damage is unknown, up to the next function. */
        if (builder->covered < fde->start)
            builder->covered = fde->start;
        if (builder->covered < fde->end)
            put_row(builder, builder->covered, 0);
    }
}

/* The CIE of the function before is nearly always this one's too. */
static bool use_cie(struct builder *builder, const struct pf_fde_ref *ref)
{
    struct pf_cfi_machine *machine = &builder->machine;
    const struct pf_cfi_section *section = &builder->list.sections[ref->section];
    struct pf_cie cie;

    if (machine->section == section && machine->cie.offset == ref->cie_offset)
        return true;
    machine->section = NULL;
    return pf_cie_parse(section, ref->cie_offset, &cie) && pf_cfi_begin_cie(machine, section, &cie);
}

static void run_ref(struct builder *builder, const struct pf_fde_ref *ref)
{
    const struct pf_cfi_section *section = &builder->list.sections[ref->section];
    struct pf_entry entry = pf_entry_at(section, ref->offset);
    struct pf_fde fde;

    if (!use_cie(builder, ref) || !pf_fde_parse(section, &entry, &builder->machine.cie, &fde)) {
        builder->machine.section = NULL;
        builder->skipped_fdes++;
        return;
    }
    builder->fde_count++;
    run_fde(builder, &fde);
}

static void run_all(struct builder *builder)
{
    builder->machine.section = NULL;
    builder->base_addr = builder->list.at[0].start >> PF_ROWS_PAGE_SHIFT << PF_ROWS_PAGE_SHIFT;
    builder->covered = builder->base_addr;
    for (uint32_t i = 0; i < builder->list.count; i++) {
        const struct pf_fde_ref *ref = &builder->list.at[i];
        uint64_t last = ref->start + ref->size - 1;
        if ((last - builder->base_addr) >> PF_ROWS_PAGE_SHIFT < PF_ROWS_PAGES_MAX)
            run_ref(builder, ref);
        else
            builder->skipped_fdes++;
    }
    put_row(builder, builder->covered, 0);
}

/* The header, with every table's place; size_bytes is the whole. */
static struct pf_rows plan(const struct builder *builder)
{
    const struct pf_rule_book *book = &builder->book;
    uint64_t text_bytes = builder->covered - builder->base_addr;
    struct pf_rows rows = {
        .magic = PF_ROWS_MAGIC,
        .version = PF_ROWS_VERSION,
        .machine = MACHINE_X86_64,
        .base_addr = builder->base_addr,
        .page_count =
            (uint32_t)((text_bytes + (1U << PF_ROWS_PAGE_SHIFT) - 1) >> PF_ROWS_PAGE_SHIFT),
        .row_count = builder->row_count,
        .rule_count = book->rules.count,
        .save_count = book->saves.count,
        .general_count = book->generals.count,
        .expr_bytes = book->exprs.used,
    };
    uint64_t lows_bytes = ((uint64_t)rows.row_count * sizeof(uint16_t) + 3) & ~(uint64_t)3;
    uint64_t at = sizeof rows;

    rows.pages_at = (uint32_t)at;
    at += (rows.page_count + 1ULL) * sizeof(uint32_t);
    rows.lows_at = (uint32_t)at;
    at += lows_bytes;
    rows.numbers_at = (uint32_t)at;
    at += lows_bytes;
    rows.rules_at = (uint32_t)at;
    at += rows.rule_count * sizeof(struct pf_rule);
    rows.saves_at = (uint32_t)at;
    at += (rows.save_count * sizeof(struct pf_saves) + 3) & ~(uint64_t)3;
    rows.generals_at = (uint32_t)at;
    at += rows.general_count * sizeof(struct pf_general);
    rows.exprs_at = (uint32_t)at;
    at += rows.expr_bytes;
    rows.size_bytes = align_8(at);
    return rows;
}

static void write_rows(const struct builder *builder, const struct pf_rows *plan_of, uint8_t *out)
{
    uint32_t *pages = (uint32_t *)(void *)(out + plan_of->pages_at);
    uint16_t *lows = (uint16_t *)(void *)(out + plan_of->lows_at);
    uint16_t *numbers = (uint16_t *)(void *)(out + plan_of->numbers_at);
    uint32_t page = 0;

    for (uint32_t i = 0; i < plan_of->row_count; i++) {
        const struct raw_row *row = &builder->rows[i];
        while (page <= row->offset >> PF_ROWS_PAGE_SHIFT && page <= plan_of->page_count)
            pages[page++] = i;
        lows[i] = (uint16_t)row->offset;
        numbers[i] = (uint16_t)row->number;
    }
    while (page <= plan_of->page_count)
        pages[page++] = plan_of->row_count;
}

static void write_block(const struct builder *builder, const struct pf_rows *plan_of, uint8_t *out)
{
    const struct pf_rule_book *book = &builder->book;

    memset(out, 0, plan_of->size_bytes);
    memcpy(out, plan_of, sizeof *plan_of);
    write_rows(builder, plan_of, out);
    memcpy(out + plan_of->rules_at, book->rules.records,
           plan_of->rule_count * sizeof(struct pf_rule));
    memcpy(out + plan_of->saves_at, book->saves.records,
           plan_of->save_count * sizeof(struct pf_saves));
    memcpy(out + plan_of->generals_at, book->generals.records,
           plan_of->general_count * sizeof(struct pf_general));
    memcpy(out + plan_of->exprs_at, book->exprs.at, plan_of->expr_bytes);
}

static uint32_t count_slow(const struct builder *builder)
{
    const struct pf_rule *rules = (const struct pf_rule *)(const void *)builder->book.rules.records;
    uint32_t count = 0;

    for (uint32_t i = 0; i < builder->book.rules.count; i++)
        count += rules[i].kind == PF_RULE_GENERAL;
    return count;
}

size_t pf_rows_bound(const struct pf_cfi_source *source)
{
    struct pf_fde_list list;

    pf_fde_list_init(&list, source);
    return sizeof(struct pf_rows) + (PF_ROWS_PAGES_MAX + 2) * sizeof(uint32_t)
           + row_max_of(&list) * 2 * sizeof(uint16_t) + pf_rule_book_bytes(row_max_of(&list));
}

size_t pf_rows_scratch(const struct pf_cfi_source *source)
{
    struct pf_fde_list list;

    pf_fde_list_init(&list, source);
    return list.max ? lay_out(&list).end : 0;
}

size_t pf_rows_build(struct pf_room table, struct pf_room scratch,
                     const struct pf_cfi_source *source, struct pf_rows_stats *stats)
{
    struct pf_fde_list list;

    pf_fde_list_init(&list, source);
    struct builder *builder = list.max ? place(scratch, &list) : NULL;
    if (!builder)
        return 0;
    pf_fde_list_gather(&builder->list);
    if (builder->list.count == 0)
        return 0;
    run_all(builder);

    struct pf_rows head = plan(builder);
    if (head.size_bytes <= table.size)
        write_block(builder, &head, table.at);
    *stats = (struct pf_rows_stats){.row_count = head.row_count,
                                    .rule_count = head.rule_count,
                                    .fde_count = builder->fde_count,
                                    .skipped_fdes = builder->skipped_fdes + builder->list.skipped,
                                    .slow_rules = count_slow(builder),
                                    .size_bytes = head.size_bytes};
    return head.size_bytes;
}

/*
 * Our rows against elfutils' reading of the same sections, at every row of large objects.
 *
 * Both are applied to the same made-up registers and memory (every word is a hash of its address):
 * equal results over all saved registers mean equal rules, whatever form they are written in.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "profiler/unwind/apply.h"
#include "profiler/unwind/rows_priv.h"
#include "tests/unit/profiler/unwind/file_rows.h"

enum { ORACLE_STACK = 16 };

static uint64_t word_at(uint64_t addr)
{
    addr ^= addr >> 31;
    addr *= 0x7fb5d329728ea185ULL;
    addr ^= addr >> 27;
    return addr | 1;
}

static bool read_made_up(void *from, uint64_t addr, uint64_t *word)
{
    (void)from;
    *word = word_at(addr);
    return true;
}

static struct pf_regs made_up_regs(uint64_t pc)
{
    struct pf_regs regs = {.known = (1U << PF_REG_COUNT) - 1};

    for (int i = 0; i < PF_REG_COUNT; i++)
        regs.at[i] = 0x10000 * (uint64_t)(i + 1);
    regs.at[PF_REG_PC] = pc;
    return regs;
}

struct oracle {
    const struct pf_regs *regs;
    uint64_t cfa;
    uint64_t stack[ORACLE_STACK];
    int depth;
    bool is_value, unknown;
};

static void push(struct oracle *oracle, uint64_t value)
{
    if (oracle->depth < ORACLE_STACK)
        oracle->stack[oracle->depth++] = value;
    else
        oracle->unknown = true;
}

static uint64_t pop(struct oracle *oracle)
{
    return oracle->depth > 0 ? oracle->stack[--oracle->depth] : 0;
}

static void run_binary(struct oracle *oracle, const Dwarf_Op *op)
{
    uint64_t b = pop(oracle);
    uint64_t a = pop(oracle);

    switch (op->atom) {
    case DW_OP_and:
        push(oracle, a & b);
        break;
    case DW_OP_ge:
        push(oracle, (int64_t)a >= (int64_t)b);
        break;
    case DW_OP_mul:
        push(oracle, a * b);
        break;
    case DW_OP_shl:
        push(oracle, a << b);
        break;
    case DW_OP_plus:
        push(oracle, a + b);
        break;
    default:
        cr_log_error("operation %#x is not one this test knows", op->atom);
        oracle->unknown = true;
    }
}

static void run_op(struct oracle *oracle, const Dwarf_Op *op)
{
    if (op->atom >= DW_OP_lit0 && op->atom <= DW_OP_lit31)
        push(oracle, op->atom - (uint64_t)DW_OP_lit0);
    else if (op->atom >= DW_OP_breg0 && op->atom <= DW_OP_breg16)
        push(oracle, oracle->regs->at[op->atom - DW_OP_breg0] + op->number);
    else if (op->atom == DW_OP_bregx)
        push(oracle, oracle->regs->at[op->number] + op->number2);
    else if (op->atom == DW_OP_regx || (op->atom >= DW_OP_reg0 && op->atom <= DW_OP_reg16)) {
        push(oracle, oracle->regs->at[op->atom == DW_OP_regx ? op->number
                                                             : op->atom - (uint64_t)DW_OP_reg0]);
        oracle->is_value = true;
    } else if (op->atom == DW_OP_deref)
        push(oracle, word_at(pop(oracle)));
    else if (op->atom == DW_OP_plus_uconst)
        push(oracle, pop(oracle) + op->number);
    else if (op->atom == DW_OP_call_frame_cfa)
        push(oracle, oracle->cfa);
    else if (op->atom == DW_OP_stack_value)
        oracle->is_value = true;
    else
        run_binary(oracle, op);
}

static uint64_t run_ops(struct oracle *oracle, const Dwarf_Op *ops, size_t count)
{
    oracle->depth = 0;
    oracle->is_value = false;
    for (size_t i = 0; i < count; i++)
        run_op(oracle, &ops[i]);
    return pop(oracle);
}

enum known { UNDEFINED, KNOWN };

static enum known oracle_register(struct oracle *oracle, Dwarf_Frame *frame, int reg,
                                  uint64_t *value)
{
    Dwarf_Op memory[3];
    Dwarf_Op *ops = NULL;
    size_t count = 0;

    cr_assert_eq(dwarf_frame_register(frame, reg, memory, &ops, &count), 0);
    if (count == 0) {
        *value = oracle->regs->at[reg];
        return ops == NULL ? KNOWN : UNDEFINED;
    }
    uint64_t result = run_ops(oracle, ops, count);
    *value = oracle->is_value ? result : word_at(result);
    return KNOWN;
}

struct tally {
    const char *path;
    const struct pf_rows *rows;
    size_t checked, wrong, general, signals, unknown;
};

static void complain(struct tally *tally, uint64_t addr, const char *what, uint64_t ours,
                     uint64_t theirs)
{
    if (tally->wrong++ < 10)
        cr_log_error("%s: %#lx: %s: %#lx, by libdw %#lx", tally->path, (unsigned long)addr, what,
                     (unsigned long)ours, (unsigned long)theirs);
}

static void compare_registers(struct tally *tally, Dwarf_Frame *frame, uint64_t addr,
                              struct oracle *oracle, const struct pf_regs *ours)
{
    static const uint8_t columns[] = {PF_REG_PC,  PF_REG_RSP, PF_REG_RBP, PF_REG_RBX,
                                      PF_REG_R12, PF_REG_R13, PF_REG_R14, PF_REG_R15};

    for (size_t i = 0; i < sizeof columns; i++) {
        uint64_t theirs = 0;
        bool known = oracle_register(oracle, frame, columns[i], &theirs) == KNOWN;
        bool known_to_us = ours->known & 1U << columns[i];
        /* libdw takes rbx for lost where nothing is said of it; the psABI says it is kept. */
        bool is_kept_rbx = columns[i] == PF_REG_RBX && !known
                           && ours->at[PF_REG_RBX] == oracle->regs->at[PF_REG_RBX];
        if (oracle->unknown || is_kept_rbx)
            continue;
        if (known != known_to_us || (known && theirs != ours->at[columns[i]]))
            complain(tally, addr, "register", ours->at[columns[i]], theirs);
    }
}

static void compare_at(struct tally *tally, Dwarf_Frame *frame, uint64_t addr)
{
    const struct pf_rule *rule = pf_rows_find(tally->rows, addr);
    struct pf_regs before = made_up_regs(addr);
    struct pf_regs after = before;
    struct oracle oracle = {.regs = &before};
    const struct pf_memory memory = {.read_word = read_made_up};
    enum pf_lost lost = PF_LOST_NOT;
    Dwarf_Op *ops = NULL;
    size_t count = 0;
    uint64_t ra = 0;
    bool is_signal = false;
    Dwarf_Addr start = 0;
    Dwarf_Addr end = 0;

    tally->checked++;
    cr_assert_eq(dwarf_frame_cfa(frame, &ops, &count), 0);
    oracle.cfa = run_ops(&oracle, ops, count);
    (void)dwarf_frame_info(frame, &start, &end, &is_signal);
    tally->general += rule->kind == PF_RULE_GENERAL;
    tally->signals += is_signal;
    tally->unknown += oracle.unknown;
    if (oracle_register(&oracle, frame, PF_REG_PC, &ra) == UNDEFINED) {
        if (rule->kind != PF_RULE_END)
            complain(tally, addr, "end of stack", rule->kind, PF_RULE_END);
        return;
    }
    if (!pf_rule_apply(tally->rows, rule, &after, &memory, &lost)) {
        complain(tally, addr, "not applied", rule->kind, lost);
        return;
    }
    if (is_signal != !!(rule->flags & PF_RULE_SIGNAL))
        complain(tally, addr, "signal", rule->flags, is_signal);
    compare_registers(tally, frame, addr, &oracle, &after);
}

/* Every row libdw knows, at its first and last byte; and that we know nothing where it does not. */
static void compare_range(struct tally *tally, Dwarf_CFI *cfi, uint64_t start, uint64_t end)
{
    for (uint64_t addr = start; addr < end;) {
        Dwarf_Frame *frame = NULL;
        Dwarf_Addr row_start = 0;
        Dwarf_Addr row_end = 0;
        if (dwarf_cfi_addrframe(cfi, addr, &frame) != 0) {
            if (pf_rows_find(tally->rows, addr)->kind != PF_RULE_NONE)
                complain(tally, addr, "a rule in a hole", 1, 0);
            addr++;
            continue;
        }
        (void)dwarf_frame_info(frame, &row_start, &row_end, NULL);
        compare_at(tally, frame, addr);
        if (row_end > addr + 1)
            compare_at(tally, frame, row_end - 1);
        free(frame);
        addr = row_end > addr ? row_end : addr + 1;
    }
}

static void compare_executable(struct tally *tally, Dwarf_CFI *cfi, Elf *elf)
{
    for (Elf_Scn *section = elf_nextscn(elf, NULL); section; section = elf_nextscn(elf, section)) {
        GElf_Shdr header;
        if (gelf_getshdr(section, &header) && (header.sh_flags & SHF_EXECINSTR))
            compare_range(tally, cfi, header.sh_addr, header.sh_addr + header.sh_size);
    }
}

static struct tally compare_file(const char *path)
{
    struct ts_file_rows rows = ts_file_rows_build(path);
    struct tally tally = {.path = path, .rows = rows.rows};
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        cr_skip("%s is not installed", path);
    cr_assert_not_null(rows.rows, "%s: no rows", path);
    cr_assert_eq(rows.stats.skipped_fdes, 0);
    (void)elf_version(EV_CURRENT);
    Elf *elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
    Dwarf_CFI *cfi = dwarf_getcfi_elf(elf);
    cr_assert_not_null(cfi);
    compare_executable(&tally, cfi, elf);
    (void)dwarf_cfi_end(cfi);
    (void)elf_end(elf);
    (void)close(fd);
    cr_log_info("%s: %zu compared, %zu by general rules, %zu in signal frames; %u rows, %.2f bytes "
                "each",
                path, tally.checked, tally.general, tally.signals, rows.stats.row_count,
                (double)rows.size_bytes / rows.stats.row_count);
    ts_file_rows_free(&rows);
    return tally;
}

static void expect_equal(const char *path, size_t at_least)
{
    struct tally tally = compare_file(path);

    cr_assert_eq(tally.wrong, 0, "%s: %zu of %zu rows differ", path, tally.wrong, tally.checked);
    cr_assert_eq(tally.unknown, 0);
    cr_assert_geq(tally.checked, at_least);
}

Test(rows_oracle, libc_says_what_libdw_says)
{
    struct tally tally = compare_file("/lib/x86_64-linux-gnu/libc.so.6");

    cr_assert_eq(tally.wrong, 0);
    cr_assert_gt(tally.checked, 20000);
    cr_assert_gt(tally.signals, 0, "libc has its signal trampoline");
    cr_assert_gt(tally.general, 0);
}

Test(rows_oracle, loader_says_what_libdw_says)
{
    expect_equal("/lib64/ld-linux-x86-64.so.2", 1000);
}

Test(rows_oracle, libcrypto_says_what_libdw_says)
{
    expect_equal("/usr/lib/x86_64-linux-gnu/libcrypto.so.3", 50000);
}

Test(rows_oracle, libstdcxx_says_what_libdw_says)
{
    expect_equal("/usr/lib/x86_64-linux-gnu/libstdc++.so.6", 10000);
}

Test(rows_oracle, python_says_what_libdw_says)
{
    expect_equal("/usr/bin/python3.11", 50000);
}

Test(rows_oracle, rows_take_less_than_eight_bytes)
{
    static const char *const paths[] = {"/lib/x86_64-linux-gnu/libc.so.6",
                                        "/usr/lib/x86_64-linux-gnu/libcrypto.so.3",
                                        "/usr/bin/python3.11"};

    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct ts_file_rows rows = ts_file_rows_build(paths[i]);
        if (rows.rows)
            cr_assert_leq(rows.size_bytes, 8 * (size_t)rows.stats.row_count);
        ts_file_rows_free(&rows);
    }
}

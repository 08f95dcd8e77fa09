/* SPDX-License-Identifier: MIT */
#include "profiler/unwind/guess.h"

#include "profiler/unwind/code.h"
#include "profiler/unwind/memory.h"

enum {
    WORD = 8,
    UCONTEXT_GREGS = 40, /* offset of uc_mcontext.gregs in the kernel's rt_sigframe's ucontext */
    KNOWN_ALWAYS = 1 << PF_REG_RSP | 1 << PF_REG_PC,
};

/* The order of gregs in <sys/ucontext.h>. */
static const uint8_t greg_columns[] = {PF_REG_R8,  PF_REG_R9,  PF_REG_R10, PF_REG_R11, PF_REG_R12,
                                       PF_REG_R13, PF_REG_R14, PF_REG_R15, PF_REG_RDI, PF_REG_RSI,
                                       PF_REG_RBP, PF_REG_RBX, PF_REG_RDX, PF_REG_RAX, PF_REG_RCX,
                                       PF_REG_RSP, PF_REG_PC};

/* The handler has returned: rsp is at the ucontext. */
static bool step_signal(const struct pf_guess *guess, struct pf_regs *regs)
{
    uint64_t gregs = regs->at[PF_REG_RSP] + UCONTEXT_GREGS;
    struct pf_regs next = {.known = (1U << PF_REG_COUNT) - 1};

    if (!pf_code_is_sigreturn(regs->at[PF_REG_PC], guess->memory))
        return false;
    for (unsigned i = 0; i < sizeof greg_columns; i++)
        if (!pf_memory_word(guess->memory, gregs + WORD * i, &next.at[greg_columns[i]]))
            return false;
    *regs = next;
    return true;
}

/* pc and stack pointer are new; only the frame pointer may have survived. */
static void move(struct pf_regs *regs, uint64_t pc, uint64_t sp, uint64_t fp)
{
    regs->at[PF_REG_PC] = pc;
    regs->at[PF_REG_RSP] = sp;
    regs->at[PF_REG_RBP] = fp;
    regs->known = KNOWN_ALWAYS | (regs->known & 1U << PF_REG_RBP);
}

static bool step_top_of_stack(const struct pf_guess *guess, struct pf_regs *regs)
{
    uint64_t sp = regs->at[PF_REG_RSP];
    uint64_t word = 0;

    if (!guess->is_exact || !pf_memory_word(guess->memory, sp, &word)
        || !pf_code_is_return_addr(word, guess->map, guess->memory))
        return false;
    /* A leaf keeps all registers that a callee saves. */
    regs->at[PF_REG_PC] = word;
    regs->at[PF_REG_RSP] = sp + WORD;
    return true;
}

static bool step_frame_pointer(const struct pf_guess *guess, struct pf_regs *regs)
{
    uint64_t fp = regs->at[PF_REG_RBP];
    uint64_t next_fp = 0;
    uint64_t pc = 0;

    if (!(regs->known & 1U << PF_REG_RBP) || fp < regs->at[PF_REG_RSP] || fp % WORD != 0
        || !pf_memory_word(guess->memory, fp, &next_fp)
        || !pf_memory_word(guess->memory, fp + WORD, &pc))
        return false;
    bool is_caller = guess->trusts_frame_pointer
                         ? pf_code_find(guess->map, pc - 1) != NULL
                         : pf_code_is_return_addr(pc, guess->map, guess->memory);
    if (!is_caller)
        return false;
    move(regs, pc, fp + 2 * WORD, next_fp);
    return true;
}

static bool step_scan(const struct pf_guess *guess, struct pf_regs *regs)
{
    uint64_t at = (regs->at[PF_REG_RSP] + WORD - 1) & ~(uint64_t)(WORD - 1);
    uint64_t word = 0;

    for (int i = 0; i < PF_GUESS_SCAN_WORDS; i++, at += WORD) {
        if (!pf_memory_word(guess->memory, at, &word))
            return false;
        if (pf_code_is_return_addr(word, guess->map, guess->memory)) {
            move(regs, word, at + WORD, regs->at[PF_REG_RBP]);
            return true;
        }
    }
    return false;
}

enum pf_step pf_guess_caller(struct pf_guess *guess, struct pf_regs *regs)
{
    guess->was_signal = step_signal(guess, regs);
    if (guess->was_signal || step_top_of_stack(guess, regs) || step_frame_pointer(guess, regs))
        return PF_STEP_FRAME;
    /* psABI 1.0, 3.4.1: the outermost frame is marked by a frame pointer of zero. */
    if (!guess->is_exact && (regs->known & 1U << PF_REG_RBP) && regs->at[PF_REG_RBP] == 0)
        return PF_STEP_END;
    return step_scan(guess, regs) ? PF_STEP_FRAME : PF_STEP_LOST;
}

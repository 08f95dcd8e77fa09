/* SPDX-License-Identifier: MIT */
#include "profiler/unwind/step.h"

#include "profiler/unwind/apply.h"
#include "profiler/unwind/code.h"
#include "profiler/unwind/guess.h"
#include "profiler/unwind/step_priv.h"

static const struct pf_rule no_rule = {.kind = PF_RULE_NONE};

const struct pf_rule *pf_frame_rule(struct pf_frame *frame, const struct pf_code_map *map,
                                    uint64_t lookup_pc)
{
    frame->code = pf_code_find(map, lookup_pc);
    if (!frame->code || !frame->code->rows)
        return &no_rule;
    return pf_rows_find(frame->code->rows, lookup_pc - frame->code->bias);
}

static enum pf_step step_guess(struct pf_regs *regs, bool is_exact, const struct pf_code_map *map,
                               const struct pf_memory *memory, struct pf_frame *frame)
{
    struct pf_guess guess = {
        .map = map,
        .memory = memory,
        .is_exact = is_exact,
        .trusts_frame_pointer = frame->code && (frame->code->flags & PF_CODE_FRAME_POINTERS),
    };
    enum pf_step step = pf_guess_caller(&guess, regs);

    frame->signal = guess.was_signal;
    frame->guessed = step == PF_STEP_FRAME && !guess.was_signal;
    frame->lost = frame->code ? PF_LOST_NO_RULE : PF_LOST_NO_CODE;
    return step;
}

/*
 * The caller must lie above, or the walk might never end. A signal may change stacks; and code that
 * has just moved the stack pointer to its caller's (longjmp) may be interrupted there.
 */
static bool is_progress(const struct pf_regs *before, const struct pf_regs *after, bool is_exact)
{
    uint64_t from = before->at[PF_REG_RSP];
    uint64_t to = after->at[PF_REG_RSP];

    return to > from || (is_exact && to == from);
}

enum pf_step pf_frame_step(struct pf_frame *frame, struct pf_regs *regs, bool is_exact,
                           const struct pf_code_map *map, const struct pf_memory *memory)
{
    struct pf_regs next = *regs;
    enum pf_step step = PF_STEP_FRAME;

    const struct pf_rule *rule = pf_frame_rule(frame, map, regs->at[PF_REG_PC] - !is_exact);
    if (rule->kind == PF_RULE_END)
        return PF_STEP_END;
    if (rule->kind == PF_RULE_NONE)
        step = step_guess(&next, is_exact, map, memory, frame);
    else if (!pf_rule_apply(frame->code->rows, rule, &next, memory, &frame->lost))
        return PF_STEP_LOST;
    else
        frame->signal = rule->flags & PF_RULE_SIGNAL;
    if (step != PF_STEP_FRAME)
        return step;
    if (next.at[PF_REG_PC] == 0)
        return PF_STEP_END;
    if (!frame->signal && !is_progress(regs, &next, is_exact)) {
        frame->lost = PF_LOST_NO_PROGRESS;
        return PF_STEP_LOST;
    }
    *regs = next;
    regs->known |= frame->signal ? PF_REGS_EXACT_PC : 0;
    return PF_STEP_FRAME;
}

/* The first step of a walk: normalises known, and says whether the pc is exact. */
static bool begin(struct pf_regs *regs, bool is_return)
{
    bool is_exact = !is_return || (regs->known & PF_REGS_EXACT_PC);

    regs->known &= ~PF_REGS_EXACT_PC;
    regs->known |= 1U << PF_REG_PC | 1U << PF_REG_RSP;
    return is_exact;
}

enum pf_step pf_unwind_step(struct pf_regs *regs, bool is_return, const struct pf_code_map *map,
                            const struct pf_memory *memory, enum pf_lost *lost)
{
    struct pf_regs next = *regs;
    struct pf_frame frame = {.lost = PF_LOST_NOT};
    bool is_exact = begin(&next, is_return);

    enum pf_step step = pf_frame_step(&frame, &next, is_exact, map, memory);
    if (step == PF_STEP_FRAME)
        *regs = next;
    *lost = step == PF_STEP_LOST ? frame.lost : PF_LOST_NOT;
    return step;
}

void pf_trail_finish(struct pf_trail *trail, enum pf_step step, const struct pf_frame *frame)
{
    trail->is_rooted = step == PF_STEP_END;
    trail->lost = trail->is_rooted ? PF_LOST_NOT : frame->lost;
    trail->lost_object = trail->is_rooted || !frame->code ? UINT32_MAX : frame->code->object;
}

void pf_unwind_stack(struct pf_trail *trail, const struct pf_regs *regs,
                     const struct pf_code_map *map, const struct pf_memory *memory)
{
    struct pf_regs now = *regs;
    enum pf_step step = PF_STEP_FRAME;
    struct pf_frame frame = {.lost = PF_LOST_DEPTH};

    trail->count = 0;
    trail->guessed = trail->signals = 0;
    for (;;) {
        if (trail->count == trail->capacity) {
            frame = (struct pf_frame){.lost = PF_LOST_DEPTH};
            break;
        }
        trail->pcs[trail->count++] = now.at[PF_REG_PC];
        bool is_exact = begin(&now, trail->count > 1);
        frame = (struct pf_frame){.lost = PF_LOST_NOT};
        step = pf_frame_step(&frame, &now, is_exact, map, memory);
        if (step != PF_STEP_FRAME)
            break;
        if (frame.guessed)
            pf_trail_mark_guess(trail, trail->count, &frame);
        if (frame.signal)
            pf_trail_mark(&trail->signals, trail->count);
    }
    trail->top = now.at[PF_REG_RSP];
    pf_trail_finish(trail, step, &frame);
}

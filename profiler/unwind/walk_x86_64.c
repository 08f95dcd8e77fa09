/*
 * The cached walk of x86-64: three registers, one probe a frame, and not even that where the stack
 * is what it was.
 *
 * SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "profiler/unwind/memory.h"
#include "profiler/unwind/step_priv.h"
#include "profiler/unwind/unwind_cache_priv.h"

#define ALWAYS_INLINE static inline __attribute__((always_inline))
#define UNLIKELY(condition) __builtin_expect(!!(condition), 0)

enum { WORD = 8 };

/* Where a walk stands. A local of the hot loop, so that it lives in registers. */
struct place {
    uint64_t pc, sp, fp;
    uint64_t *out;         /* where the next pc goes */
    struct pf_past *fresh; /* where the next frame is noted */
    struct pf_past *fresh_first, *fresh_end;
    bool is_long;               /* more frames than can be noted */
    const struct pf_past *past; /* the first remembered frame not below this one */
};

/* The readable stack: the word at addr is at addr + bias, if addr - low <= span. */
struct stack {
    uintptr_t bias;
    uint64_t low, span;
};

struct walk {
    struct place place; /* in step with the loop's only around calls */
    struct stack stack;
    struct pf_trail *trail;
    const struct pf_regs *regs;
    const struct pf_code_map *map;
    const struct pf_memory *memory;
    struct pf_unwind_cache *cache;
    const struct pf_past *same; /* from here on, all is as it was; NULL: not so */
    struct pf_frame frame;      /* what the last slow step told */
};

enum walk_on {
    WALK_ON,
    WALK_ON_EXACT, /* from a frame that a signal interrupted */
    WALK_SLOW,
    WALK_END,
    WALK_LOST,
    WALK_AGAIN, /* needs registers that only a full walk carries */
};

ALWAYS_INLINE bool read_stack(const struct stack *stack, uint64_t addr, uint64_t *word)
{
    if (UNLIKELY(addr - stack->low > stack->span))
        return false;
    memcpy(word, (const void *)(stack->bias + addr), sizeof *word);
    return true;
}

static uint16_t quick_flags(const struct pf_rule *rule)
{
    uint16_t saves = rule->flags & PF_RULE_FP_SAVED ? PF_QUICK_SAVES : 0;

    if (rule->kind == PF_RULE_END)
        return PF_QUICK_END;
    if (rule->kind != PF_RULE_CFA || (rule->flags & PF_RULE_SIGNAL))
        return PF_QUICK_SLOW;
    if (rule->base == PF_REG_RBP)
        return PF_QUICK_BY_FP | saves;
    return rule->base == PF_REG_RSP && rule->cfa_offset > 0 ? saves : PF_QUICK_SLOW;
}

/* An interrupted writer must leave no entry with one rule's key and another's numbers. */
static void enter_quick(struct pf_quick *quick, uint64_t key, const struct pf_rule *rule)
{
    quick->key = 0;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    quick->cfa_offset = rule->cfa_offset;
    quick->fp_offset = rule->fp_offset;
    quick->flags = quick_flags(rule);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    quick->key = key;
}

/* The pc is not in its own slot: in a neighbour, or nowhere yet. */
static __attribute__((noinline)) struct pf_quick *look_up(const struct walk *walk, uint64_t key)
{
    struct pf_quick *rules = walk->cache->rules;
    uint64_t own = key % PF_CACHED_RULES;
    struct pf_quick *free_one = &rules[own];
    struct pf_frame frame;

    for (uint64_t way = PF_CACHED_WAYS - 1; way > 0; way--) {
        struct pf_quick *quick = &rules[own ^ way];
        if (quick->key == key)
            return quick;
        if (quick->key == 0 && free_one->key != 0)
            free_one = quick;
    }
    enter_quick(free_one, key, pf_frame_rule(&frame, walk->map, key - 1));
    return free_one;
}

ALWAYS_INLINE void set_next(struct pf_quick *quick, ptrdiff_t slot)
{
    quick->flags =
        (uint16_t)((quick->flags & PF_QUICK_FLAGS) | (size_t)slot << PF_QUICK_NEXT_SHIFT);
}

ALWAYS_INLINE struct pf_quick *find_quick(const struct walk *walk, uint64_t key)
{
    struct pf_quick *quick = &walk->cache->rules[key % PF_CACHED_RULES];

    return UNLIKELY(quick->key != key) ? look_up(walk, key) : quick;
}

/* The caller of the frame at needs its frame pointer: so do at, and all inside of it from where it
 * was last saved. */
static void need_fp(struct pf_past *first, struct pf_past *at)
{
    for (; at >= first && !(at->flags & (PF_QUICK_SAVES | PF_PAST_NEEDS_FP)); at--)
        at->flags |= PF_PAST_NEEDS_FP;
}

/* Note the frame for the walk after this one. */
ALWAYS_INLINE void note(struct place *at, uint16_t flags, int16_t fp_offset)
{
    struct pf_past *fresh = at->fresh;

    if (UNLIKELY(fresh == at->fresh_end)) {
        at->is_long = true;
        return;
    }
    fresh->pc = at->pc;
    fresh->sp = at->sp;
    fresh->fp = at->fp;
    fresh->fp_offset = fp_offset;
    fresh->flags = flags;
    at->fresh = fresh + 1;
    if (flags & PF_QUICK_BY_FP) {
        fresh->flags = flags | PF_PAST_NEEDS_FP;
        need_fp(at->fresh_first, fresh - 1);
    }
}

/* To the caller by a common rule. WALK_SLOW: nothing is changed, pf_frame_step must judge. */
ALWAYS_INLINE enum walk_on leave_quick(const struct stack *stack, struct place *at,
                                       const struct pf_quick *quick, uint16_t exact)
{
    uint64_t cfa = at->sp + (uint64_t)(int64_t)quick->cfa_offset;
    uint64_t fp = 0;
    uint64_t pc = 0;

    if (UNLIKELY(quick->flags & (PF_QUICK_END | PF_QUICK_SLOW)))
        return quick->flags & PF_QUICK_END ? WALK_END : WALK_SLOW;
    if (quick->flags & PF_QUICK_BY_FP) {
        cfa = at->fp + (uint64_t)(int64_t)quick->cfa_offset;
        if (UNLIKELY(cfa <= at->sp))
            return WALK_SLOW;
    }
    if (UNLIKELY(!read_stack(stack, cfa - WORD, &pc)) || UNLIKELY(pc == 0))
        return WALK_SLOW;
    /* Without a branch: whether it is saved changes from frame to frame, and the word at the CFA's
     * foot is always there to be read instead. */
    bool saves = quick->flags & PF_QUICK_SAVES;
    int64_t fp_offset = saves ? quick->fp_offset : -WORD;
    if (UNLIKELY(!read_stack(stack, cfa + (uint64_t)fp_offset, &fp)))
        return WALK_SLOW;
    fp = saves ? fp : at->fp;
    note(at, (quick->flags & PF_QUICK_FLAGS) | exact, quick->fp_offset);
    at->pc = pc;
    at->sp = cfa;
    at->fp = fp;
    return WALK_ON;
}

/* The general way knows all registers in the innermost frame, and these three in any other. */
static void fill_regs(const struct walk *walk, const struct place *at, struct pf_regs *regs)
{
    if (at->out == walk->trail->pcs + 1)
        *regs = *walk->regs;
    else
        regs->known = 1U << PF_REG_RBP;
    regs->known |= 1U << PF_REG_PC | 1U << PF_REG_RSP;
    regs->at[PF_REG_PC] = at->pc;
    regs->at[PF_REG_RSP] = at->sp;
    regs->at[PF_REG_RBP] = at->fp;
}

static __attribute__((noinline)) enum walk_on leave_slowly(struct walk *walk, struct place *at,
                                                           bool is_exact)
{
    uint32_t index = (uint32_t)(at->out - walk->trail->pcs);
    struct pf_regs regs;

    fill_regs(walk, at, &regs);
    walk->frame = (struct pf_frame){.lost = PF_LOST_NOT};
    enum pf_step step = pf_frame_step(&walk->frame, &regs, is_exact, walk->map, walk->memory);
    if (step == PF_STEP_LOST)
        return walk->frame.lost == PF_LOST_NO_REGISTER ? WALK_AGAIN : WALK_LOST;
    note(at, PF_QUICK_SLOW | PF_QUICK_BY_FP | (is_exact ? PF_PAST_EXACT : 0), 0);
    if (step == PF_STEP_END)
        return WALK_END;
    if (!(regs.known & 1U << PF_REG_RBP))
        return WALK_AGAIN;
    if (walk->frame.guessed)
        pf_trail_mark_guess(walk->trail, index, &walk->frame);
    if (walk->frame.signal)
        pf_trail_mark(&walk->trail->signals, index);
    at->pc = regs.at[PF_REG_PC];
    at->sp = regs.at[PF_REG_RSP];
    at->fp = regs.at[PF_REG_RBP];
    return walk->frame.signal ? WALK_ON_EXACT : WALK_ON;
}

/* Is next still the caller of at, by the words that made it so? */
ALWAYS_INLINE bool is_same_caller(const struct stack *stack, const struct pf_past *at)
{
    const struct pf_past *next = at + 1;
    uint64_t word = 0;

    if (UNLIKELY(at->flags & PF_QUICK_SLOW) || !read_stack(stack, next->sp - WORD, &word)
        || word != next->pc)
        return false;
    if (!(at->flags & PF_QUICK_SAVES) || !(next->flags & PF_PAST_NEEDS_FP))
        return true;
    return read_stack(stack, next->sp + (uint64_t)(int64_t)at->fp_offset, &word)
           && word == next->fp;
}

/* Frames taken over, but not to the root: noted again, with the frame pointer as it is now. */
static void note_again(const struct walk *walk, struct place *at, const struct pf_past *end)
{
    for (const struct pf_past *past = at->past; past < end; past++) {
        note(at, past->flags & (uint16_t)~PF_PAST_NEEDS_FP, past->fp_offset);
        at->pc = past[1].pc;
        at->sp = past[1].sp;
        if (past->flags & PF_QUICK_SAVES)
            (void)read_stack(&walk->stack, at->sp + (uint64_t)(int64_t)past->fp_offset, &at->fp);
    }
    at->past = end + 1;
}

/*
 * The frame at *at stands where it stood. Take over its callers while nothing has changed; WALK_END
 * if that reaches the root. Else *at is the last one that could be taken over, already written out.
 */
static __attribute__((noinline)) enum walk_on follow(struct walk *walk, struct place *at)
{
    const struct stack stack = walk->stack;
    const struct pf_past *now = at->past;
    uint64_t *out = at->out;
    uint64_t *end = walk->trail->pcs + walk->trail->capacity;

    while (!(now->flags & PF_QUICK_END) && out < end && is_same_caller(&stack, now)) {
        now++;
        *out++ = now->pc;
    }
    at->out = out;
    if (now->flags & PF_QUICK_END) {
        walk->same = at->past;
        at->sp = now->sp;
        return WALK_END;
    }
    note_again(walk, at, now);
    return WALK_ON;
}

ALWAYS_INLINE bool is_met_again(struct place *at)
{
    while (at->past->sp < at->sp)
        at->past++;
    return at->past->sp == at->sp && at->past->pc == at->pc && !(at->past->flags & PF_PAST_EXACT)
           && (!(at->past->flags & PF_PAST_NEEDS_FP) || at->past->fp == at->fp);
}

/* Write the pc out. WALK_LOST: there is no room for it. */
ALWAYS_INLINE enum walk_on put(struct walk *walk, struct place *at, const uint64_t *end)
{
    if (UNLIKELY(at->out == end)) {
        walk->frame = (struct pf_frame){.lost = PF_LOST_DEPTH};
        return WALK_LOST;
    }
    *at->out++ = at->pc;
    return WALK_ON;
}

/* A frame whose pc is exact: the innermost, and what a signal interrupted. */
static enum walk_on leave_exact(struct walk *walk, struct place *at)
{
    enum walk_on on = put(walk, at, walk->trail->pcs + walk->trail->capacity);

    if (on != WALK_ON)
        return on;
    on = leave_quick(&walk->stack, at, find_quick(walk, at->pc + 1), PF_PAST_EXACT);
    if (on == WALK_END)
        note(at, PF_QUICK_END | PF_PAST_EXACT, 0);
    return on == WALK_SLOW ? leave_slowly(walk, at, true) : on;
}

/*
 * Frames that were returned to, as far as common rules and the stack before lead.
 *
 * A rule knows where its caller's was found last time. Where that is so, as it is in nearly all of
 * a stack, the processor goes on to the next rule before the return address has been read: else
 * each frame would wait for two loads, one after the other.
 */
static enum walk_on walk_returns(struct walk *walk)
{
    struct pf_quick none = {0};
    struct pf_quick *rules = walk->cache->rules;
    struct pf_quick *inner = &none;
    struct place at = walk->place;
    const struct stack stack = walk->stack;
    const uint64_t *end = walk->trail->pcs + walk->trail->capacity;
    struct pf_quick *quick = &rules[at.pc % PF_CACHED_RULES];
    enum walk_on on = put(walk, &at, end);

    while (on == WALK_ON) {
        if (is_met_again(&at)) {
            walk->place = at;
            on = follow(walk, &walk->place);
            at = walk->place;
            if (on != WALK_ON)
                break;
            quick = find_quick(walk, at.pc);
        }
        if (UNLIKELY(quick->key != at.pc)) {
            quick = find_quick(walk, at.pc);
            set_next(inner, quick - rules);
        }
        on = leave_quick(&stack, &at, quick, 0);
        if (UNLIKELY(on != WALK_ON))
            break;
        inner = quick;
        quick = &rules[inner->flags >> PF_QUICK_NEXT_SHIFT];
        on = put(walk, &at, end);
    }
    walk->place = at;
    return on;
}

static enum walk_on walk_all(struct walk *walk)
{
    enum walk_on on = leave_exact(walk, &walk->place);

    for (;;) {
        bool is_followed = on == WALK_ON;
        if (on == WALK_ON)
            on = walk_returns(walk);
        else if (on == WALK_ON_EXACT)
            on = leave_exact(walk, &walk->place);
        else
            return on;
        if (on == WALK_SLOW)
            on = leave_slowly(walk, &walk->place, false);
        else if (on == WALK_END && is_followed && !walk->same)
            note(&walk->place, PF_QUICK_END, 0);
    }
}

/* Frames [first, end) of buffer are the stack before, for the walk after this one. */
static void set_past(struct pf_unwind_cache *cache, uint32_t buffer, const struct pf_past *first,
                     const struct pf_past *end)
{
    struct pf_past *frames = cache->frames[buffer];

    frames[end - frames].sp = UINT64_MAX;
    cache->past_buffer = buffer;
    cache->past_end = (uint32_t)(end - frames);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    cache->past_first = (uint32_t)(first - frames);
}

/* Nearly always one or two frames: a call of memcpy would cost more than it does. */
ALWAYS_INLINE void copy_frames(struct pf_past *to, const struct pf_past *from, size_t count)
{
    for (size_t i = 0; i < count; i++)
        to[i] = from[i];
}

/* The fresh frames and, behind them, those of the stack before that are still the same. */
static void remember(const struct walk *walk)
{
    struct pf_unwind_cache *cache = walk->cache;
    struct pf_past *past = cache->frames[cache->past_buffer];
    struct pf_past *past_end = past + cache->past_end;
    struct pf_past *same = walk->same ? past + (walk->same - past) : past_end;
    struct pf_past *fresh = walk->place.fresh_first;
    struct pf_past *fresh_end = walk->place.fresh;

    cache->past_first = cache->past_end; /* nothing, while it is rebuilt */
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    if (walk->place.is_long) {
        set_past(cache, cache->past_buffer, same, past_end);
        return;
    }
    if (walk->same && (same->flags & PF_PAST_NEEDS_FP))
        need_fp(fresh, fresh_end - 1);
    size_t count = (size_t)(fresh_end - fresh);
    size_t same_count = (size_t)(past_end - same);
    if (same_count > 0 && count <= (size_t)(same - past)) {
        copy_frames(same - count, fresh, count);
        set_past(cache, cache->past_buffer, same - count, past_end);
    } else if (same_count <= (size_t)(walk->place.fresh_end - fresh_end)) {
        copy_frames(fresh_end, same, same_count);
        set_past(cache, !cache->past_buffer, fresh, fresh_end + same_count);
    } else {
        set_past(cache, cache->past_buffer, same, past_end);
    }
}

static uint32_t walk_fully(struct pf_trail *trail, const struct pf_regs *regs,
                           const struct pf_code_map *map, const struct pf_memory *memory)
{
    pf_unwind_stack(trail, regs, map, memory);
    return 0;
}

uint32_t pf_unwind_stack_cached(struct pf_trail *trail, const struct pf_regs *regs,
                                const struct pf_code_map *map, const struct pf_memory *memory,
                                struct pf_unwind_cache *cache)
{
    struct pf_past *past = cache->frames[cache->past_buffer];
    struct pf_past *fresh = cache->frames[!cache->past_buffer];
    struct walk walk;

    if (memory->high - memory->low < WORD || memory->high < memory->low || trail->capacity == 0
        || !(regs->known & 1U << PF_REG_RBP))
        return walk_fully(trail, regs, map, memory);
    past[cache->past_end].sp = UINT64_MAX;
    walk.place = (struct place){
        .pc = regs->at[PF_REG_PC],
        .sp = regs->at[PF_REG_RSP],
        .fp = regs->at[PF_REG_RBP],
        .out = trail->pcs,
        .fresh = fresh + PF_CACHED_FRONT,
        .fresh_first = fresh + PF_CACHED_FRONT,
        .fresh_end = fresh + PF_CACHED_FRAMES,
        .past = past + cache->past_first,
    };
    walk.stack = (struct stack){
        .bias = (uintptr_t)memory->bytes - memory->low,
        .low = memory->low,
        .span = memory->high - memory->low - WORD,
    };
    walk.trail = trail;
    walk.regs = regs;
    walk.map = map;
    walk.memory = memory;
    walk.cache = cache;
    walk.same = NULL;
    trail->guessed = trail->signals = 0;

    enum walk_on on = walk_all(&walk);
    if (on == WALK_AGAIN)
        return walk_fully(trail, regs, map, memory);
    const struct pf_past *past_end = past + cache->past_end;
    remember(&walk);
    trail->count = (uint32_t)(walk.place.out - trail->pcs);
    trail->top = walk.place.sp;
    pf_trail_finish(trail, on == WALK_END ? PF_STEP_END : PF_STEP_LOST, &walk.frame);
    return walk.same ? (uint32_t)(past_end - walk.same) : 0;
}

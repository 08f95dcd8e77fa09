/*
 * What the runtime's files share. Everything here is held under mk_lock and dies with the test.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef MOCKS_MOCK_PRIV_H
#define MOCKS_MOCK_PRIV_H

#include "assay/mock.h"

enum { MK_LOG_MAX = 1 << 20 };

/* The rules of one in_order block, and how far it has come. */
struct mk_order {
    struct mk_rule *due; /* the one that was met last, or has yet to be */
    struct mk_rule *last;
    unsigned count;
};

/* Rules made by one fault_plan: met if one of them is. */
struct mk_plan {
    struct mk_plan *older;
    const char *file;
    int line;
    bool optional, by_chance;
    size_t short_bytes; /* 0: a failure */
    unsigned matched;   /* calls of any of its rules, as in a rule */
    unsigned hits;
};

struct mk_rule {
    struct mk_plan *plan;          /* or NULL */
    struct mk_rule *next;          /* of the same function */
    struct mk_rule *next_any;      /* in the order they were added */
    struct mk_rule *next_in_order; /* of the same in_order block */
    struct mk_fn *fn;
    enum mk_verb verb;
    const char *file;
    int line;
    const unsigned char *fields; /* our copy of struct assay_rule_F */
    struct mk_rule_common common;
    unsigned limit;   /* calls it answers; 0: no end */
    unsigned matched; /* calls whose arguments fit */
    unsigned hits;    /* calls it answered */
    struct mk_order *order;
    unsigned position; /* in its order, from 1 */
    /* The call that came nearest to fitting, for the message. */
    unsigned nearest_misses; /* 0: none was seen */
    unsigned nearest_param;
    union mk_value nearest_value;
    const void *nearest_caller;
};

/* First bytes of a buffer of a call, aligned for whatever it held. */
struct mk_seen_bytes {
    struct mk_seen_bytes *next;
    uint8_t param, size;
    _Alignas(16) unsigned char at[];
};

/* One call. args has as many as the function has parameters, ret as many bytes as it returns. */
struct mk_record {
    struct mk_record *next; /* of the same function */
    const struct mk_fn *fn;
    unsigned long seq;
    const void *caller;
    void *view; /* struct assay_call_F, once asked for */
    unsigned char *ret;
    struct mk_seen_bytes *bytes;
    pid_t thread;
    int err;
    bool was_real;
    union mk_value args[];
};

struct mk_state {
    bool active; /* inside a test's body */
    assay_mock_report report;
    struct mk_rule *rules, **rules_end;
    struct mk_order *open_order;
    struct mk_plan *plans;
    unsigned long seq;
    bool log_full;
    uint64_t seed;
    bool seed_told;
};

extern struct mk_state mk_state;

/* mock_state.c. enter: false if this thread is inside the runtime already. */
extern _Thread_local volatile bool mk_inside;
extern _Atomic(const volatile bool *) mk_lock_owner; /* its thread's mk_inside, NULL: free */
void mk_lock_slowly(void);

static inline bool mk_enter(void)
{
    if (mk_inside)
        return false;
    mk_inside = true;
    atomic_signal_fence(memory_order_seq_cst);
    return true;
}

static inline void mk_leave(void)
{
    atomic_signal_fence(memory_order_seq_cst);
    mk_inside = false;
}

static inline bool mk_try_lock(void)
{
    const volatile bool *nobody = NULL;
    return atomic_compare_exchange_strong_explicit(&mk_lock_owner, &nobody, &mk_inside,
                                                   memory_order_acquire, memory_order_relaxed);
}

static inline void mk_lock(void)
{
    if (!mk_try_lock())
        mk_lock_slowly();
}

static inline void mk_unlock(void)
{
    atomic_store_explicit(&mk_lock_owner, NULL, memory_order_release);
}

pid_t mk_thread_id(void);
void mk_arm(struct mk_fn *fn);
struct mk_fn *const *mk_all_fns(void); /* NULL-terminated; NULL if there are none */
/* clock/clock_control.c */
void mk_clock_end(void);

/* mock_arena.c: zeroed memory that lives until the test's end. Ends the process when there is none.
 */
void *mk_new(size_t size);
void *mk_copy(const void *bytes, size_t size);
void mk_arena_reset(void);

/* mock_value.c: between C's storage and the runtime's one kind of value. */
union mk_value mk_load(enum mk_class class, size_t size, const void *from);
void mk_store(enum mk_class class, size_t size, void *to, union mk_value value);
bool mk_is_zero(const void *at, size_t size);

/* mock_match.c: does one argument fit? other_args gives the length of buffers. */
bool mk_matches(const struct mk_matcher *matcher, const struct mk_fn *fn, unsigned param,
                const union mk_value *args);
void mk_capture(const struct mk_matcher *matcher, const struct mk_param *param,
                union mk_value value);
const struct mk_matcher *mk_rule_matcher(const struct mk_rule *rule, unsigned param);
/* How many bytes a buffer parameter shows in this call; 0 if unknown. */
size_t mk_buffer_size(const struct mk_fn *fn, unsigned param, const union mk_value *args);
/* How many bytes its length counts as one. */
size_t mk_buffer_unit(const struct mk_fn *fn, unsigned param, const union mk_value *args);

/* mock_readable.c: how many of the bytes there can be read, from the first on. */
size_t mk_readable(const void *at, size_t size);
void mk_readable_forget(void);

/* mock_short.c: makes a call move at most so many bytes, and ends such a call. */
bool mk_can_be_short(const struct mk_fn *fn);
void mk_cut(struct mk_call *call, size_t bytes);
void mk_cut_end(const struct mk_call *call);

/* mock_rules.c: a rule of a plan, fields kept. */
void mk_rule_add(struct mk_fn *fn, enum mk_verb verb, struct mk_plan *plan,
                 const unsigned char *fields);
/* Is name in the list "a,b c"? */
bool mk_is_named(const char *names, const char *name);
/* The rule that answers this call, or NULL. */
struct mk_rule *mk_rules_pick(struct mk_call *call);
/* mock_check.c: says why a rule would do nothing, or false. */
bool mk_rule_is_sound(const struct mk_rule *rule);
/* Is what it answers a failure of the function? Then out-parameters stay as they are. */
bool mk_rule_fails(const struct mk_rule *rule);
/* Does it say anything at all of the calls, or change them? */
bool mk_rule_is_bare(const struct mk_rule *rule);
/* mock_order.c */
void mk_order_join(struct mk_rule *rule);
void mk_order_met(struct mk_rule *rule);
/* mock_answer.c: fill call with what the rule says. */
enum mk_do mk_answer(struct mk_call *call, const struct mk_rule *rule);
void mk_answer_failure(struct mk_call *call, int err);
void mk_fill_outs(struct mk_call *call, const struct mk_rule *rule);
/* mock_log.c */
struct mk_record *mk_log_open(const struct mk_call *call);
bool mk_returned_failure(const struct mk_fn *fn, union mk_value ret);
void mk_log_close(struct mk_record *record, const struct mk_call *call, const void *ret, int err);
/* mock_judge.c: reports the rules that were not met. */
void mk_judge(void);
/* mock_call.c: how many .call fakes this thread is inside; back to so many after a jump. */
unsigned mk_standing(void);
void mk_standing_reset(unsigned count);
/* mock_exit.c: the EXPECT_EXIT that this call of a function that does not return ends, or NULL. */
struct mk_exit_trap *mk_trap_for(const struct mk_call *call, enum mk_do what);
/* Goes on after it; outside the lock. */
void mk_trap_spring(struct mk_exit_trap *trap);
void mk_trap_forget(void);
/* mock_torture.c */
bool mk_torture_is_due(struct mk_call *call);
void mk_torture_begin(void);
void mk_torture_end(void);

/* mock_patch_ARCH.c: put wrappers before the functions of the program that are patched. Once. */
void mk_patch_all(void);
/* mock_got.c: lead the calls of the named shared libraries to the wrappers, and back. */
void mk_got_divert(void);
void mk_got_restore(void);

/* mock_report.c: a failure of the test at file:line. */
void mk_fail_at(const char *file, int line, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* What was demanded there has been met: a test that only expects asserts something. */
void mk_pass_at(const char *file, int line);
const char *mk_verb_name(enum mk_verb verb);

/* mock_text.c: words for values; text is cut to size. */
void mk_text_value(char *text, size_t size, const struct mk_param *param, union mk_value value);
void mk_text_matcher(char *text, size_t size, const struct mk_matcher *matcher,
                     const struct mk_param *param);

/* mock_symbols.c: the function a return address lies in, "0x..." if it has no name. */
void mk_symbol_name(char *text, size_t size, const void *return_addr);
/* How many functions of the program have this name; the address of the last. */
unsigned mk_symbol_find(const char *name, uintptr_t *address);
bool mk_symbol_is(const void *return_addr, const char *name);

#endif

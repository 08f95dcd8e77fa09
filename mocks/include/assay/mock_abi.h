/*
 * The contract between generated wrappers and the runtime. Not for people: tests include mock.h.
 *
 * A wrapped function is one struct mk_fn with a table of its parameters; rule and call structures
 * are typed in the generated header, and these tables say where in them each field lies. That way
 * wrappers stay a few lines each and the runtime is written once.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ASSAY_MOCK_ABI_H
#define ASSAY_MOCK_ABI_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "assay/mock_match.h"
#include "assay/mock_named.h"

enum { MK_MAX_PARAMS = 10, MK_RET_BYTES = 64, MK_LOG_BYTES = 64, MK_NO_FIELD = 0xffff };

enum mk_verb { MK_MOCK, MK_SPY, MK_FAIL, MK_EXPECT, MK_SEQ };

enum mk_class { MK_VOID, MK_INT, MK_UINT, MK_PTR, MK_NUM, MK_BLOB };

enum mk_role {
    MK_PLAIN,
    MK_STRING, /* NUL-terminated, read by the function */
    MK_READS,  /* a buffer the function reads, length in another parameter */
    MK_FILLS,  /* a buffer the function writes, capacity in another parameter */
    MK_STORES, /* one object the function writes */
};

/* How a function says that it failed. */
enum mk_failure {
    MK_FAILS_NEVER,
    MK_FAILS_ERRNO,  /* returns fail_value and sets errno */
    MK_FAILS_RETURN, /* returns the error number itself, as the pthread functions do */
};

struct mk_param {
    const char *name;
    enum mk_class class;
    enum mk_role role;
    uint16_t size;         /* of the argument itself */
    uint16_t pointee_size; /* MK_STORES */
    uint16_t element_size; /* buffers counted in items, as in poll(); 0: bytes */
    uint8_t element_param; /* 1 + the parameter that says an item's size, as in fread(); 0: none */
    int8_t length_param;   /* MK_READS, MK_FILLS: its index, -1 if unknown */
    bool length_is_object; /* the length parameter points to the length, as in accept() */
    bool length_of_other;  /* this one is the length of a buffer: .with_X lowers, never raises */
    bool fills_return;     /* MK_FILLS: the function returns how much */
    bool returned;         /* the function returns this pointer, as fgets() does */
    uint16_t match_at;     /* offsets in struct assay_rule_F, MK_NO_FIELD if absent */
    uint16_t with_at;
    uint16_t out_at;
    bool out_is_bytes; /* out_X is struct assay_bytes, else a pointer to the object */
    uint16_t call_at;  /* offsets in struct assay_call_F */
    uint16_t call_bytes_at;
};

/* What every rule may carry, first in every struct assay_rule_F. */
#define MK_RULE_COMMON                                                                             \
    MK_NAMED_FIRST;                                                                                \
    int err;           /* errno, or the number returned */                                         \
    unsigned times;    /* how many calls it answers; 0: the verb's own number */                   \
    unsigned nth;      /* only the nth call it matches */                                          \
    unsigned after;    /* not the first so many calls it matches */                                \
    unsigned percent;  /* only so many of 100 calls, by the printed seed */                        \
    bool optional;     /* no complaint if it is never met */                                       \
    pid_t thread;      /* only calls of this thread (gettid) */                                    \
    const char *caller /* only calls from this function */

struct mk_rule_common {
    MK_RULE_COMMON;
};

/* What every logged call has, first in every struct assay_call_F. */
#define MK_CALL_COMMON                                                                             \
    unsigned long seq; /* order among all watched calls of this test, from 1 */                    \
    int err;           /* errno after the call */                                                  \
    bool was_real;     /* the real function ran */                                                 \
    pid_t thread;                                                                                  \
    const void *caller

struct mk_call_common {
    MK_CALL_COMMON;
};

struct mk_rule;

/* A symbol that stands for the function. */
struct mk_link {
    const char *name;
    void (*wrapper)(void);
    void (**real)(void); /* patched functions: where to go on to; NULL for those the linker wraps */
};

struct mk_fn {
    const char *name;
    const struct mk_param *params;
    uint16_t param_count;
    uint16_t rule_size, rule_ret_at, rule_call_at;
    uint16_t call_size, call_ret_at;
    enum mk_class ret_class;
    uint16_t ret_size;
    enum mk_failure failure;
    union mk_value fail_value;
    const int *errnos; /* legal ones, 0 ends; NULL: unknown */
    bool noreturn, blocks, clock;
    const struct mk_link *links; /* ended by a NULL name */

    /* Changes while tests run. */
    atomic_uint armed; /* 0: pass straight through */
    struct mk_rule *rules;
    struct mk_rule **rules_end;
    unsigned long entered; /* calls in this test while armed */
    unsigned long logged;
    struct mk_record *records, *records_end;
    bool asked; /* the test looked at the log */
    bool strict, forbidden, tortured;
    bool defied;           /* strict or forbid was */
    const char *rule_file; /* where strict or forbid stands */
    int rule_line;
};

/* All of them, in the generated file; NULL ends. */
extern struct mk_fn *const mk_wrapped_fns[];
/* Shared libraries whose calls go to the wrappers too; NULL ends. */
extern const char *const mk_wrapped_callers[];

enum mk_do { MK_DO_REAL, MK_DO_CALL, MK_DO_ANSWER };

/* One call of a wrapped function, on the wrapper's stack. */
struct mk_call {
    struct mk_fn *fn;
    const void *caller;
    union mk_value args[MK_MAX_PARAMS];
    bool altered;                                 /* pass args, not what came in */
    void (*instead)(void);                        /* MK_DO_CALL */
    unsigned standing;                            /* .call fakes around this one */
    _Alignas(16) unsigned char ret[MK_RET_BYTES]; /* MK_DO_ANSWER */
    int set_errno;                                /* -1: leave it */
    int errno_at_entry;
    bool nested; /* called by the runtime itself: nothing of it is seen */
    struct mk_record *record;
    struct mk_rule *rule;
};

#define MK_IDLE(fn)                                                                                \
    __builtin_expect(atomic_load_explicit(&(fn).armed, memory_order_relaxed) == 0, 1)

/* An integer type's sign, told by the compiler. */
#define MK_CLASS_OF(type) ((type)-1 < (type)1 ? MK_INT : MK_UINT)

/* Only what mk_call_begin and mk_call_end read before they write: the rest stays unset. */
#define MK_CALL_INIT(call, function)                                                               \
    ((call).fn = &(function), (call).caller = __builtin_return_address(0),                         \
     (call).altered = (call).nested = false, (call).instead = NULL, (call).record = NULL,          \
     (call).rule = NULL)

/* The registers arguments arrive in (System V psABI), for variadic functions of no known shape. */
struct mk_registers {
    uint64_t gp[6];
    uint64_t rax, unused;
    double xmm[8][2];
};

/* What their stub hands to mk_variadic_enter; decide returns where to go on, NULL to return r. */
struct mk_variadic {
    atomic_uint *armed;
    void (*(*decide)(struct mk_registers *r, const void *caller))(void);
    void (**real)(void);
};

enum mk_do mk_call_begin(struct mk_call *call);
/* ret points to the returned value, NULL for none. Sets errno. */
void mk_call_end(struct mk_call *call, const void *ret);
/* A function that does not return was answered without EXPECT_EXIT: ends the test. */
_Noreturn void mk_call_cannot_return(const struct mk_call *call);

void mk_rules_add(struct mk_fn *fn, enum mk_verb verb, const char *file, int line,
                  const void *rules, size_t count);
unsigned long mk_calls(struct mk_fn *fn, const char *file, int line);
const void *mk_call_view(struct mk_fn *fn, unsigned long index, const char *file, int line);
void mk_strict(struct mk_fn *fn, const char *file, int line);
void mk_forbid(struct mk_fn *fn, const char *file, int line);

#define MK_RULE_(fn, verb, type, ...)                                                              \
    MK_STRICTLY(mk_rules_add(&(fn), (verb), __FILE__, __LINE__,                                    \
                             (const type[]){{MK_NAMED(__VA_ARGS__)}}, 1))
/* A rule more than asked for: alone in its braces a bare value would be taken for "all zero". */
#define MK_RULES_(fn, verb, type, ...)                                                             \
    MK_STRICTLY(mk_rules_add(&(fn), (verb), __FILE__, __LINE__,                                    \
                             (const type[]){__VA_ARGS__, {.err = 0}},                              \
                             sizeof((const type[]){__VA_ARGS__}) / sizeof(type)))

#endif

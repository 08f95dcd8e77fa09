/*
 * Our walk against libunwind's, of our own stack, at every single instruction of hard code.
 *
 * The trap flag stops the workload behind each instruction; the handler walks the interrupted stack
 * three ways (ours, ours with a cache, libunwind) and compares frame by frame. libunwind is loaded
 * by itself: linked, it would take over the program's C++ exceptions, and be stepped through.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#define UNW_LOCAL_ONLY
#include <libunwind.h>

#include "profiler/unwind/cfi_program.h"
#include "profiler/unwind/step_priv.h"
#include "profiler/unwind/unwind_cache.h"
#include "tests/unit/profiler/unwind/agreement_work.h"
#include "tests/unit/profiler/unwind/self_map.h"

enum { FRAMES_MAX = 512, TRAP_FLAG = 0x100, ALTSTACK_BYTES = 256 * 1024 };

/* What the handler needs; a handler has no other way to get at it. */
static struct ts_self_map self;
static struct pf_unwind_cache *cache;
static struct pf_memory stack_memory;
static struct {
    int (*init)(unw_cursor_t *, unw_context_t *, int);
    int (*step)(unw_cursor_t *);
    int (*get_reg)(unw_cursor_t *, int, unw_word_t *);
    int (*set_caching_policy)(unw_addr_space_t, unw_caching_policy_t);
    unw_addr_space_t *local_addr_space;
} unw;
static struct {
    size_t stacks, frames, longest;
    size_t different, excused; /* stacks */
    size_t cache_different;
    uint64_t first_pc;
} tally;

static void load_oracle(void)
{
    void *library = dlopen("libunwind.so.8", RTLD_NOW | RTLD_LOCAL);

    cr_assert_not_null(library, "%s", dlerror());
    *(void **)&unw.init = dlsym(library, "_ULx86_64_init_local2");
    *(void **)&unw.step = dlsym(library, "_ULx86_64_step");
    *(void **)&unw.get_reg = dlsym(library, "_ULx86_64_get_reg");
    *(void **)&unw.set_caching_policy = dlsym(library, "_ULx86_64_set_caching_policy");
    unw.local_addr_space = dlsym(library, "_ULx86_64_local_addr_space");
    cr_assert(unw.init && unw.step && unw.get_reg && unw.set_caching_policy
              && unw.local_addr_space);
    /* Its cache takes an interrupted pc for a return address that it saw there before. */
    (void)unw.set_caching_policy(*unw.local_addr_space, UNW_CACHE_NONE);
}

/* Any address of ours may be asked for: the kernel says whether it is readable. */
static bool read_any(void *from, uint64_t addr, uint64_t *word)
{
    (void)from;
    if (addr < 65536 || addr > 0x7fffffffffff)
        return false;
    if (msync((void *)(addr & ~4095UL), 4096, MS_ASYNC) != 0)
        return false;
    memcpy(word, (const void *)addr, sizeof *word);
    return true;
}

static struct pf_regs regs_of(const ucontext_t *context)
{
    static const int order[] = {REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI,
                                REG_RBP, REG_RSP, REG_R8,  REG_R9,  REG_R10, REG_R11,
                                REG_R12, REG_R13, REG_R14, REG_R15, REG_RIP};
    struct pf_regs regs = {.known = (1U << PF_REG_COUNT) - 1};

    for (int i = 0; i < PF_REG_COUNT; i++)
        regs.at[i] = (uint64_t)context->uc_mcontext.gregs[order[i]];
    return regs;
}

static size_t walk_theirs(ucontext_t *context, uint64_t *pcs)
{
    unw_cursor_t cursor;
    unw_word_t pc = 0;
    size_t count = 0;

    (void)unw.init(&cursor, context, UNW_INIT_SIGNAL_FRAME);
    do {
        (void)unw.get_reg(&cursor, UNW_REG_IP, &pc);
        if (pc != 0 || count == 0)
            pcs[count++] = pc;
    } while (count < FRAMES_MAX && unw.step(&cursor) > 0);
    return count;
}

static bool is_equal(const struct pf_trail *ours, const uint64_t *theirs, size_t count)
{
    return ours->is_rooted && ours->count == count
           && memcmp(ours->pcs, theirs, count * sizeof *theirs) == 0;
}

/* longjmp says where the stack pointer itself will come from. libunwind knows no such rule and
 * takes the CFA, here the address of the jmp_buf, for it. */
static bool has_own_stack_pointer(const struct pf_trail *ours)
{
    const struct pf_code_map map = ts_self_map_view(&self);
    struct pf_frame frame;
    const struct pf_rule *rule = pf_frame_rule(&frame, &map, ours->pcs[0]);

    if (!ours->is_rooted || rule->kind != PF_RULE_GENERAL || (rule->flags & PF_RULE_SIGNAL))
        return false;
    const struct pf_rows *rows = frame.code->rows;
    const struct pf_general *generals = pf_rows_at(rows, rows->generals_at);
    return generals[rule->cfa_offset].regs[PF_REG_RSP].kind != PF_COL_SAME;
}

/* Where libunwind ends for want of a rule we look on, and mark what we find. */
static bool is_guess_beyond_theirs(const struct pf_trail *ours, const uint64_t *theirs,
                                   size_t count)
{
    size_t known = ours->guessed ? (size_t)__builtin_ctzll(ours->guessed) : 0;

    return known > 0 && count >= known && memcmp(ours->pcs, theirs, known * sizeof *theirs) == 0;
}

/* gcc 12's rules for a realigned frame still say "rbp is saved where rbp points" behind the pop of
 * rbp: in the two last instructions (lea -8(%r10),%rsp; ret) nobody can know the caller's rbp. */
static bool is_realigned_epilogue(uint64_t pc)
{
    static const uint8_t lea[] = {0x49, 0x8d, 0x62, 0xf8, 0xc3};
    const uint8_t *at = (const uint8_t *)pc;

    return memcmp(at, lea, sizeof lea) == 0 || memcmp(at - 4, lea, sizeof lea) == 0;
}

/* Is there a "mov %rcx,%rsp" of libgcc just ahead, or just behind? */
static bool is_before_stack_switch(uint64_t pc, size_t reach_bytes)
{
    static const uint8_t move[] = {0x48, 0x89, 0xcc};
    Dl_info info = {0};

    if (dladdr((void *)pc, &info) == 0 || !info.dli_fname || !strstr(info.dli_fname, "libgcc_s"))
        return false;
    return memmem((const void *)(pc - sizeof move - 1), reach_bytes, move, sizeof move) != NULL;
}

/* The functions of libgcc that leave by __builtin_eh_return, with the help of one they call last,
 * put the handler's registers where their own rules look for their caller's, and then move the
 * stack pointer up there: meanwhile their rules lead nowhere. */
static bool is_leaving_for_handler(const struct pf_trail *ours)
{
    return is_before_stack_switch(ours->pcs[0], 140)
           || (ours->count > 1 && is_before_stack_switch(ours->pcs[1], 200));
}

static void compare(const struct pf_trail *ours, const uint64_t *theirs, size_t count)
{
    tally.stacks++;
    tally.frames += count;
    tally.longest = count > tally.longest ? count : tally.longest;
    if (is_equal(ours, theirs, count))
        return;
    if (has_own_stack_pointer(ours) || is_guess_beyond_theirs(ours, theirs, count)
        || is_realigned_epilogue(ours->pcs[0]) || is_leaving_for_handler(ours))
        tally.excused++;
    else if (tally.different++ == 0)
        tally.first_pc = ours->pcs[0];
}

static void walk(ucontext_t *context)
{
    static uint64_t pcs[FRAMES_MAX];
    static uint64_t cached_pcs[FRAMES_MAX];
    static uint64_t theirs[FRAMES_MAX];
    struct pf_trail ours = {.pcs = pcs, .capacity = FRAMES_MAX};
    struct pf_trail cached = {.pcs = cached_pcs, .capacity = FRAMES_MAX};
    struct pf_regs regs = regs_of(context);
    struct pf_code_map map = ts_self_map_view(&self);

    pf_unwind_stack(&ours, &regs, &map, &stack_memory);
    (void)pf_unwind_stack_cached(&cached, &regs, &map, &stack_memory, cache);
    compare(&ours, theirs, walk_theirs(context, theirs));
    tally.cache_different += cached.count != ours.count || cached.is_rooted != ours.is_rooted
                             || cached.guessed != ours.guessed || cached.signals != ours.signals
                             || memcmp(cached_pcs, pcs, ours.count * sizeof *pcs) != 0;
}

static void on_trap(int number, siginfo_t *info, void *context)
{
    int kept = errno;

    (void)number;
    (void)info;
    walk(context);
    errno = kept;
}

static void no_probe(void)
{
}

/* The handler runs on a stack of its own, so that the workload's is left as it is. */
static void prepare(void)
{
    static _Alignas(64) uint8_t cache_block[PF_UNWIND_CACHE_BYTES];
    stack_t alternate = {.ss_sp = malloc(ALTSTACK_BYTES), .ss_size = ALTSTACK_BYTES};
    struct sigaction action = {.sa_sigaction = on_trap, .sa_flags = SA_SIGINFO | SA_ONSTACK};

    load_oracle();
    ts_self_map_build(&self);
    cache = pf_unwind_cache_view(cache_block);
    stack_memory = ts_self_stack(__builtin_frame_address(0));
    stack_memory.low = stack_memory.high - 1024 * 1024;
    stack_memory.bytes = (const void *)stack_memory.low;
    stack_memory.read_word = read_any;
    ts_work_probe = no_probe;
    cr_assert_eq(sigaltstack(&alternate, NULL), 0);
    cr_assert_eq(sigaction(SIGTRAP, &action, NULL), 0);
}

static inline __attribute__((always_inline)) void set_trap_flag(void)
{
    __asm__ volatile("leaq -128(%%rsp), %%rsp\n\t"
                     "pushfq\n\t"
                     "orq %0, (%%rsp)\n\t"
                     "popfq\n\t"
                     "leaq 128(%%rsp), %%rsp"
                     :
                     : "i"(TRAP_FLAG)
                     : "memory", "cc");
}

static inline __attribute__((always_inline)) void clear_trap_flag(void)
{
    __asm__ volatile("leaq -128(%%rsp), %%rsp\n\t"
                     "pushfq\n\t"
                     "andq %0, (%%rsp)\n\t"
                     "popfq\n\t"
                     "leaq 128(%%rsp), %%rsp"
                     :
                     : "i"(~TRAP_FLAG)
                     : "memory", "cc");
}

/* alloca makes the compiler address this frame by rbp: the pushes above then confuse nobody. */
static __attribute__((noinline)) int step_through(int (*work)(int), int argument)
{
    volatile char *anchor = __builtin_alloca(16 + (size_t)(argument & 15));

    anchor[0] = 1;
    set_trap_flag();
    int result = work(argument);
    clear_trap_flag();
    return result + anchor[0];
}

/* excused_at_most: of a thousand stacks. */
static void expect_agreement(size_t stacks_at_least, size_t excused_at_most)
{
    cr_log_info("%zu stacks, %zu frames, longest %zu: %zu stacks differ, %zu for a known reason",
                tally.stacks, tally.frames, tally.longest, tally.different, tally.excused);
    cr_expect_eq(tally.different, 0, "first at pc %#lx", (unsigned long)tally.first_pc);
    cr_expect_leq(tally.excused * 1000, excused_at_most * tally.stacks);
    cr_expect_eq(tally.cache_different, 0);
    cr_expect_geq(tally.stacks, stacks_at_least, "the workload was not stepped through");
}

static void expect_agreement_in(int (*work)(int), int argument, size_t stacks_at_least,
                                size_t excused_at_most)
{
    prepare();

    (void)step_through(work, argument);

    expect_agreement(stacks_at_least, excused_at_most);
}

Test(local_agreement, plt_and_resolver)
{
    expect_agreement_in(ts_work_call_library, 12345, 5000, 0);
}

Test(local_agreement, vdso)
{
    expect_agreement_in(ts_work_ask_clock, 1, 50, 0);
}

Test(local_agreement, alloca_and_variable_frames)
{
    expect_agreement_in(ts_work_grow_stack, 17, 50, 0);
}

/* Two stacks of some fifty. */
Test(local_agreement, realigned_stack)
{
    expect_agreement_in(ts_work_realign_stack, 5, 50, 40);
}

Test(local_agreement, deep_recursion)
{
    expect_agreement_in(ts_work_recurse, 200, 1000, 0);
    cr_assert_gt(tally.longest, 200);
}

Test(local_agreement, callback_from_libc)
{
    expect_agreement_in(ts_work_sort, 7, 300, 0);
}

Test(local_agreement, call_as_last_instruction)
{
    expect_agreement_in(ts_work_end_in_noreturn, 7, 50, 10);
}

Test(local_agreement, hand_written_string_functions)
{
    expect_agreement_in(ts_work_use_vectors, 3, 50, 0);
}

Test(local_agreement, cxx_exceptions)
{
    expect_agreement_in(ts_work_throw, 3, 20000, 2);
}

static void on_user_signal(int number)
{
    (void)number;
    /* On through the return from this handler: the trampoline too. */
    set_trap_flag();
    (void)ts_work_recurse(3);
}

static int raise_user_signal(int seed)
{
    return raise(SIGUSR1) + seed;
}

static void step_through_signal(int flags)
{
    struct sigaction action = {.sa_handler = on_user_signal, .sa_flags = flags};

    prepare();
    cr_assert_eq(sigaction(SIGUSR1, &action, NULL), 0);
    (void)step_through(raise_user_signal, 1);
    expect_agreement(200, 0);
}

Test(local_agreement, signal_handler_on_the_stack)
{
    step_through_signal(0);
}

Test(local_agreement, signal_handler_on_an_alternate_stack)
{
    step_through_signal(SA_ONSTACK);
}

static void *run_thread(void *data)
{
    stack_t alternate = {.ss_sp = malloc(ALTSTACK_BYTES), .ss_size = ALTSTACK_BYTES};

    cr_assert_eq(sigaltstack(&alternate, NULL), 0);
    (void)step_through(ts_work_recurse, 20);
    return data;
}

Test(local_agreement, thread_ends_at_clone)
{
    pthread_t thread;

    prepare();
    cr_assert_eq(pthread_create(&thread, NULL, run_thread, NULL), 0);
    cr_assert_eq(pthread_join(thread, NULL), 0);

    expect_agreement(100, 0);
}

/* SPDX-License-Identifier: MIT */
#include "profiler/session/leaks_threads.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>

#include "profiler/base/arena.h"
#include "profiler/trace/handshake.h"
#include "profiler/trace/region.h"

enum { VECTOR_BYTES = 4096, RED_ZONE = 128, THREADS_MAX = 1 << 20 };

void pf_leaks_threads_word(struct pf_leaks_threads *threads, uint64_t word)
{
    if (threads->word_count == threads->word_capacity) {
        threads->word_capacity = threads->word_capacity ? threads->word_capacity * 2 : 256;
        threads->words =
            pf_mem_resize(threads->words, threads->word_capacity, sizeof *threads->words);
    }
    threads->words[threads->word_count++] = word;
}

static void take_words(struct pf_leaks_threads *threads, const void *bytes, size_t size)
{
    for (size_t at = 0; at + sizeof(uint64_t) <= size; at += sizeof(uint64_t)) {
        uint64_t word;
        memcpy(&word, (const uint8_t *)bytes + at, sizeof word);
        if (word != 0)
            pf_leaks_threads_word(threads, word);
    }
}

static void read_thread(struct pf_leaks_threads *out, pid_t tid)
{
    struct user_regs_struct regs;
    uint64_t vectors[VECTOR_BYTES / sizeof(uint64_t)];
    struct iovec part = {.iov_base = vectors, .iov_len = sizeof vectors};

    if (ptrace(PTRACE_GETREGS, tid, NULL, &regs) != 0)
        return;
    out->at[out->count++] =
        (struct pf_leaks_thread){.live_from = regs.rsp - RED_ZONE, .control_block = regs.fs_base};
    take_words(out, &regs, sizeof regs);
    /* A compiler may keep the only pointer in a vector register; not across a call, though, and a
     * thread in a system call is in one: what they hold then is stale. */
    if ((int64_t)regs.orig_rax < 0
        && ptrace(PTRACE_GETREGSET, tid, (void *)(uintptr_t)NT_X86_XSTATE, &part) == 0)
        take_words(out, vectors, part.iov_len);
}

void pf_leaks_threads_read(struct pf_leaks_threads *out, const pid_t *tids, uint32_t count)
{
    *out = (struct pf_leaks_threads){.at = pf_mem_new(count + 1u, sizeof *out->at)};
    for (uint32_t i = 0; i < count; i++)
        read_thread(out, tids[i]);
}

bool pf_leaks_threads_asked(struct pf_leaks_threads *out, const struct pf_region *region,
                            const struct pf_leave *leave)
{
    const struct pf_leave_thread *from = pf_region_part(region, leave->threads_at);
    uint64_t end = region->work_at + region->sizes.work_bytes;

    if (leave->thread_count > THREADS_MAX || leave->threads_at < region->work_at
        || leave->threads_at > end || leave->threads_at % sizeof(uint64_t)
        || end - leave->threads_at < leave->thread_count * sizeof *from)
        return false;
    *out = (struct pf_leaks_threads){.at = pf_mem_new(leave->thread_count + 1u, sizeof *out->at)};
    for (uint32_t i = 0; i < leave->thread_count; i++) {
        uint32_t words = from[i].word_count;
        out->at[out->count++] = (struct pf_leaks_thread){.live_from = from[i].live_from,
                                                         .control_block = from[i].control_block};
        take_words(out, from[i].words,
                   (words < PF_LEAVE_WORDS_MAX ? words : PF_LEAVE_WORDS_MAX) * sizeof(uint64_t));
    }
    return true;
}

void pf_leaks_threads_fini(struct pf_leaks_threads *threads)
{
    free(threads->at);
    free(threads->words);
    *threads = (struct pf_leaks_threads){0};
}

/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "profiler/session/leaks_glibc.h"
#include "profiler/session/leaks_kernel.h"
#include "profiler/session/leaks_memory.h"
#include "profiler/session/leaks_ranges.h"
#include "profiler/session/leaks_threads.h"
#include "profiler/trace/handshake.h"
#include "profiler/trace/region.h"

static struct pf_bytes bytes_of(const char *text)
{
    return (struct pf_bytes){text, strlen(text)};
}

Test(leaks_ranges, joins_what_touches_and_keeps_what_does_not)
{
    struct pf_leaks_spans spans = {0};

    pf_leaks_spans_add(&spans, 50, 60);
    pf_leaks_spans_add(&spans, 10, 20);
    pf_leaks_spans_add(&spans, 15, 30);
    pf_leaks_spans_add(&spans, 30, 40);
    pf_leaks_spans_add(&spans, 7, 7);
    pf_leaks_spans_normalize(&spans);

    cr_assert_eq(spans.count, 2);
    cr_assert_eq(spans.at[0].start, 10);
    cr_assert_eq(spans.at[0].end, 40);
    cr_assert(pf_leaks_spans_has(&spans, 39));
    cr_assert_not(pf_leaks_spans_has(&spans, 40));
    pf_leaks_spans_fini(&spans);
}

Test(leaks_ranges, leaves_the_parts_outside)
{
    struct pf_leaks_spans spans = {0};
    struct pf_leaks_spans left = {0};

    pf_leaks_spans_add(&spans, 10, 20);
    pf_leaks_spans_add(&spans, 30, 40);
    pf_leaks_spans_normalize(&spans);
    pf_leaks_spans_outside(&spans, 15, 50, &left);

    cr_assert_eq(left.count, 2);
    cr_assert_eq(left.at[0].start, 20);
    cr_assert_eq(left.at[0].end, 30);
    cr_assert_eq(left.at[1].start, 40);
    cr_assert_eq(left.at[1].end, 50);
    pf_leaks_spans_fini(&spans);
    pf_leaks_spans_fini(&left);
}

Test(leaks_kernel, reads_what_epoll_holds_with_and_without_flag_bits)
{
    struct pf_leaks_threads words = {0};

    pf_leaks_epoll_words(&words, bytes_of("pos:\t0\nflags:\t02\n"
                                          "tfd:        6 events:       1d data: 5555deadbee1  "
                                          "pos:0 ino:16 sdev:8\n"
                                          "tfd:        7 events:       1d data:           10 \n"));

    cr_assert_eq(words.word_count, 3);
    cr_assert_eq(words.words[0], 0x5555deadbee1);
    cr_assert_eq(words.words[1], 0x5555deadbee0);
    cr_assert_eq(words.words[2], 0x10);
    pf_leaks_threads_fini(&words);
}

Test(leaks_kernel, reads_what_timers_hold)
{
    struct pf_leaks_threads words = {0};

    pf_leaks_timer_words(&words, bytes_of("ID: 0\nsignal: 60/00007fff86e452a8\nnotify: x\n"));

    cr_assert_eq(words.word_count, 1);
    cr_assert_eq(words.words[0], 0x7fff86e452a8);
    pf_leaks_threads_fini(&words);
}

Test(leaks_kernel, lines_cut_anywhere_give_no_more_than_they_hold)
{
    static const char line[] = "tfd: 6 events: 1d data: ff0";

    for (size_t size = 0; size < sizeof line; size++) {
        struct pf_leaks_threads words = {0};
        pf_leaks_epoll_words(&words, (struct pf_bytes){line, size});
        cr_assert_leq(words.word_count, 2);
        pf_leaks_threads_fini(&words);
    }
}

Test(leaks_glibc, knows_the_heap_of_an_arena)
{
    const uint64_t address = 0x7f5000000000;
    const uint64_t first[] = {address + 0x30, 0, 0x21000, 0x21000};
    const uint64_t second[] = {0x7f4000000030, 0x7f4000000000, 0x1000, 0x2000};
    const uint64_t data[] = {address + 0x30, 5, 0x21000, 0x21000};
    const uint64_t large[] = {address + 0x30, 0, 0x9000000, 0x9000000};
    uint64_t size = 0;

    cr_assert(pf_glibc_is_heap(address, first, &size));
    cr_assert_eq(size, 0x21000);
    cr_assert(pf_glibc_is_heap(address, second, &size));
    cr_assert_not(pf_glibc_is_heap(address, data, &size));
    cr_assert_not(pf_glibc_is_heap(address, large, &size));
    cr_assert_not(pf_glibc_is_heap(address + 4096, first, &size));
}

Test(leaks_glibc, tells_a_dead_thread_from_a_live_one)
{
    static uint64_t words[1024];
    const uint64_t start = 0x7f0000000000;
    const uint64_t dead_at = start + 64 * 8;
    const uint64_t live_at = start + 512 * 8;
    struct pf_leak_range range = {start, (const uint8_t *)words, sizeof words};
    struct pf_leaks_spans dead = {0};

    words[64] = words[66] = dead_at;
    words[512] = words[514] = live_at;
    pf_glibc_dead_stacks(&range, start - 4096, &live_at, 1, &dead);

    cr_assert_eq(dead.count, 1);
    cr_assert_eq(dead.at[0].start, start - 4096);
    cr_assert_eq(dead.at[0].end, dead_at + PF_GLIBC_TCB_BYTES);
    pf_leaks_spans_fini(&dead);
}

Test(leaks_glibc, knows_the_main_arena_by_its_empty_bins)
{
    static uint64_t words[1024];
    const uint64_t start = 0x7f1000000000;
    struct pf_leak_range range = {start, (const uint8_t *)words, sizeof words};
    struct pf_leaks_spans arena = {0};

    for (unsigned i = 200; i < 200 + 200; i += 2)
        words[i] = words[i + 1] = start + i * 8 - 16;
    pf_glibc_arena(&range, &arena);

    cr_assert_eq(arena.count, 1);
    cr_assert_leq(arena.at[0].start, start + 200 * 8 - 112);
    cr_assert_geq(arena.at[0].end, start + 200 * 8 + 254 * 8);
    pf_leaks_spans_fini(&arena);

    memset(words, 0, sizeof words);
    words[10] = words[11] = start + 10 * 8 - 16; /* one list head is no arena */
    pf_glibc_arena(&range, &arena);
    cr_assert_eq(arena.count, 0);
}

Test(leaks_memory, copies_touched_pages_and_leaves_the_others)
{
    const size_t size = 64 << 20;
    struct pf_leaks_memory memory;
    struct pf_leaks_copies copies = {0};
    char *pages = mmap(NULL, size, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    cr_assert_neq(pages, MAP_FAILED);
    (void)madvise(pages, size, MADV_NOHUGEPAGE);
    (void)strcpy(pages + 5 * 4096, "here");
    (void)strcpy(pages + size - 4096, "there");

    pf_leaks_memory_open(&memory, getpid(), -1);
    uint64_t start = (uint64_t)(uintptr_t)pages;
    pf_leaks_memory_runs(&memory, start, start + size, true, &copies);

    cr_assert_eq(copies.count, 2);
    cr_assert_eq(copies.at[0].start, start + 5 * 4096);
    cr_assert_str_eq((const char *)copies.at[0].bytes, "here");
    cr_assert_str_eq((const char *)copies.at[1].bytes, "there");
    cr_assert_eq(copies.copied_bytes, 2 * 4096);
    pf_leaks_copies_fini(&copies);

    pf_leaks_memory_whole(&memory, start + 100, start + 6 * 4096, &copies);
    cr_assert_eq(copies.count, 1);
    cr_assert_eq(copies.at[0].size, 6 * 4096 - 100);
    cr_assert_str_eq((const char *)copies.at[0].bytes + 5 * 4096 - 100, "here");
    cr_assert_eq(copies.at[0].bytes[0], 0);
    pf_leaks_copies_fini(&copies);
    pf_leaks_memory_close(&memory);
    (void)munmap(pages, size);
}

Test(leaks_memory, what_cannot_be_read_is_counted_and_zero)
{
    struct pf_leaks_memory memory;
    struct pf_leaks_copies copies = {0};
    char *pages = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    cr_assert_neq(pages, MAP_FAILED);
    memset(pages, 7, 3 * 4096);
    (void)mprotect(pages + 4096, 4096, PROT_NONE);

    pf_leaks_memory_open(&memory, getpid(), -1);
    uint64_t start = (uint64_t)(uintptr_t)pages;
    pf_leaks_memory_whole(&memory, start, start + 3 * 4096, &copies);

    cr_assert_eq(copies.unreadable_bytes, 4096);
    cr_assert_eq(copies.at[0].bytes[0], 7);
    cr_assert_eq(copies.at[0].bytes[4096], 0);
    cr_assert_eq(copies.at[0].bytes[2 * 4096], 7);
    pf_leaks_copies_fini(&copies);
    pf_leaks_memory_close(&memory);
    (void)munmap(pages, 3 * 4096);
}

/* A descriptor of the memory is as good as the right to trace. */
Test(leaks_memory, is_read_through_a_descriptor_that_was_handed_over)
{
    static const char text[] = "in the memory of the other";
    int fd = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
    struct pf_leaks_memory memory;
    char got[sizeof text] = "";

    cr_assert_geq(fd, 0);
    pf_leaks_memory_open(&memory, 1 << 30, fd); /* a process that does not exist */
    ssize_t size = pf_leaks_memory_read(&memory, (uint64_t)(uintptr_t)text, got, sizeof got);

    cr_expect_eq(size, (ssize_t)sizeof got);
    cr_expect_str_eq(got, text);
    cr_expect_leq(pf_leaks_memory_read(&memory, 8, got, sizeof got), 0);
    pf_leaks_memory_close(&memory);
    (void)close(fd);
}

static const struct pf_region_sizes SMALL_REGION = {
    .leaf_count = 2, .pc_count = 64, .module_count = 2, .thread_count = 2, .work_bytes = 8192};

static struct pf_region *make_region(void)
{
    uint64_t size = pf_region_bytes(&SMALL_REGION);
    struct pf_region *region = mmap(NULL, size, PROT_READ | PROT_WRITE,
                                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    cr_assert_neq((void *)region, MAP_FAILED);
    pf_region_init(region, &SMALL_REGION);
    return region;
}

Test(leaks_threads, takes_what_stopped_threads_wrote_down)
{
    struct pf_region *region = make_region();
    struct pf_leave_thread *from = pf_region_part(region, region->work_at);
    struct pf_leave leave = {.threads_at = region->work_at, .thread_count = 2};
    struct pf_leaks_threads threads = {0};

    from[0] = (struct pf_leave_thread){
        .live_from = 0x1000, .control_block = 0x2000, .word_count = 2, .words = {7, 8}};
    from[1] = (struct pf_leave_thread){.live_from = 0x3000, .word_count = UINT32_MAX, .words = {9}};

    cr_assert(pf_leaks_threads_asked(&threads, region, &leave));
    cr_expect_eq(threads.count, 2);
    cr_expect_eq(threads.at[0].live_from, 0x1000);
    cr_expect_eq(threads.at[0].control_block, 0x2000);
    cr_expect_eq(threads.word_count, 3,
                 "zeros are no pointers; more words than there is room are "
                 "not believed");
    cr_expect_eq(threads.words[2], 9);
    pf_leaks_threads_fini(&threads);
}

Test(leaks_threads, refuses_a_list_that_lies_outside_of_the_region)
{
    struct pf_region *region = make_region();
    uint64_t end = region->work_at + SMALL_REGION.work_bytes;
    const struct pf_leave hostile[] = {
        {.threads_at = 0, .thread_count = 1},
        {.threads_at = region->work_at - 8, .thread_count = 1},
        {.threads_at = region->work_at + 4, .thread_count = 1},
        {.threads_at = end - 8, .thread_count = 1},
        {.threads_at = end + 8, .thread_count = 0},
        {.threads_at = UINT64_MAX - 7, .thread_count = 1},
        {.threads_at = region->work_at, .thread_count = UINT32_MAX},
        {.threads_at = region->work_at, .thread_count = 1 << 20},
    };

    for (unsigned i = 0; i < sizeof hostile / sizeof *hostile; i++) {
        struct pf_leaks_threads threads = {0};
        cr_expect_not(pf_leaks_threads_asked(&threads, region, &hostile[i]), "case %u", i);
        cr_expect_null(threads.at);
    }
}

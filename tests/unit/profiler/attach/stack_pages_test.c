/* SPDX-License-Identifier: MIT */
#include "profiler/attach/stack_pages.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const char maps[] = "00400000-00401000 r-xp 00000000 08:01 11 /usr/bin/server\n"
                           "01000000-01021000 rw-p 00000000 00:00 0 [heap]\n"
                           "7f0000000000-7f0000001000 ---p 00000000 00:00 0 \n"
                           "7f0000001000-7f0000801000 rw-p 00000000 00:00 0 \n"
                           "7f0000801000-7f0000802000 ---p 00000000 00:00 0 \n"
                           "7f0000803000-7f0001003000 rw-p 00000000 00:00 0 \n"
                           "7f0001003000-7f0001004000 ---p 00001000 08:01 12 /lib/libx.so\n"
                           "7f0001004000-7f0001005000 rw-p 00000000 00:00 0 \n"
                           "7ffd00000000-7ffd00021000 rw-p 00000000 00:00 0 [stack]\n";

static struct pf_bytes view(const char *text, size_t size)
{
    return (struct pf_bytes){text, size};
}

Test(stack_pages, what_lies_behind_a_guard_page_is_a_stack)
{
    struct pf_stack_range found[8];

    cr_assert_eq(pf_stack_pages_find(view(maps, sizeof maps - 1), found, 8), 2u);
    cr_expect_eq(found[0].start, 0x7f0000001000u);
    cr_expect_eq(found[0].end, 0x7f0000801000u);
    cr_expect_eq(found[1].start, 0x7ffd00000000u);
    cr_expect_eq(pf_stack_pages_find(view(maps, sizeof maps - 1), found, 1), 1u);
}

Test(stack_pages, nothing_below_the_beginning_of_a_stack_is_asked_for)
{
    struct pf_stack_list stacks = {.count = 2, .at = {{0x1000, 0x9000}, {0x20000, 0x40000}}};
    struct pf_stack_range range = {0};

    cr_assert(pf_stack_pages_below(&stacks, 0x21008, 0x8000, &range));
    cr_expect_eq(range.start, 0x20000u);
    cr_expect_eq(range.end, 0x21008u);
    cr_assert(pf_stack_pages_below(&stacks, 0x3fff8, 0x8000, &range));
    cr_expect_eq(range.start, 0x37ff8u);
    cr_expect_not(pf_stack_pages_below(&stacks, 0x9000, 0x8000, &range), "its end is not in it");
    cr_expect_not(pf_stack_pages_below(&stacks, 0xff8, 0x8000, &range));
}

/* Is the page there? Bit 63 of /proc/PID/pagemap's word for it. */
static bool is_there(uintptr_t at)
{
    uint64_t word = 0;
    int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);

    cr_assert_geq(fd, 0);
    off_t offset = (off_t)(at / (uintptr_t)sysconf(_SC_PAGESIZE) * sizeof word);
    cr_assert_eq(pread(fd, &word, sizeof word, offset), (ssize_t)sizeof word);
    (void)close(fd);
    return word >> 63;
}

/* The last page of all is there as well, though the range ends within it. */
Test(stack_pages, a_range_need_not_end_with_a_page)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *memory = mmap(NULL, 4 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    cr_assert_neq((void *)memory, MAP_FAILED);
    struct pf_stack_range range = {(uintptr_t)memory + page, (uintptr_t)memory + 2 * page + 8};
    pf_stack_pages_touch(getpid(), &range);
    cr_expect_not(is_there((uintptr_t)memory));
    cr_expect(is_there((uintptr_t)memory + page));
    cr_expect(is_there((uintptr_t)memory + 2 * page));
    cr_expect_not(is_there((uintptr_t)memory + 3 * page));
}

Test(stack_pages, any_beginning_of_the_text_is_no_harm)
{
    struct pf_stack_range found[8];

    for (size_t size = 0; size < sizeof maps; size++)
        cr_expect_leq(pf_stack_pages_find(view(maps, size), found, 8), 2u);
    cr_expect_eq(pf_stack_pages_find(view("garbage\n\n-\n", 11), found, 8), 0u);
}

static void *use_part_of_a_buffer(void *there)
{
    enum { BUFFER_BYTES = 96 << 10 };
    volatile char buffer[BUFFER_BYTES];
    struct pf_stack_list stacks;
    bool *is = there;

    buffer[0] = 1;
    is[0] = is_there((uintptr_t)buffer + BUFFER_BYTES / 2);
    pf_stack_pages_list(&stacks, getpid());
    pf_stack_pages_fault_in(&stacks, getpid());
    is[1] = is_there((uintptr_t)buffer + BUFFER_BYTES / 2);
    return NULL;
}

Test(stack_pages, the_untouched_middle_of_a_buffer_is_there_afterwards)
{
    pthread_t thread;
    bool is[2] = {true, false};

    cr_assert_eq(pthread_create(&thread, NULL, use_part_of_a_buffer, is), 0);
    (void)pthread_join(thread, NULL);
    if (is[0])
        cr_skip_test("huge pages make it be there already");
    cr_expect(is[1]);
}

/* SPDX-License-Identifier: MIT */
#include "profiler/attach/wait_place.h"

#include <criterion/criterion.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "profiler/base/clock.h"
#include "profiler/base/spawn.h"

Test(wait_place, a_system_call_has_its_place_after_six_arguments)
{
    struct pf_wait_place place;

    cr_assert(pf_wait_place_parse(
        &place, "232 0x5 0x7f7dd6f6ffc0 0x2790 0x64 0x2 0x0 0x7ffe57fec7e0 0x7f7dd7926f36"));
    cr_expect_eq(place.syscall, SYS_epoll_wait);
    cr_expect_eq(place.stack_pointer, 0x7ffe57fec7e0u);
    cr_expect_eq(place.pc, 0x7f7dd7926f36u);
    cr_expect(place.has_stack);
    cr_expect_not(place.is_running);
    cr_expect_str_eq(pf_wait_place_state(&place), "epoll");
    cr_expect_str_eq(pf_wait_place_name(&place), "epoll_wait");
}

Test(wait_place, a_page_fault_has_no_arguments)
{
    struct pf_wait_place place;

    cr_assert(pf_wait_place_parse(&place, "-1 0x7ffe0000 0x401000"));
    cr_expect_eq(place.syscall, -1);
    cr_expect_eq(place.pc, 0x401000u);
    cr_expect_str_eq(pf_wait_place_name(&place), "page fault");
}

Test(wait_place, a_running_thread_has_none)
{
    struct pf_wait_place place;

    cr_assert(pf_wait_place_parse(&place, "running"));
    cr_expect(place.is_running);
    cr_expect_not(place.has_stack);
}

Test(wait_place, every_truncation_is_refused_or_has_no_more_than_it_says)
{
    static const char text[] = "202 0x5 0x7f 0x27 0x64 0x2 0x0 0x7ffe57fec7e0 0x7f7dd7926f36";
    struct pf_wait_place place;
    char cut[sizeof text];

    for (size_t size = 0; size < sizeof text - strlen("0x7f7dd7926f36") - 1; size++) {
        memcpy(cut, text, size);
        cut[size] = '\0';
        cr_expect_not(pf_wait_place_parse(&place, cut), "'%s'", cut);
    }
    cr_expect_not(pf_wait_place_parse(&place, "garbage"));
    cr_expect_not(pf_wait_place_parse(&place, ""));
}

Test(wait_place, disk_sleep_is_told_from_the_call)
{
    struct pf_wait_place place = {.syscall = SYS_read};

    cr_expect_str_eq(pf_wait_place_state(&place), "io");
    place.is_disk = true;
    cr_expect_str_eq(pf_wait_place_state(&place), "disk");
    place = (struct pf_wait_place){.syscall = -1, .channel = "pipe_read"};
    cr_expect_str_eq(pf_wait_place_name(&place), "pipe_read");
    cr_expect_str_eq(pf_wait_place_state(&place), "other");
}

Test(wait_place, a_child_that_sleeps_is_found_asleep)
{
    char *argv[] = {"sleep", "60", NULL};
    struct pf_spawn spec = {.argv = argv};
    struct pf_child child = {0};
    struct pf_err err = {0};
    struct pf_wait_place place = {0};
    uint64_t deadline_ns = pf_clock_now_ns() + UINT64_C(10000000000);

    cr_assert(pf_child_start(&child, &spec, &err), "%s", err.text);
    while (pf_wait_place_read(&place, child.pid, child.pid)
           && strcmp(pf_wait_place_state(&place), "sleep") != 0 && pf_clock_now_ns() < deadline_ns)
        ;
    cr_expect_str_eq(pf_wait_place_state(&place), "sleep");
    cr_expect(place.has_stack);

    /* Its stack can be read from there up. */
    uint64_t word = 0;
    cr_expect_eq(pf_remote_read(child.pid, place.stack_pointer, &word, sizeof word), sizeof word);
    pf_child_stop(&child, 0);
    cr_expect_not(pf_wait_place_read(&place, 1 << 29, 1 << 29));
}

Test(wait_place, remote_reads_end_where_the_mapping_does)
{
    enum { PAGE = 4096 };
    static char copy[4 * PAGE];
    char *at = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    cr_assert_neq(at, MAP_FAILED);
    memset(at, 'x', 2 * PAGE);
    (void)munmap(at + 2 * PAGE, PAGE);
    cr_expect_eq(pf_remote_read(getpid(), (uint64_t)(uintptr_t)at + 100, copy, sizeof copy),
                 (size_t)2 * PAGE - 100);
    cr_expect_eq(copy[2 * PAGE - 101], 'x');
    cr_expect_eq(pf_remote_read(getpid(), 8, copy, sizeof copy), 0u);
    (void)munmap(at, 2 * PAGE);
}

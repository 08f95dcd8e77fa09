/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mocks/mock_priv.h"

enum { PAGE = 4096 };

static char *pages; /* three, the second of them not there */

static void map_pages(void)
{
    pages = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    cr_assert_neq(pages, MAP_FAILED);
    cr_assert_eq(munmap(pages + PAGE, PAGE), 0);
}

TestSuite(mock_readable, .init = map_pages);

Test(mock_readable, memory_reaches_to_its_last_page)
{
    cr_assert_eq(mk_readable(pages, 10), 10);
    cr_assert_eq(mk_readable(pages, PAGE), PAGE);
    cr_assert_eq(mk_readable(pages, PAGE + 1), PAGE);
    cr_assert_eq(mk_readable(pages + PAGE - 3, 10), 3);
    cr_assert_eq(mk_readable(pages + PAGE, 1), 0);
    cr_assert_eq(mk_readable(pages + 2 * PAGE, 10), 10);
}

Test(mock_readable, what_is_no_address_has_nothing)
{
    cr_assert_eq(mk_readable(NULL, 1), 0);
    cr_assert_eq(mk_readable((const void *)(uintptr_t)8, 5), 0);
    cr_assert_eq(mk_readable((const void *)(uintptr_t)0x4141414141414141, 1), 0);
    cr_assert_eq(mk_readable((const void *)UINTPTR_MAX, 1), 0);
    cr_assert_eq(mk_readable(pages, 0), 0);
}

Test(mock_readable, memory_that_may_not_be_read_is_not)
{
    cr_assert_eq(mprotect(pages, PAGE, PROT_NONE), 0);
    cr_assert_eq(mk_readable(pages, 1), 0);
}

Test(mock_readable, a_test_starts_without_the_pages_of_the_last)
{
    cr_assert_eq(mk_readable(pages, 1), 1);
    cr_assert_eq(munmap(pages, PAGE), 0);
    mk_readable_forget();
    cr_assert_eq(mk_readable(pages, 1), 0);
}

Test(mock_readable, errno_stays)
{
    errno = EDOM;
    (void)mk_readable(pages, PAGE + 1);
    cr_assert_eq(errno, EDOM);
}

/* SPDX-License-Identifier: MIT */
#include "profiler/base/sink.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <unistd.h>

Test(sink, batches_reach_the_buffer_in_order)
{
    struct pf_err err = {0};
    struct pf_buf buf = {0};
    struct pf_sink sink;
    char large[100000];

    memset(large, 'x', sizeof large);
    pf_sink_init(&sink, pf_sink_to_buf, &buf);
    pf_sink_put_str(&sink, "a");
    pf_sink_put(&sink, large, sizeof large);
    pf_sink_printf(&sink, "%d", 42);
    pf_sink_put_u64(&sink, UINT64_MAX);
    cr_assert(pf_sink_finish(&sink, &err));

    cr_assert_eq(buf.size, 1 + sizeof large + 2 + 20);
    cr_assert_str_eq(pf_buf_cstr(&buf) + 1 + sizeof large, "4218446744073709551615");
    pf_sink_fini(&sink);
    pf_buf_fini(&buf);
}

Test(sink, printf_longer_than_its_small_buffer_is_whole)
{
    struct pf_err err = {0};
    struct pf_buf buf = {0};
    struct pf_sink sink;

    pf_sink_init(&sink, pf_sink_to_buf, &buf);
    pf_sink_printf(&sink, "%5000d", 1);
    cr_assert(pf_sink_finish(&sink, &err));
    cr_assert_eq(buf.size, 5000);
    pf_sink_fini(&sink);
    pf_buf_fini(&buf);
}

Test(sink, failed_write_is_told_at_the_end)
{
    struct pf_err err = {0};
    struct pf_sink sink;
    int fd = open("/dev/full", O_WRONLY);

    pf_sink_init(&sink, pf_sink_to_fd, &fd);
    pf_sink_put_str(&sink, "text");
    cr_assert_not(pf_sink_finish(&sink, &err));
    cr_assert_not_null(strstr(err.text, "No space left"));
    pf_sink_fini(&sink);
    (void)close(fd);
}

Test(sink, buffer_at_its_maximum_is_an_error)
{
    struct pf_err err = {0};
    struct pf_buf buf = {.max = 4};
    struct pf_sink sink;

    pf_sink_init(&sink, pf_sink_to_buf, &buf);
    pf_sink_put_str(&sink, "12345");
    cr_assert_not(pf_sink_finish(&sink, &err));
    cr_assert_eq(err.code, PF_ERR_LIMIT);
    pf_sink_fini(&sink);
    pf_buf_fini(&buf);
}

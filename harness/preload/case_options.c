/* SPDX-License-Identifier: MIT */
#include "harness/preload/case_options.h"

#include <criterion/criterion.h>
#include <sys/uio.h>
#include <unistd.h>

/* .data may hold anything, so it is read in a way that cannot fault, and believed only with our
 * mark. */
static bool read_options(struct assay_test_options *out,
                         const struct criterion_test_extra_data *data)
{
    struct assay_test_options found = {0};

    if (!data || !data->data)
        return false;
    struct iovec to = {&found, sizeof found};
    struct iovec from = {data->data, sizeof found};
    if (process_vm_readv(getpid(), &to, 1, &from, 1, 0) != (ssize_t)sizeof found)
        return false;
    if (found.magic != ASSAY_OPTIONS_MAGIC)
        return false;
    *out = found;
    return true;
}

struct assay_test_options hn_options_read(const struct criterion_test *test,
                                          const struct criterion_suite *suite)
{
    struct assay_test_options own = {0}, shared = {0};

    (void)read_options(&own, test->data);
    (void)read_options(&shared, suite->data);
    if (!own.tags)
        own.tags = shared.tags;
    if (!own.retries)
        own.retries = shared.retries;
    if (!own.memory_mb)
        own.memory_mb = shared.memory_mb;
    own.network_namespace |= shared.network_namespace;
    return own;
}

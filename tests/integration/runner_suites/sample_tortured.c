/*
 * Torture that passes, crashes, hangs, loses memory or a descriptor, and proves nothing.
 *
 * SPDX-License-Identifier: MIT
 */
#include <assay/runner.h>

#include "torture_store.h"

AssayTorture(torture, takes_it_well, .fail = ASSAY_CALLS(malloc, open))
{
    cr_assert_eq(store_well("/dev/null"), 0);
}

AssayTorture(torture, crashes, .fail = ASSAY_CALLS(malloc))
{
    cr_assert_eq(store_crashing(), 0);
}

AssayTorture(torture, loses_descriptor, .fail = ASSAY_CALLS(malloc, open))
{
    cr_assert_eq(store_leaking_fd("/dev/null"), 0);
}

AssayTorture(torture, loses_memory, .fail = ASSAY_CALLS(malloc, open))
{
    cr_assert_eq(store_leaking_memory("/dev/null"), 0);
}

AssayTorture(torture, hangs, .fail = ASSAY_CALLS(open))
{
    cr_assert_eq(store_hanging("/dev/null"), 0);
}

AssayTorture(torture, names_what_is_not_wrapped, .fail = ASSAY_CALLS(malloc, opn, write))
{
    cr_assert_eq(store_well("/dev/null"), 0);
}

AssayTorture(torture, is_skipped, .fail = ASSAY_CALLS(malloc))
{
    cr_skip_test("not here");
}

AssayTorture(torture, meets_no_call, .fail = ASSAY_CALLS(malloc))
{
    cr_assert(1);
}

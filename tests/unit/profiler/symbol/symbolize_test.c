/* SPDX-License-Identifier: MIT */
#include "profiler/symbol/symbolize.h"

#include <criterion/criterion.h>
#include <string.h>
#include <unistd.h>

#include "sample_object.h"

#define SAMPLE_SOURCE ASSAY_SOURCE_DIR "/tests/unit/profiler/symbol/sample_inlines.c"

static const struct pf_symbolize our_view = {.skip_debuginfod = true};

/* The whole truth about sample_mark: three functions, each with the line it stands at. */
static void expect_inlines(const struct ts_named *named)
{
    cr_assert_eq(ts_line_count(named), 3);
    cr_assert_str_eq(ts_function(named, 0), "innermost");
    cr_assert_str_eq(ts_function(named, 1), "middle");
    cr_assert_str_eq(ts_function(named, 2), "sample_outer");
    cr_assert_eq(ts_line(named, 0), ts_source_line(SAMPLE_SOURCE, "/* INNERMOST */"));
    cr_assert_eq(ts_line(named, 1), ts_source_line(SAMPLE_SOURCE, "/* MIDDLE */"));
    cr_assert_eq(ts_line(named, 2), ts_source_line(SAMPLE_SOURCE, "/* OUTER */"));
    for (uint32_t i = 0; i < 3; i++)
        cr_assert_str_eq(ts_file(named, i), SAMPLE_SOURCE);
}

Test(symbolize, inlined_functions_are_lines_leaf_first)
{
    uint64_t mark = ts_symbol_value(SAMPLE_INLINES, "sample_mark");

    struct ts_named named = ts_name_address(SAMPLE_INLINES, SAMPLE_INLINES, mark, &our_view);

    expect_inlines(&named);
    cr_assert_eq(named.stats.named, 1);
    cr_assert_eq(named.stats.with_lines, 1);
    const struct pf_mapping *mapping = pf_profile_mapping_at(&named.profile, 0);
    cr_assert(mapping->has_functions && mapping->has_lines && mapping->has_inlines);
    ts_named_fini(&named);
}

/* What people and machines are told: the text report, JSON, speedscope, comparisons.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <jansson.h>

#include "profiler/base/sink.h"
#include "profiler/profile/profile.h"
#include "profiler/profile/summary.h"
#include "profiler/report/diff.h"
#include "profiler/report/quality.h"
#include "tests/unit/profiler/profile/stacks_fixture.h"
#include "tests/unit/profiler/report/report_fixture.h"

static struct pf_profile profile, other;
static struct pf_buf buf;
static struct pf_err err;
static struct pf_diff diff;

static void end(void)
{
    pf_profile_fini(&profile);
    pf_profile_fini(&other);
    pf_diff_fini(&diff);
    pf_buf_fini(&buf);
}

TestSuite(text, .fini = end);
TestSuite(json, .fini = end);
TestSuite(speedscope, .fini = end);
TestSuite(quality, .fini = end);
TestSuite(diff, .fini = end);

static const char *written(const char *format, const struct pf_report_options *options)
{
    pf_buf_reset(&buf);
    ts_write(&buf, &profile, format, options);
    return pf_buf_cstr(&buf);
}

Test(text, header_says_how_far_to_trust)
{
    ts_rich_profile(&profile);

    const char *text = written("text", NULL);

    cr_assert(strstr(text, "srv --port 1 (pid 42), engine perf, mode cpu, 100 Hz, 1.0 s"), "%s",
              text);
    cr_assert(strstr(text, "100 samples, 2 lost (1.96 %), 90.00 % rooted"));
    cr_assert(strstr(text, "/lib/strange.so: no rule, 10 samples"));
    cr_assert(strstr(text, "estimated cost to the target 0.50 %"));
    cr_assert(strstr(text, "warning: only 100 samples"));
    cr_assert(strstr(text, "warning: only 90.0 % of the stacks"));
    cr_assert(strstr(text, "warning: 2.0 % of the samples were lost"));
}

Test(text, header_tells_independent_samples_from_their_overruns)
{
    static struct pf_summary summary;
    ts_rich_profile(&profile);
    (void)pf_summary_load(&summary, &profile);
    summary.independent = 40;
    pf_summary_store(&summary, &profile);

    const char *text = written("text", NULL);

    cr_assert(strstr(text, "100 samples, 40 of them independent, 2 lost"), "%s", text);
    cr_assert(strstr(text, "warning: only 40 samples are independent"), "%s", text);
}

Test(text, header_counts_the_other_processes)
{
    static struct pf_summary summary;
    ts_rich_profile(&profile);
    (void)pf_summary_load(&summary, &profile);
    summary.process_count = 3;
    summary.processes[0] = (struct pf_summary_process){42, "srv", 90};
    summary.processes[1] = (struct pf_summary_process){43, "srv", 9};
    summary.processes[2] = (struct pf_summary_process){44, "srv", 1};
    pf_summary_store(&summary, &profile);

    cr_assert(strstr(written("text", NULL), "srv --port 1 (pid 42) and 2 more processes, engine"));
    cr_assert(strstr(written("svg", NULL), "(pid 42) and 2 more processes"));
}

Test(text, table_has_self_and_total)
{
    ts_rich_profile(&profile);

    const char *text = written("text", NULL);

    cr_assert(strstr(text, " 90.00%   900.0 ms  90.00%   900.0 ms  copy(int)"), "%s", text);
    cr_assert(strstr(text, "  0.00%   0.000 ms 100.00%     1.00 s  main"), "%s", text);
}

Test(text, tree_shows_callers_and_callees)
{
    struct pf_report_options options = {.tree = true};
    ts_rich_profile(&profile);

    const char *text = written("text", &options);

    cr_assert(strstr(text, "   90.00%  <- main\n 90.00%  serve  (self 0.00%)\n"
                           "   90.00%  -> copy(int)\n"),
              "%s", text);
}

Test(text, tree_goes_as_deep_as_asked_both_ways)
{
    struct pf_report_options options = {.tree = true, .tree_depth = 2};
    ts_read_text(&profile, "a;b;c;d;e 6\na;b;c;x;y 4\n");

    const char *text = written("text", &options);

    cr_expect(strstr(text, "    100.00%  <- a\n"
                           "  100.00%  <- b\n"
                           "100.00%  c  (self 0.00%)\n"
                           "   60.00%  -> d\n"
                           "     60.00%  -> e\n"
                           "   40.00%  -> x\n"
                           "     40.00%  -> y\n\n"),
              "%s", text);
    cr_expect(strstr(text, "100.00%  a  (self 0.00%)\n"
                           "  100.00%  -> b\n"
                           "    100.00%  -> c\n\n"),
              "no third level: %s", text);
}

Test(text, tree_of_a_recursive_function_adds_up_to_its_total)
{
    struct pf_report_options options = {.tree = true};
    ts_read_text(&profile, "main;f;f;f;leaf 7\nmain;f;leaf 3\n");

    const char *text = written("text", &options);

    cr_expect(strstr(text, "  100.00%  <- main\n"
                           "100.00%  f  (self 0.00%)\n"
                           "   70.00%  -> f\n"
                           "     70.00%  -> f\n"
                           "       70.00%  -> leaf\n"
                           "   30.00%  -> leaf\n\n"),
              "%s", text);
}

Test(text, groups_have_a_table_each_the_dearest_first)
{
    struct pf_report_options options = {.per_process = true, .per_thread = true};
    pf_profile_init(&profile);
    (void)pf_profile_add_value_type(&profile, "samples", "count");
    ts_add_labelled(&profile, "main;cheap", "nginx", 1, 10);
    ts_add_labelled(&profile, "main;dear", "nginx", 2, 70);
    ts_add_stack(&profile, "main;unknown", 20);

    const char *text = written("text", &options);
    const char *dear = strstr(text, "nginx, thread 2: 70.00%, 70\n");
    const char *unknown = strstr(text, "(of nobody): 20.00%, 20\n");
    const char *cheap = strstr(text, "nginx, thread 1: 10.00%, 10\n");

    cr_assert(dear && unknown && cheap && dear < unknown && unknown < cheap, "%s", text);
    const char *row = strstr(dear, "  dear\n");
    cr_expect(row && row < unknown, "%s", text);
    cr_expect_null(strstr(unknown, "  dear\n"), "in its own table alone: %s", text);
}

Test(text, control_characters_never_reach_the_terminal)
{
    pf_profile_init(&profile);
    (void)pf_profile_add_value_type(&profile, "samples", "count");
    ts_add_stack(&profile, "evil\033[2Jname\a", 1);

    const char *text = written("text", NULL);

    cr_assert_null(strchr(text, '\033'));
    cr_assert_null(strchr(text, '\a'));
}

Test(text, empty_profile_is_told)
{
    static struct pf_summary summary;
    pf_profile_init(&profile);
    (void)pf_profile_add_value_type(&profile, "samples", "count");
    summary = (struct pf_summary){.engine = "perf", .mode = "cpu"};
    pf_summary_store(&summary, &profile);

    cr_assert(strstr(written("text", NULL), "warning: no samples"));
}

Test(text, unknown_value_lists_those_there_are)
{
    struct pf_report_options options = {.value = "bytes"};
    struct pf_sink sink;
    ts_rich_profile(&profile);
    pf_sink_init(&sink, pf_sink_to_buf, &buf);

    cr_assert_not(pf_report_format_named("text")->write(&profile, &options, &sink, &err));
    cr_assert(strstr(err.text, "samples, cpu"), "%s", err.text);
    pf_sink_fini(&sink);
}

Test(json, has_the_documented_shape)
{
    ts_rich_profile(&profile);
    json_error_t error;

    json_t *root = json_loads(written("json", NULL), 0, &error);

    cr_assert(root, "%s", error.text);
    json_t *summary = json_object_get(root, "summary");
    cr_assert_eq(json_integer_value(json_object_get(root, "assay")), 1);
    cr_assert_eq(json_integer_value(json_object_get(summary, "samples")), 100);
    cr_assert_float_eq(json_real_value(json_object_get(summary, "rooted_percent")), 90, 1e-6);
    cr_assert_str_eq(json_string_value(json_object_get(summary, "started")),
                     "2023-11-14T22:13:20Z");
    json_t *first = json_array_get(json_object_get(root, "functions"), 0);
    cr_assert_str_eq(json_string_value(json_object_get(first, "function")), "copy(int)");
    cr_assert_eq(json_integer_value(json_object_get(first, "self")), 900000000);
    json_decref(root);
}

Test(json, foreign_profile_says_null_not_zero)
{
    ts_read_text(&profile, "main 1\nmain;a 2\n");

    json_t *root = json_loads(written("json", NULL), 0, NULL);
    json_t *summary = json_object_get(root, "summary");

    cr_assert_str_eq(json_string_value(json_object_get(summary, "engine")), "import");
    cr_assert(json_is_null(json_object_get(summary, "lost")));
    cr_assert(json_is_null(json_object_get(summary, "rooted_percent")));
    json_decref(root);
}

Test(speedscope, samples_and_weights_match)
{
    ts_rich_profile(&profile);

    json_t *root = json_loads(written("speedscope", NULL), 0, NULL);
    json_t *only = json_array_get(json_object_get(root, "profiles"), 0);
    json_t *frames = json_object_get(json_object_get(root, "shared"), "frames");
    json_t *samples = json_object_get(only, "samples"), *weights = json_object_get(only, "weights");

    cr_assert_eq(json_array_size(samples), json_array_size(weights));
    cr_assert_str_eq(json_string_value(json_object_get(only, "unit")), "nanoseconds");
    cr_assert_eq(json_integer_value(json_object_get(only, "endValue")), 1000000000);
    size_t root_frame = (size_t)json_integer_value(json_array_get(json_array_get(samples, 0), 0));
    cr_assert_str_eq(json_string_value(json_object_get(json_array_get(frames, root_frame), "name")),
                     "main");
    json_decref(root);
}

Test(quality, exact_profiles_get_no_warning)
{
    char lines[PF_QUALITY_WARNINGS][PF_QUALITY_WARNING_BYTES];
    static struct pf_summary summary;

    summary = (struct pf_summary){.engine = "callgrind"};
    cr_assert_eq(pf_quality_warnings(&summary, lines), 0);
    summary = (struct pf_summary){.engine = "perf", .samples = 10000, .rooted = 9990};
    cr_assert_eq(pf_quality_warnings(&summary, lines), 0);
}

Test(quality, few_are_those_that_are_independent)
{
    char lines[PF_QUALITY_WARNINGS][PF_QUALITY_WARNING_BYTES];
    static struct pf_summary summary;

    summary =
        (struct pf_summary){.engine = "agent", .samples = 900, .rooted = 900, .independent = 300};

    cr_assert_eq(pf_quality_warnings(&summary, lines), 1);
    cr_assert(strstr(lines[0], "only 300 samples are independent"), "%s", lines[0]);
}

Test(quality, process_that_used_cpu_time_is_not_called_idle)
{
    char lines[PF_QUALITY_WARNINGS][PF_QUALITY_WARNING_BYTES];
    static struct pf_summary summary;

    summary = (struct pf_summary){.engine = "perf", .target_cpu_ns = 640000000};
    cr_assert_eq(pf_quality_warnings(&summary, lines), 1);
    cr_assert(strstr(lines[0], "no samples, though 0.640 s of CPU time were used"), "%s", lines[0]);
    summary = (struct pf_summary){.engine = "perf"};
    cr_assert_eq(pf_quality_warnings(&summary, lines), 1);
    cr_assert(strstr(lines[0], "no CPU time was used"), "%s", lines[0]);
}

Test(quality, what_a_reader_left_out_is_a_warning)
{
    ts_read_text(&profile, "main;a 500\nmain;b 400\nmain;c 100\nmain;d");

    cr_assert(strstr(written("text", NULL), "warning: left out: the last line"));
}

Test(quality, few_counts_of_a_foreign_profile_are_few)
{
    ts_read_text(&profile, "main;a 5\nmain;b 4\n");

    cr_assert(strstr(written("text", NULL), "warning: only 9 samples, if each count is one"));
}

static void compare(void)
{
    ts_read_text(&profile, "main;a 500\nmain;b 400\nmain;gone 100\n");
    ts_read_text(&other, "main;a 900\nmain;b 400\nmain;fresh 700\n");
    cr_assert(pf_diff_init(&diff, &profile, &other, NULL, &err), "%s", err.text);
}

static const char *diff_written(const char *format)
{
    struct pf_report_options options = {0};
    struct pf_sink sink;

    pf_buf_reset(&buf);
    pf_sink_init(&sink, pf_sink_to_buf, &buf);
    cr_assert(pf_report_format_named(format)->write_diff(&diff, &options, &sink, &err));
    cr_assert(pf_sink_finish(&sink, &err));
    pf_sink_fini(&sink);
    return pf_buf_cstr(&buf);
}

Test(diff, folded_has_both_counts)
{
    compare();

    cr_assert_str_eq(diff_written("folded"),
                     "main;a 500 900\nmain;b 400 400\nmain;fresh 0 700\nmain;gone 100 0\n");
}

Test(diff, table_is_in_shares_and_marks_noise)
{
    compare();

    const char *text = diff_written("text");

    cr_assert(strstr(text, "   0.00%  35.00%  +35.00"), "%s", text);
    cr_assert(strstr(text, "  50.00%  45.00%   -5.00"), "%s", text);
    const char *root = strstr(text, "  100.00% 100.00%   +0.00 ~");
    cr_assert(root || strstr(text, "100.00%   +0.00 ~"), "%s", text);
}

Test(diff, json_has_sides_and_margins)
{
    compare();

    json_t *root = json_loads(diff_written("json"), 0, NULL);
    json_t *first = json_array_get(json_object_get(root, "functions"), 0);

    cr_assert_eq(json_integer_value(json_object_get(json_object_get(root, "new"), "samples")),
                 2000);
    cr_assert_str_eq(json_string_value(json_object_get(first, "function")), "fresh");
    cr_assert(json_real_value(json_object_get(json_object_get(first, "self"), "margin_points"))
              > 0);
    json_decref(root);
}

Test(diff, picture_colours_growth_and_loss)
{
    compare();

    const char *text = diff_written("svg");

    cr_assert(strstr(text, "class=\"d8\""));
    cr_assert(strstr(text, "\"diff\":true"));
}

Test(diff, is_not_written_in_formats_for_one_profile)
{
    compare();

    cr_assert(!pf_diff_save(&diff, pf_report_format_named("pprof"), &(struct pf_report_options){0},
                            "/nowhere/x", &err));
    cr_assert_eq(err.code, PF_ERR_USAGE);
    cr_assert(strstr(err.text, "pprof"), "%s", err.text);
}

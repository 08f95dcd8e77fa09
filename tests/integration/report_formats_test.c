/*
 * assay report on profiles that other tools made here and now, and other tools on ours.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/support/command.h"
#include "tests/support/json_schema.h"

/* Two functions with a known split, one shared by both callers. */
static const char folded[] = "main;serve;parse 600\\nmain;serve;send;copy 250\\n"
                             "main;idle;copy 100\\nmain;idle;sys_wait_[k] 50\\n";

/* The file's path; made anew for each test, which is a process of its own. */
static const char *sample_file(void)
{
    static char path[128];

    (void)snprintf(path, sizeof path, "%s/sample.folded", ts_temp_dir());
    struct ts_result made = ts_run("printf '%s' > %s", folded, path);
    cr_assert_eq(made.status, 0);
    ts_result_fini(&made);
    return path;
}

static bool has_tool(const char *name)
{
    struct ts_result found = ts_run("command -v %s", name);
    bool has = found.status == 0;

    ts_result_fini(&found);
    return has;
}

static void assert_json(const char *json, const char *schema)
{
    char why[512] = "";

    cr_assert(ts_json_follows(json, schema, why, sizeof why), "%s: %s", schema, why);
}

/* Run, expect this status, and this text on stdout and stderr together. */
static void expect(int status, const char *says, const char *command)
{
    struct ts_result result = ts_run("cd %s && (%s) 2>&1", ts_temp_dir(), command);

    cr_expect_eq(result.status, status, "%s: exit %d: %s", command, result.status, ts_out(&result));
    cr_expect(strstr(ts_out(&result), says), "%s said: %s", command, ts_out(&result));
    ts_result_fini(&result);
}

Test(report, go_tool_pprof_sees_the_same_totals)
{
    if (!has_tool("go"))
        cr_skip_test("no go here (apt-get install golang-go)");
    const char *file = sample_file();

    struct ts_result result =
        ts_run("cd %s && assay report %s -o s.pb.gz && export GOTOOLCHAIN=local GOPROXY=off "
               "PPROF_TMPDIR=$PWD && go tool pprof -top -nodecount=99 s.pb.gz && "
               "go tool pprof -raw s.pb.gz",
               ts_temp_dir(), file);

    cr_assert_eq(result.status, 0, "%s", ts_err(&result));
    cr_assert(strstr(ts_out(&result), "100% of 1000 total"), "%s", ts_out(&result));
    cr_assert(strstr(ts_out(&result), "600 60.00% 60.00%        600 60.00%  parse"), "%s",
              ts_out(&result));
    cr_assert(strstr(ts_out(&result), "350 35.00%"), "%s", ts_out(&result));
    cr_assert(strstr(ts_out(&result), "samples/count[dflt]"), "%s", ts_out(&result));
    ts_result_fini(&result);
}

Test(report, google_pprof_sees_the_same_totals)
{
    if (!has_tool("google-pprof"))
        cr_skip_test("no google-pprof here (apt-get install google-perftools)");
    const char *file = sample_file();

    struct ts_result result =
        ts_run("cd %s && assay report %s -o s.gperf && google-pprof --text "
               "s.gperf && assay report s.gperf --value samples --format folded",
               ts_temp_dir(), file);

    cr_assert_eq(result.status, 0, "%s", ts_err(&result));
    cr_assert(strstr(ts_out(&result), "Total: 1000 samples"), "%s", ts_out(&result));
    cr_assert(strstr(ts_out(&result), "600  60.0%  60.0%      600  60.0% parse"), "%s",
              ts_out(&result));
    cr_assert(strstr(ts_out(&result), "main;serve;send;copy 250\n"), "%s", ts_out(&result));
    ts_result_fini(&result);
}

Test(report, json_follows_its_schema_whoever_recorded)
{
    const char *file = sample_file();
    struct ts_result result = ts_run("assay report %s --format json", file);

    assert_json(ts_out(&result), "report.json");
    ts_result_fini(&result);
    result = ts_run("cd %s && assay report %s -o s.gperf && assay report s.gperf --format json",
                    ts_temp_dir(), file);
    assert_json(ts_out(&result), "report.json");
    ts_result_fini(&result);
    result = ts_run("assay diff %s %s --format json", file, file);
    assert_json(ts_out(&result), "diff.json");
    ts_result_fini(&result);
}

Test(report, every_format_survives_a_second_reading)
{
    static const char *const formats[] = {"pprof", "folded", "gperftools"};
    const char *file = sample_file();
    struct ts_result before = ts_run("assay report %s --format text --value samples", file);

    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        struct ts_result after =
            ts_run("cd %s && assay report %s --format %s > x && assay report x --format %s > y "
                   "&& assay report y --value samples --format folded",
                   ts_temp_dir(), file, formats[i], formats[i]);
        cr_expect(strstr(ts_out(&after), "main;serve;parse 600\n"), "%s: %s %s", formats[i],
                  ts_out(&after), ts_err(&after));
        cr_expect(strstr(ts_out(&after), "main;idle;copy 100\n"), "%s", formats[i]);
        ts_result_fini(&after);
    }
    ts_result_fini(&before);
}

Test(report, standard_input_and_several_files_are_read)
{
    const char *file = sample_file();
    struct ts_result result =
        ts_run("cat %s | assay report - %s --focus parse --format folded", file, file);

    cr_assert_str_eq(ts_out(&result), "main;serve;parse 1200\n", "%s", ts_err(&result));
    ts_result_fini(&result);
}

Test(report, nothing_left_by_focus_is_told)
{
    (void)sample_file();
    expect(0, "of 4 stacks none is left by --focus and --ignore",
           "assay report sample.folded --focus nowhere");
}

Test(report, named_pipe_is_read_to_its_end)
{
    struct ts_result piped =
        ts_run("mkfifo %s/p && { cat %s > %s/p & assay report %s/p --format folded; }",
               ts_temp_dir(), sample_file(), ts_temp_dir(), ts_temp_dir());

    cr_expect_eq(piped.status, 0, "%s", ts_err(&piped));
    cr_expect_not_null(strstr(ts_out(&piped), "main;serve;parse 600"));
    ts_result_fini(&piped);
}

Test(report, perf_script_becomes_a_flamegraph)
{
    struct ts_result made =
        ts_run("cd %s && perf record -F 499 -g -o p.data -- awk 'BEGIN { for (i = 0; i < 4000000; "
               "i++) x += i }' && perf script -i p.data > p.txt && test -s p.txt",
               ts_temp_dir());
    bool is_made = made.status == 0;
    ts_result_fini(&made);
    if (!is_made)
        cr_skip_test("perf may not record here");

    struct ts_result result = ts_run(
        "cd %s && assay report p.txt -o p.svg && assay report p.txt --format json", ts_temp_dir());

    cr_assert_eq(result.status, 0, "%s", ts_err(&result));
    assert_json(ts_out(&result), "report.json");
    ts_result_fini(&result);
    expect(0, "class=\"assay-flame\"", "head -5 p.svg");
    expect(0, "awk", "assay report p.txt --per-process --format folded");
}

Test(report, gperftools_profile_becomes_a_flamegraph_with_names)
{
    struct ts_result made =
        ts_run("cd %s && CPUPROFILE=$PWD/g.prof CPUPROFILE_FREQUENCY=500 "
               "LD_PRELOAD=libprofiler.so.0 awk 'BEGIN { for (i = 0; i < 4000000; i++) x += i }' "
               "&& test -s g.prof",
               ts_temp_dir());
    bool is_made = made.status == 0;
    ts_result_fini(&made);
    if (!is_made)
        cr_skip_test("no libprofiler here (apt-get install google-perftools)");

    expect(0, "engine gperftools, mode cpu", "assay report g.prof");
    expect(0, "__libc_start", "assay report g.prof --format folded");
    expect(0, "", "assay report g.prof -o g.svg && test -s g.svg");
}

Test(report, callgrind_totals_are_callgrinds)
{
    if (!has_tool("valgrind"))
        cr_skip_test("no valgrind here");

    struct ts_result result =
        ts_run("cd %s && valgrind --tool=callgrind --callgrind-out-file=c.out true 2>log && "
               "assay report c.out --format json > c.json && "
               "awk '/^(summary|totals):/ { print \"\\\"total\\\": \" $2; exit }' c.out > want && "
               "grep -q -f want c.json && assay report c.out -o c.svg && cat c.json",
               ts_temp_dir());

    cr_assert_eq(result.status, 0, "%s", ts_err(&result));
    assert_json(ts_out(&result), "report.json");
    ts_result_fini(&result);
}

Test(report, bad_files_are_one_clear_line_and_exit_2)
{
    (void)sample_file();
    expect(2, "cut short",
           "assay report sample.folded -o s.pb.gz; head -c 60 s.pb.gz > t.pb.gz; "
           "assay report t.pb.gz");
    expect(2, "t.pb.gz: gzip", "assay report t.pb.gz");
    expect(2, "ELF", "assay report $ASSAY_BIN");
    expect(2, "No such file", "assay report /nonexistent");
    expect(2, "empty", "assay report /dev/null < /dev/null || : > e; assay report e");
    expect(2, "not a regular file", "assay report .");
    expect(2, "which profile", "assay report");
    expect(2, "there is no format 'nonsense'", "assay report sample.folded --format nonsense");
    expect(2, "names no format", "assay report sample.folded -o x.unknown");
    expect(2, "it has: samples", "assay report sample.folded --value bytes");
    expect(2, "--focus", "assay report sample.folded --focus '('");
}

Test(report, unwritable_output_is_exit_3_and_nothing_half_written)
{
    (void)sample_file();
    expect(3, "cannot be written", "assay report sample.folded -o /nonexistent/dir/x.svg");
    expect(3, "No space left", "assay report sample.folded -o /dev/full --format svg");
    expect(3, "No space left", "assay report sample.folded --format svg > /dev/full");
    expect(0, "old",
           "echo old > keep.svg; head -c 60 s.pb.gz > t.pb.gz 2>/dev/null; "
           "assay report t.pb.gz -o keep.svg >/dev/null 2>&1; cat keep.svg; "
           "test $(ls keep.svg* | wc -l) = 1");
}

Test(diff, fails_on_a_change_and_only_then)
{
    (void)sample_file();
    expect(0, "100.00% 100.00%",
           "sed 's/parse 600/parse 900/' sample.folded > new.folded; assay diff sample.folded "
           "new.folded --fail-on 'self(parse) > +20%'");
    expect(1, "holds", "assay diff sample.folded new.folded --fail-on 'self(parse) > +5%'");
    expect(1, "holds",
           "assay diff sample.folded new.folded --fail-on 'total(nobody*) > 1%' "
           "--fail-on 'total(idle) < -1%'");
    expect(1, "each of its counts is taken for one",
           "assay diff sample.folded new.folded --fail-on 'self(parse) > +5%'");
    expect(2, "column 8", "assay diff sample.folded new.folded --fail-on 'self(a)'");
    expect(2, "BASE and NEW", "assay diff sample.folded");
    expect(0, "d8", "assay diff sample.folded new.folded -o d.svg; grep -o 'd8' d.svg");
    expect(3, "cannot be written", "assay diff sample.folded new.folded -o /nonexistent/d.svg");
}

Test(diff, gate_that_checks_nothing_is_not_green)
{
    (void)sample_file();
    expect(1, "no function matches",
           "assay diff sample.folded sample.folded --fail-on 'self(x) > 1%'");
    expect(0, "no function matches",
           "assay diff sample.folded sample.folded --allow-missing --fail-on 'self(x) > 1%'");
    expect(1, "is in no stack of NEW",
           "grep -v parse sample.folded > gone.folded; "
           "assay diff sample.folded gone.folded --fail-on 'self(parse) > +5%'");
    expect(0, "is in no stack of NEW",
           "assay diff sample.folded gone.folded --allow-missing --fail-on 'self(parse) > +5%'");
    expect(1, "none.folded: no samples",
           "echo 'main 0' > none.folded; "
           "assay diff none.folded sample.folded --allow-missing --fail-on 'self(parse) > 1.2x'");
}

Test(golden, outputs_are_what_they_were)
{
    static const char *const cases[][2] = {
        {"report sample.folded --format text", "sample.text"},
        {"report sample.folded --format json", "sample.json"},
        {"report sample.folded --format speedscope", "sample.speedscope"},
        {"report sample.folded --tree", "tree.text"},
        {"diff sample.folded new.folded --format text", "diff.text"},
        {"diff sample.folded new.folded --format json", "diff.json"},
        {"diff sample.folded new.folded --format folded", "diff.folded"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ts_result result =
            ts_run("cd $SRC/tests/golden/report && if [ -n \"$UPDATE_GOLDEN\" ]; then assay %s > "
                   "%s.golden; else assay %s | diff -u %s.golden -; fi",
                   cases[i][0], cases[i][1], cases[i][0], cases[i][1]);
        cr_expect_eq(result.status, 0, "%s: %s%s", cases[i][0], ts_out(&result), ts_err(&result));
        ts_result_fini(&result);
    }
}

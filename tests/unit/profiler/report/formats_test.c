/* Text formats that other tools write: folded stacks, perf script, callgrind; and gperftools'
 * slots.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>

#include "profiler/base/gzip.h"
#include "profiler/base/sink.h"
#include "profiler/profile/frames.h"
#include "profiler/profile/profile.h"
#include "profiler/profile/summary.h"
#include "profiler/report/left_out.h"
#include "tests/unit/profiler/profile/stacks_fixture.h"
#include "tests/unit/profiler/report/report_fixture.h"

static struct pf_profile profile, again;
static struct pf_buf buf, other;
static struct pf_err err;

static void end(void)
{
    pf_profile_fini(&profile);
    pf_profile_fini(&again);
    pf_buf_fini(&buf);
    pf_buf_fini(&other);
}

TestSuite(folded, .fini = end);
TestSuite(perf_script, .fini = end);
TestSuite(callgrind, .fini = end);
TestSuite(gperftools, .fini = end);
TestSuite(load, .fini = end);

static void assert_refused(const char *text, const char *says)
{
    cr_assert_not(ts_read(&profile, text, strlen(text), &err), "%s", text);
    cr_assert(strstr(err.text, says), "%s", err.text);
}

/* --- folded ------------------------------------------------------------------------------------
 */

static const char folded[] = "main;a;b 3\n"
                             "main;a;c 4\n"
                             "main;sys_read_[k] 6\n"
                             "main;with space (int, char);b 5\n"
                             "other 1\n";

Test(folded, is_read_and_written_in_order)
{
    ts_read_text(&profile, "z;b 1\na;c 2\nz;b 4\n");

    cr_assert_str_eq(ts_folded(&buf, &profile), "a;c 2\nz;b 5\n");
}

Test(folded, round_trip_keeps_every_line)
{
    ts_read_text(&profile, folded);

    cr_assert_str_eq(ts_folded(&buf, &profile), folded);
}

Test(folded, kernel_suffix_becomes_the_kernels_object)
{
    ts_read_text(&profile, "main;sys_read_[k] 6\n");

    cr_assert_eq(profile.mappings.count, 1);
    cr_assert_str_eq(pf_profile_text(&profile, pf_profile_mapping_at(&profile, 0)->file),
                     "[kernel]");
}

Test(folded, counts_may_be_fractions_and_lines_may_end_in_crlf)
{
    ts_read_text(&profile, "a 1.6\r\nb 2\r\n\r\n# remark\nc 9223372036854775807");

    cr_assert_str_eq(ts_folded(&buf, &profile), "a 2\nb 2\nc 9223372036854775807\n");
}

Test(folded, lines_alike_in_their_beginning_keep_their_own_frames)
{
    static const char lines[] = "ab;cd 1\nab;cde 2\nab;cde;f 3\nab;cdef 4\nabc 5\n";

    ts_read_text(&profile, "ab;cd 1\nab;cde 2\nab;cde;f 3\nab;cdef 4\nabc 5\nab;cd 0\n");

    cr_assert_str_eq(ts_folded(&buf, &profile), lines);
}

Test(folded, long_names_and_many_names_are_found_again)
{
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < 5000; i++)
            pf_buf_printf(&other, "main;a_name_longer_than_sixteen_bytes_%d;n%d 1\n", i, i);
    ts_read_text(&profile, pf_buf_cstr(&other));

    cr_assert_eq(profile.samples.count, 5000);
    cr_assert_eq(profile.functions.count, 10001);
}

Test(folded, line_without_count_is_refused_by_number)
{
    assert_refused("a;b 1\na;c 2\na;d 3\na;b\n", "line 4");
    assert_refused("a;b 1\na;c 2\na;d 3\na;b x\n", "line 4");
    assert_refused("a;b 1\na;c 2\na;d 3\na;b -1\n", "line 4");
}

Test(folded, deeper_than_the_limit_is_left_out_and_told)
{
    pf_buf_put_str(&other, "f;f;a 3\n");
    for (int i = 0; i < 70000; i++)
        pf_buf_put_str(&other, "f;");
    pf_buf_put_str(&other, "f 1\nf;f;b 2\n");

    ts_read_text(&profile, pf_buf_cstr(&other));

    cr_assert_str_eq(ts_folded(&buf, &profile), "f;f;a 3\nf;f;b 2\n");
    cr_assert_str_eq(pf_left_out_view(&profile), "left out: 1 stack of more than 65536 frames");
}

Test(folded, last_line_that_is_cut_short_is_left_out_and_told)
{
    ts_read_text(&profile, "a;b 1\na;c 2\na;d 3\na;lo");

    cr_assert_str_eq(ts_folded(&buf, &profile), "a;b 1\na;c 2\na;d 3\n");
    cr_assert_str_eq(pf_left_out_view(&profile), "left out: the last line, which is cut short");
}

Test(folded, empty_frames_are_unknown)
{
    ts_read_text(&profile, ";;a 1\n");

    cr_assert_str_eq(ts_folded(&buf, &profile), "[unknown];[unknown];a 1\n");
}

Test(folded, names_cannot_break_a_line)
{
    pf_profile_init(&profile);
    (void)pf_profile_add_value_type(&profile, "samples", "count");
    ts_add_stack(&profile, "a\nb 7\tc\x01", 1);
    struct pf_function function = {.name = pf_profile_string(&profile, "x;y")};
    uint32_t frame =
        pf_profile_named_location(&profile, pf_profile_function(&profile, &function), 0);
    (void)pf_profile_add(&profile, pf_profile_stack(&profile, &frame, 1), PF_NONE, (int64_t[]){2});

    cr_assert_str_eq(ts_folded(&buf, &profile), "a b 7 c  1\nx:y 2\n");
}

Test(folded, every_beginning_and_wrong_bytes_do_no_harm)
{
    (void)ts_read_beginnings(folded, strlen(folded));
    ts_read_with_wrong_bytes(folded, strlen(folded));
}

/* --- perf script -------------------------------------------------------------------------------
 */

static const char perf_script[] =
    "# captured on    : Sun Nov 22 2026\n"
    "redis-server 24686/24687 [001]  3835.026125:    1001001 cpu-clock:ppp: \n"
    "\tffffffff813a2313 finish_task_switch.isra.0+0x93 ([kernel.kallsyms])\n"
    "\t          108f36 epoll_wait+0x56 (/usr/lib/libc.so.6)\n"
    "\t                 inner (inlined)\n"
    "\t           64e50 outer (int, char)+0x3 (/usr/bin/redis-server (deleted))\n"
    "\t           659ec [unknown] (/usr/bin/redis-server)\n"
    "\n"
    "my prog 7  3835.126125:     500000 cpu-clock:ppp: \n"
    "\t           10 main+0x1 (/bin/prog)\n"
    "\n"
    "my prog 7  3835.226125:     500000 cpu-clock:ppp: \n"
    "\t           10 main+0x1 (/bin/prog)\n";

Test(perf_script, events_become_stacks_with_time_and_labels)
{
    uint32_t count = 0;

    ts_read_text(&profile, perf_script);

    cr_assert_str_eq(ts_folded(&buf, &profile),
                     "main 2\n"
                     "redis-server+0x659ec;outer (int, char);inner;epoll_wait;"
                     "finish_task_switch.isra.0_[k] 1\n");
    pf_buf_reset(&buf);
    ts_write(&buf, &profile, "folded", &(struct pf_report_options){.value = "cpu"});
    cr_assert(strstr(pf_buf_cstr(&buf), "main 1000000\n"));
    cr_assert_str_eq(pf_profile_text(&profile, profile.value_types[1].type), "cpu");
    const struct pf_label *labels =
        pf_profile_labels_view(&profile, pf_profile_sample_at(&profile, 0)->labels, &count);
    cr_assert_eq(count, 3);
    cr_assert_str_eq(pf_profile_text(&profile, labels[0].str), "redis-server");
    cr_assert_eq(labels[1].num, 24686);
    cr_assert_eq(labels[2].num, 24687);
    cr_assert_eq(pf_profile_values_view(&profile, 1)[0], 2);
}

Test(perf_script, text_that_is_cut_short_loses_its_last_event_alone)
{
    static const char whole[] = "prog 7 1.000001: 1 cycles:u: \n\t 10 main (/bin/prog)\n\n";

    pf_buf_printf(&other, "%sprog 7 1.1: 1 cycles:u: \n\t 20 leaf (/bin/prog)\n\t 10 mai", whole);
    ts_read_text(&profile, pf_buf_cstr(&other));

    cr_assert_str_eq(ts_folded(&buf, &profile), "main 1\n");
    cr_assert_str_eq(pf_left_out_view(&profile), "left out: the last event, which is cut short");
}

Test(perf_script, event_without_period_counts_one)
{
    ts_read_text(&profile, "prog 7 [000] 1.000001: cycles:u: \n\t 10 main (/bin/prog)\n\n");

    cr_assert_str_eq(ts_folded(&buf, &profile), "main 1\n");
}

Test(perf_script, recording_without_stacks_says_how_to_make_one)
{
    assert_refused("prog 7 [000] 1.000001:  1 cycles:u: \n\nprog 7 [000] 1.1:  1 cycles:u: \n",
                   "-g");
}

Test(perf_script, every_beginning_and_wrong_bytes_do_no_harm)
{
    (void)ts_read_beginnings(perf_script, strlen(perf_script));
    ts_read_with_wrong_bytes(perf_script, strlen(perf_script));
}

/* --- callgrind ---------------------------------------------------------------------------------
 */

static const char callgrind[] = "# callgrind format\n"
                                "version: 1\n"
                                "creator: callgrind-3.19.0\n"
                                "cmd:  ./prog\n"
                                "positions: line\n"
                                "events: Ir Dr\n"
                                "\n"
                                "ob=(1) /bin/prog\n"
                                "fl=(1) prog.c\n"
                                "fn=(1) main\n"
                                "10 5 1\n"
                                "cfn=(2) left\n"
                                "calls=1 20\n"
                                "+1 30 2\n"
                                "cfn=(3) right\n"
                                "calls=2 30\n"
                                "* 70 4\n"
                                "\n"
                                "fn=(2)\n"
                                "20 20 1\n"
                                "cfn=(4) shared\n"
                                "calls=1 40\n"
                                "+2 10 1\n"
                                "fn=(3)\n"
                                "fi=(2) inline.h\n"
                                "30 40\n"
                                "fe=(1)\n"
                                "jump=3 32\n"
                                "31\n"
                                "cfn=(4)\n"
                                "calls=3 40\n"
                                "-5 30 1\n"
                                "fn=(4)\n"
                                "40 40 2\n"
                                "totals: 105 4\n";

Test(callgrind, own_costs_are_exact_and_shared_by_callers)
{
    static struct pf_summary summary;

    ts_read_text(&profile, callgrind);

    cr_assert_str_eq(ts_folded(&buf, &profile),
                     "main 5\nmain;left 20\nmain;left;shared 10\nmain;right 40\n"
                     "main;right;shared 30\n");
    cr_assert(pf_summary_load(&summary, &profile));
    cr_assert_str_eq(summary.engine, "callgrind");
    cr_assert_str_eq(summary.command, "./prog");
    cr_assert(summary.note[0], "the report must say that stacks are rebuilt");
}

Test(callgrind, function_is_at_the_first_line_of_its_file)
{
    ts_read_text(&profile, "# callgrind format\npositions: instr line\nevents: Ir\nfl=(1) a.c\n"
                           "fn=f\n0x10 12 5\n+4 -2 5\nfi=(2) inlined.h\n+4 3 5\nfe=(1)\n+4 20 5\n"
                           "fn=g\n0x80 30 1\n");
    struct pf_frames frames;

    pf_frames_init(&frames, &profile);
    cr_assert_eq(frames.count, 2);
    cr_expect_str_eq(frames.at[0].name, "f");
    cr_expect_eq(frames.at[0].line, 10, "not that of inlined code: %u", frames.at[0].line);
    cr_expect_eq(frames.at[1].line, 30);
    pf_frames_fini(&frames);
}

Test(callgrind, recursion_ends)
{
    ts_read_text(&profile, "# callgrind format\nevents: Ir\nfn=main\n1 1\ncfn=f\ncalls=1 1\n1 9\n"
                           "fn=f\n2 4\ncfn=f\ncalls=9 1\n2 100\ncfn=g\ncalls=1 1\n2 5\n"
                           "fn=g\n3 5\ncfn=f\ncalls=1 1\n3 2\n");

    cr_assert_str_eq(ts_folded(&buf, &profile), "main 1\nmain;f 4\nmain;f;g 5\n");
}

Test(callgrind, malformed_lines_are_refused_by_number)
{
    assert_refused("# callgrind format\nevents: Ir\nfn=main\nnonsense\n", "line 4");
    assert_refused("# callgrind format\nevents: Ir\n1 1\n", "line 3");
    assert_refused("# callgrind format\nfn=main\n1 1\n", "line 2");
    assert_refused("# callgrind format\nevents: Ir\nfn=a\ncfn=b\ncalls=1 1\n", "ends early");
    assert_refused("# callgrind format\nversion: 1\n", "events");
}

Test(callgrind, every_beginning_and_wrong_bytes_do_no_harm)
{
    (void)ts_read_beginnings(callgrind, strlen(callgrind));
    ts_read_with_wrong_bytes(callgrind, strlen(callgrind));
}

/* --- gperftools --------------------------------------------------------------------------------
 */

static const uint64_t slots[] = {0,        3,        0,
                                 10000,    0, /* header: 100 Hz */
                                 2,        3,        0x401010,
                                 0x401021, 0x401031, /* two samples */
                                 1,        2,        0x7f0000000100,
                                 0x401031, /* one */
                                 0,        1,        0};
static const char maps[] = "00400000-00402000 r-xp 00001000 08:01 42  /usr/bin/prog\n"
                           "00402000-00403000 rw-p 00003000 08:01 42  /usr/bin/prog\n"
                           "7f0000000000-7f0000001000 r-xp 00000000 08:01 43 /lib/x.so (deleted)\n"
                           "build=whatever\n";

static void make_gperf(void)
{
    pf_buf_put(&buf, slots, sizeof slots);
    pf_buf_put_str(&buf, maps);
}

Test(gperftools, slots_become_stacks_and_callers_are_calls)
{
    uint32_t count = 0;
    make_gperf();

    cr_assert(ts_read(&profile, buf.at, buf.size, &err), "%s", err.text);
    const uint32_t *stack =
        pf_profile_stack_view(&profile, pf_profile_sample_at(&profile, 0)->stack, &count);

    cr_assert_eq(count, 3);
    cr_assert_eq(pf_profile_location_at(&profile, stack[0])->address, 0x401010);
    cr_assert_eq(pf_profile_location_at(&profile, stack[1])->address, 0x401020);
    cr_assert_eq(pf_profile_values_view(&profile, 0)[0], 2);
    cr_assert_eq(pf_profile_values_view(&profile, 0)[1], 20000000);
    cr_assert_eq(profile.mappings.count, 2);
    cr_assert_str_eq(pf_profile_text(&profile, pf_profile_mapping_at(&profile, 1)->file),
                     "/lib/x.so");
}

Test(gperftools, what_is_written_is_read_back)
{
    ts_rich_profile(&profile);
    ts_write(&buf, &profile, "gperftools", NULL);

    cr_assert(ts_read(&again, buf.at, buf.size, &err), "%s", err.text);

    struct pf_report_options samples = {.value = "samples"};
    ts_write(&other, &again, "folded", &samples);
    cr_assert_str_eq(pf_buf_cstr(&other), "main;0x7f0000001000;jit_code 10\nmain;serve 90\n");
    cr_assert_eq(again.period, 10000000);
    pf_buf_reset(&other);
    ts_write(&other, &again, "gperftools", NULL);
    struct pf_profile third = {0};
    cr_assert(ts_read(&third, other.at, other.size, &err), "%s", err.text);
    cr_assert_eq(third.samples.count, again.samples.count);
    pf_profile_fini(&third);
}

Test(gperftools, cut_short_is_refused)
{
    make_gperf();

    cr_assert_not(ts_read(&profile, buf.at, sizeof slots - 8, &err));
    cr_assert(strstr(err.text, "cut short"), "%s", err.text);
}

Test(gperftools, absurd_depths_are_refused)
{
    static const uint64_t deep[] = {0, 3, 0, 10000, 0, 1, UINT64_MAX, 1, 2, 3};
    static const uint64_t none[] = {0, 3, 0, 10000, 0, 1, 0, 1, 2, 3};

    cr_assert_not(ts_read(&profile, deep, sizeof deep, &err));
    cr_assert_not(ts_read(&profile, none, sizeof none, &err));
    cr_assert(strstr(err.text, "0 deep"), "%s", err.text);
}

Test(gperftools, every_beginning_and_wrong_bytes_do_no_harm)
{
    make_gperf();
    /* From the trailer on, every beginning is a whole profile with fewer mappings. */
    cr_assert_leq(ts_read_beginnings(buf.at, buf.size), strlen(maps));
    ts_read_with_wrong_bytes(buf.at, buf.size);
}

/* --- strangers ---------------------------------------------------------------------------------
 */

Test(load, empty_file_is_told)
{
    cr_assert_not(ts_read(&profile, "", 0, &err));
    cr_assert(strstr(err.text, "empty"));
    cr_assert_eq(err.code, PF_ERR_FORMAT);
}

/* Zeros by the megabyte: a thousandth of their size when packed. */
Test(load, bomb_is_refused_by_its_ratio_before_it_has_filled_memory)
{
    static const char zeros[1 << 20];
    struct pf_sink packed, plain;
    struct pf_gzip_stream *stream = NULL;

    pf_sink_init(&packed, pf_sink_to_buf, &other);
    stream = pf_gzip_new(&packed);
    pf_sink_init(&plain, pf_gzip_drain, stream);
    for (int i = 0; i < 100; i++)
        pf_sink_put(&plain, zeros, sizeof zeros);
    cr_assert(pf_sink_finish(&plain, &err) && pf_sink_finish(&packed, &err));
    pf_sink_fini(&plain);
    pf_gzip_free(stream);
    pf_sink_fini(&packed);

    cr_assert_not(ts_read(&profile, other.at, other.size, &err));
    cr_assert_eq(err.code, PF_ERR_LIMIT, "%s", err.text);
}

Test(load, strangers_are_named_with_the_remedy)
{
    assert_refused("PERFILE2 and so on", "perf script");
    assert_refused("\x7f"
                   "ELF\x02\x01",
                   "ELF");
    assert_refused("{\"a\": 1}\n", "JSON");
    assert_refused("<?xml version='1.0'?>", "XML");
    assert_refused("just some prose\nwithout numbers\n", "not a profile");
}

Test(load, message_names_the_file)
{
    cr_assert_not(pf_report_load(&profile, "/nonexistent/x.pb.gz", &err));
    cr_assert(strstr(err.text, "/nonexistent/x.pb.gz"));
    cr_assert_eq(err.code, PF_ERR_NOT_FOUND);
}

Test(load, formats_are_found_by_name_and_longest_extension)
{
    cr_assert_str_eq(pf_report_format_of("a.pb.gz")->name, "pprof");
    cr_assert_str_eq(pf_report_format_of("dir.svg/x.json")->name, "json");
    cr_assert_str_eq(pf_report_format_of("x.speedscope.json")->name, "speedscope");
    cr_assert_null(pf_report_format_of("x.unknown"));
    cr_assert_null(pf_report_format_of(".svg"));
    cr_assert_null(pf_report_format_named("xyz"));
}

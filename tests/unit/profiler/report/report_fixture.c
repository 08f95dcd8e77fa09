/* SPDX-License-Identifier: MIT */
#include "tests/unit/profiler/report/report_fixture.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#include "profiler/base/sink.h"
#include "profiler/profile/profile.h"
#include "profiler/profile/summary.h"
#include "profiler/report/readers_priv.h"

void ts_write(struct pf_buf *out, const struct pf_profile *profile, const char *format,
              const struct pf_report_options *options)
{
    const struct pf_report_format *to = pf_report_format_named(format);
    struct pf_report_options plain = {0};
    struct pf_err err = {0};
    struct pf_sink sink;

    cr_assert(to && to->write, "no format %s", format);
    pf_sink_init(&sink, pf_sink_to_buf, out);
    bool ok =
        to->write(profile, options ? options : &plain, &sink, &err) && pf_sink_finish(&sink, &err);
    pf_sink_fini(&sink);
    cr_assert(ok, "%s", err.text);
}

bool ts_read(struct pf_profile *profile, const void *bytes, size_t size, struct pf_err *err)
{
    return pf_load_bytes(profile, (struct pf_bytes){bytes, size}, "test", err);
}

void ts_read_text(struct pf_profile *profile, const char *text)
{
    struct pf_err err = {0};

    cr_assert(ts_read(profile, text, strlen(text), &err), "%s", err.text);
}

const char *ts_folded(struct pf_buf *buf, const struct pf_profile *profile)
{
    pf_buf_reset(buf);
    ts_write(buf, profile, "folded", NULL);
    return pf_buf_cstr(buf);
}

/* malloc, so that what lies behind is red. */
static bool read_copy(const void *bytes, size_t size)
{
    struct pf_profile profile = {0};
    struct pf_err err = {0};
    char *copy = malloc(size ? size : 1);

    memcpy(copy, bytes, size);
    bool ok = ts_read(&profile, copy, size, &err);
    cr_assert(ok || (err.code != PF_ERR_NONE && err.text[0] && !strchr(err.text, '\n')));
    pf_profile_fini(&profile);
    free(copy);
    return ok;
}

size_t ts_read_beginnings(const void *bytes, size_t size)
{
    size_t accepted = 0;

    for (size_t i = 0; i < size; i++)
        accepted += read_copy(bytes, i);
    return accepted;
}

void ts_read_with_wrong_bytes(const void *bytes, size_t size)
{
    static const unsigned char wrong[] = {0x00, 0x01, 0x7f, 0x80, 0xff, ';', ' ', '\n'};
    unsigned char *copy = malloc(size);

    for (size_t i = 0; i < size; i++)
        for (size_t j = 0; j < sizeof wrong; j++) {
            memcpy(copy, bytes, size);
            copy[i] = wrong[j];
            (void)read_copy(copy, size);
        }
    free(copy);
}

static uint32_t function(struct pf_profile *profile, const char *name, const char *linked,
                         const char *file, int64_t line)
{
    struct pf_function of = {pf_profile_string(profile, name), pf_profile_string(profile, linked),
                             pf_profile_string(profile, file), line};

    return pf_profile_function(profile, &of);
}

static void add_stacks(struct pf_profile *profile, uint32_t mapping)
{
    uint32_t main_at = pf_profile_location(profile, 0x401234, mapping);
    uint32_t leaf = pf_profile_location(profile, 0x401500, mapping);
    uint32_t unnamed = pf_profile_location(profile, 0x7f0000001000, PF_NONE);
    uint32_t named =
        pf_profile_named_location(profile, function(profile, "jit_code", "", "", 0), 0);
    struct pf_line inlined[2] = {{function(profile, "copy(int)", "_Z4copyi", "copy.h", 5), 7},
                                 {function(profile, "serve", "", "serve.c", 20), 33}};
    struct pf_line line = {function(profile, "main", "", "main.c", 3), 9};
    struct pf_label labels[2] = {
        {.key = pf_profile_string(profile, "process"), .str = pf_profile_string(profile, "srv")},
        {.key = pf_profile_string(profile, "bytes"),
         .num = -4096,
         .num_unit = pf_profile_string(profile, "bytes")}};

    pf_profile_set_lines(profile, main_at, &line, 1);
    pf_profile_set_lines(profile, leaf, inlined, 2);
    uint32_t deep = pf_profile_stack(profile, (uint32_t[]){leaf, main_at}, 2);
    uint32_t strange = pf_profile_stack(profile, (uint32_t[]){named, unnamed, main_at}, 3);
    uint32_t set = pf_profile_label_set(profile, labels, 2);
    (void)pf_profile_add(profile, deep, PF_NONE, (int64_t[]){70, 700000000});
    (void)pf_profile_add(profile, deep, set, (int64_t[]){20, 200000000});
    (void)pf_profile_add(profile, strange, PF_NONE, (int64_t[]){10, 100000000});
}

void ts_rich_profile(struct pf_profile *profile)
{
    static struct pf_summary summary;

    pf_profile_init(profile);
    (void)pf_profile_add_value_type(profile, "samples", "count");
    profile->default_value = pf_profile_add_value_type(profile, "cpu", "nanoseconds");
    struct pf_mapping mapping = {.start = 0x400000,
                                 .limit = 0x500000,
                                 .file_offset = 0x1000,
                                 .file = pf_profile_string(profile, "/usr/bin/srv"),
                                 .build_id = pf_profile_string(profile, "0123abcd"),
                                 .has_functions = true};
    add_stacks(profile, pf_profile_mapping(profile, &mapping));
    profile->period_type = profile->value_types[1];
    profile->period = 10000000;
    profile->time_ns = 1700000000000000000;
    profile->duration_ns = 1000000000;
    pf_profile_comment(profile, pf_profile_string(profile, "a remark"));
    summary = (struct pf_summary){.engine = "perf",
                                  .mode = "cpu",
                                  .command = "srv --port 1",
                                  .pid = 42,
                                  .frequency_hz = 100,
                                  .samples = 100,
                                  .lost = 2,
                                  .rooted = 90,
                                  .target_cpu_ns = 1000000000,
                                  .profiler_cpu_ns = 2000000,
                                  .cost_percent = 0.5,
                                  .unrooted_count = 1,
                                  .unrooted = {{"/lib/strange.so", "no rule", 10}}};
    pf_summary_store(&summary, profile);
}

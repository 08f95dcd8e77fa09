/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>

#include "profiler/base/gzip.h"
#include "profiler/profile/profile.h"
#include "profiler/profile/summary.h"
#include "profiler/report/pprof_fields.h"
#include "profiler/report/proto.h"
#include "profiler/report/readers_priv.h"
#include "tests/unit/profiler/profile/stacks_fixture.h"
#include "tests/unit/profiler/report/report_fixture.h"

static struct pf_profile profile, again;
static struct pf_buf packed, plain, other;
static struct pf_err err;

static void end(void)
{
    pf_profile_fini(&profile);
    pf_profile_fini(&again);
    pf_buf_fini(&packed);
    pf_buf_fini(&plain);
    pf_buf_fini(&other);
}

TestSuite(pprof, .fini = end);

static void write_rich(void)
{
    ts_rich_profile(&profile);
    ts_write(&packed, &profile, "pprof", NULL);
    cr_assert(pf_gunzip(&plain, pf_buf_view(&packed), 1 << 20, &err));
}

Test(pprof, what_is_written_is_read_back_unchanged)
{
    write_rich();

    cr_assert(ts_read(&again, packed.at, packed.size, &err), "%s", err.text);
    ts_write(&other, &again, "pprof", NULL);

    cr_assert_eq(packed.size, other.size);
    cr_assert_eq(memcmp(packed.at, other.at, packed.size), 0);
    cr_assert_eq(again.samples.count, profile.samples.count);
    cr_assert_eq(again.default_value, 1);
    cr_assert_eq(again.duration_ns, profile.duration_ns);
}

Test(pprof, same_profile_gives_the_same_bytes)
{
    write_rich();
    ts_write(&other, &profile, "pprof", NULL);

    cr_assert_eq(memcmp(packed.at, other.at, packed.size), 0);
}

Test(pprof, unpacked_file_is_read_too)
{
    write_rich();

    cr_assert(ts_read(&again, plain.at, plain.size, &err), "%s", err.text);
    cr_assert_eq(again.samples.count, 3);
}

Test(pprof, labels_keep_text_number_and_unit)
{
    uint32_t count = 0;
    write_rich();
    cr_assert(ts_read(&again, packed.at, packed.size, &err));

    const struct pf_label *labels =
        pf_profile_labels_view(&again, pf_profile_sample_at(&again, 1)->labels, &count);

    cr_assert_eq(count, 2);
    cr_assert_str_eq(pf_profile_text(&again, labels[0].str), "srv");
    cr_assert_eq(labels[1].num, -4096);
    cr_assert_str_eq(pf_profile_text(&again, labels[1].num_unit), "bytes");
}

Test(pprof, truncated_at_every_byte_is_refused_or_whole)
{
    write_rich();

    cr_assert_eq(ts_read_beginnings(packed.at, packed.size), 0);
    /* Cut between two top-level fields, plain protobuf is a valid shorter message. */
    cr_assert_lt(ts_read_beginnings(plain.at, plain.size), plain.size / 8);
}

Test(pprof, wrong_bytes_do_no_harm)
{
    write_rich();

    ts_read_with_wrong_bytes(plain.at, plain.size);
}

/* A message as a field of the top level. */
static void put_message(struct pf_buf *out, uint32_t field, struct pf_buf *message)
{
    pf_proto_put_bytes(out, field, message->at, message->size);
    pf_buf_reset(message);
}

static void start_file(struct pf_buf *out)
{
    struct pf_buf message = {0};
    static const char *const strings[] = {"", "samples", "count", "main"};

    pf_proto_put(&message, PPROF_TYPE_TYPE, 1);
    pf_proto_put(&message, PPROF_TYPE_UNIT, 2);
    put_message(out, PPROF_SAMPLE_TYPE, &message);
    for (size_t i = 0; i < 4; i++)
        pf_proto_put_bytes(out, PPROF_STRING, strings[i], strlen(strings[i]));
    pf_buf_fini(&message);
}

static void assert_refused(const struct pf_buf *file, const char *says)
{
    cr_assert_not(ts_read(&again, file->at, file->size, &err));
    cr_assert_eq(err.code, PF_ERR_FORMAT);
    cr_assert(strstr(err.text, says), "%s", err.text);
}

Test(pprof, unpacked_repeated_fields_and_sparse_ids_are_read)
{
    struct pf_buf message = {0};
    start_file(&plain);
    pf_proto_put(&message, PPROF_FUNCTION_ID, 1ull << 40);
    pf_proto_put(&message, PPROF_FUNCTION_NAME, 3);
    put_message(&plain, PPROF_FUNCTION, &message);
    pf_proto_put(&other, PPROF_LINE_FUNCTION, 1ull << 40);
    pf_proto_put(&message, PPROF_LOCATION_ID, 77);
    pf_proto_put_bytes(&message, PPROF_LOCATION_LINE, other.at, other.size);
    put_message(&plain, PPROF_LOCATION, &message);
    pf_proto_put(&message, PPROF_SAMPLE_LOCATIONS, 77);
    pf_proto_put(&message, PPROF_SAMPLE_LOCATIONS, 77);
    pf_proto_put(&message, PPROF_SAMPLE_VALUES, 5);
    put_message(&plain, PPROF_SAMPLE, &message);

    cr_assert(ts_read(&again, plain.at, plain.size, &err), "%s", err.text);
    cr_assert_str_eq(ts_folded(&other, &again), "main;main 5\n");
    pf_buf_fini(&message);
}

Test(pprof, references_to_nothing_are_refused)
{
    struct pf_buf message = {0};

    start_file(&plain);
    pf_proto_put(&message, PPROF_SAMPLE_LOCATIONS, 9);
    pf_proto_put(&message, PPROF_SAMPLE_VALUES, 5);
    put_message(&plain, PPROF_SAMPLE, &message);
    assert_refused(&plain, "location 9");

    pf_buf_reset(&plain);
    start_file(&plain);
    pf_proto_put(&message, PPROF_FUNCTION_ID, 1);
    pf_proto_put(&message, PPROF_FUNCTION_NAME, 44);
    put_message(&plain, PPROF_FUNCTION, &message);
    assert_refused(&plain, "string 44");

    pf_buf_reset(&plain);
    start_file(&plain);
    pf_proto_put(&message, PPROF_LOCATION_ID, 1);
    pf_proto_put(&message, PPROF_LOCATION_MAPPING, 3);
    put_message(&plain, PPROF_LOCATION, &message);
    assert_refused(&plain, "mapping 3");
    pf_buf_fini(&message);
}

Test(pprof, sample_with_too_few_or_too_many_values_is_refused)
{
    struct pf_buf message = {0};

    start_file(&plain);
    put_message(&plain, PPROF_SAMPLE, &message);
    assert_refused(&plain, "fewer values");

    pf_buf_reset(&plain);
    start_file(&plain);
    pf_proto_put(&message, PPROF_SAMPLE_VALUES, 1);
    pf_proto_put(&message, PPROF_SAMPLE_VALUES, 1);
    put_message(&plain, PPROF_SAMPLE, &message);
    assert_refused(&plain, "more values");
    pf_buf_fini(&message);
}

Test(pprof, ids_must_be_there_and_differ)
{
    struct pf_buf message = {0};

    start_file(&plain);
    pf_proto_put(&message, PPROF_FUNCTION_NAME, 3);
    put_message(&plain, PPROF_FUNCTION, &message);
    assert_refused(&plain, "one id");
    pf_buf_fini(&message);
}

Test(pprof, invalid_utf8_is_written_as_replacement)
{
    pf_profile_init(&profile);
    (void)pf_profile_add_value_type(&profile, "samples", "count");
    ts_add_stack(&profile, "bad\xff\xfename", 1);
    ts_write(&packed, &profile, "pprof", NULL);

    cr_assert(ts_read(&again, packed.at, packed.size, &err));
    cr_assert_str_eq(ts_folded(&other, &again), "bad\xef\xbf\xbd\xef\xbf\xbdname 1\n");
}

Test(pprof, gzip_bomb_is_refused_at_its_limit)
{
    write_rich();

    pf_buf_reset(&plain);
    cr_assert_not(pf_gunzip(&plain, pf_buf_view(&packed), 100, &err));
    cr_assert_eq(err.code, PF_ERR_LIMIT);
}

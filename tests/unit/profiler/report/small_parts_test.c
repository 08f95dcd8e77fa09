/* gzip, protobuf's wire, ids, escapes: what formats are made of.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "profiler/base/gzip.h"
#include "profiler/base/sink.h"
#include "profiler/report/flame_priv.h"
#include "profiler/report/id_map.h"
#include "profiler/report/proto.h"

Test(gzip, packs_and_unpacks_any_length)
{
    struct pf_err err = {0};

    for (size_t size = 0; size < 300000; size = size * 3 + 1) {
        struct pf_buf packed = {0}, plain = {0};
        struct pf_sink outer, inner;
        unsigned char *bytes = malloc(size + 1);
        for (size_t i = 0; i < size; i++)
            bytes[i] = (unsigned char)(i * i >> 3);

        pf_sink_init(&outer, pf_sink_to_buf, &packed);
        struct pf_gzip_stream *gzip = pf_gzip_new(&outer);
        pf_sink_init(&inner, pf_gzip_drain, gzip);
        pf_sink_put(&inner, bytes, size);
        cr_assert(pf_sink_finish(&inner, &err));
        cr_assert(pf_sink_finish(&outer, &err));
        cr_assert(pf_gunzip(&plain, pf_buf_view(&packed), 1 << 20, &err), "%s", err.text);

        cr_assert_eq(plain.size, size);
        cr_assert(size == 0 || memcmp(plain.at, bytes, size) == 0);
        pf_gzip_free(gzip);
        pf_sink_fini(&inner);
        pf_sink_fini(&outer);
        pf_buf_fini(&packed);
        pf_buf_fini(&plain);
        free(bytes);
    }
}

/* printf hello | gzip -n */
static const unsigned char hello[] = {0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
                                      0x03, 0xcb, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x86,
                                      0xa6, 0x10, 0x36, 0x05, 0x00, 0x00, 0x00};

Test(gzip, members_are_concatenated_and_padding_is_ignored)
{
    unsigned char twice[2 * sizeof hello + 5] = {0};
    struct pf_buf plain = {0};
    struct pf_err err = {0};
    memcpy(twice, hello, sizeof hello);
    memcpy(twice + sizeof hello, hello, sizeof hello);

    cr_assert(pf_gunzip(&plain, (struct pf_bytes){twice, sizeof twice}, 100, &err), "%s", err.text);

    cr_assert_str_eq(pf_buf_cstr(&plain), "hellohello");
    pf_buf_fini(&plain);
}

Test(gzip, every_beginning_is_cut_short)
{
    struct pf_buf plain = {0};
    struct pf_err err = {0};

    for (size_t i = 3; i < sizeof hello; i++) {
        pf_buf_reset(&plain);
        cr_assert_not(pf_gunzip(&plain, (struct pf_bytes){hello, i}, 100, &err));
        cr_assert(strstr(err.text, "cut short"), "%zu: %s", i, err.text);
    }
    pf_buf_fini(&plain);
}

Test(gzip, wrong_checksum_is_told)
{
    unsigned char wrong[sizeof hello];
    struct pf_buf plain = {0};
    struct pf_err err = {0};
    memcpy(wrong, hello, sizeof hello);
    wrong[18] ^= 1;

    cr_assert_not(pf_gunzip(&plain, (struct pf_bytes){wrong, sizeof wrong}, 100, &err));
    cr_assert_eq(err.code, PF_ERR_FORMAT);
    pf_buf_fini(&plain);
}

Test(proto, fields_are_read_as_written)
{
    struct pf_buf buf = {0};
    struct pf_proto_field field;
    pf_proto_put(&buf, 1, UINT64_MAX);
    pf_proto_put(&buf, 2, 0);
    pf_proto_put_bytes(&buf, 1000, "text", 4);
    struct pf_cursor cursor = pf_cursor_view(pf_buf_view(&buf));

    cr_assert(pf_proto_next(&cursor, &field));
    cr_assert_eq(field.number, 1);
    cr_assert_eq(field.value, UINT64_MAX);
    cr_assert(pf_proto_next(&cursor, &field));
    cr_assert_eq(field.number, 1000);
    cr_assert(field.is_bytes);
    cr_assert_eq(field.bytes.size, 4);
    cr_assert_not(pf_proto_next(&cursor, &field));
    cr_assert_not(cursor.failed);
    pf_buf_fini(&buf);
}

Test(proto, fixed_width_fields_are_stepped_over)
{
    static const unsigned char bytes[] = {0x09, 1, 2, 3, 4, 5, 6, 7, 8, 0x15, 1, 2, 3, 4, 0x18, 5};
    struct pf_cursor cursor = pf_cursor_view((struct pf_bytes){bytes, sizeof bytes});
    struct pf_proto_field field;

    cr_assert(pf_proto_next(&cursor, &field));
    cr_assert(pf_proto_next(&cursor, &field));
    cr_assert(pf_proto_next(&cursor, &field));
    cr_assert_eq(field.number, 3);
    cr_assert_eq(field.value, 5);
}

Test(proto, malformed_fields_fail)
{
    static const struct {
        unsigned char bytes[12];
        size_t size;
    } cases[] = {
        {{0x0a, 0x05, 'a'}, 3},
        {{0x0b}, 1},
        {{0x00, 0x01}, 2},
        {{0x08}, 1},
        {{0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}, 11},
        {{0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}, 11},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct pf_cursor cursor = pf_cursor_view((struct pf_bytes){cases[i].bytes, cases[i].size});
        struct pf_proto_field field;
        cr_expect_not(pf_proto_next(&cursor, &field), "case %zu", i);
        cr_expect(cursor.failed, "case %zu", i);
    }
}

Test(id_map, finds_dense_sparse_and_no_ids)
{
    struct pf_id_map map = {0};
    uint32_t index = 0;

    for (uint32_t i = 1; i <= 1000; i++)
        cr_assert(pf_id_map_add(&map, i, i * 2));
    cr_assert(pf_id_map_add(&map, UINT64_MAX, 7));
    cr_assert(pf_id_map_add(&map, 0, 8));

    cr_assert(pf_id_map_find(&map, 500, &index));
    cr_assert_eq(index, 1000);
    cr_assert(pf_id_map_find(&map, UINT64_MAX, &index));
    cr_assert_eq(index, 7);
    cr_assert(pf_id_map_find(&map, 0, &index));
    cr_assert_eq(index, 8);
    cr_assert_not(pf_id_map_find(&map, 2000, &index));
    cr_assert_not(pf_id_map_add(&map, 500, 1));
    pf_id_map_fini(&map);
}

static const char *as_json(struct pf_buf *buf, const char *text)
{
    struct pf_err err = {0};
    struct pf_sink sink;

    pf_buf_reset(buf);
    pf_sink_init(&sink, pf_sink_to_buf, buf);
    pf_json_string(&sink, text);
    cr_assert(pf_sink_finish(&sink, &err));
    pf_sink_fini(&sink);
    return pf_buf_cstr(buf);
}

Test(escape, json_is_valid_and_cannot_end_its_element)
{
    static const char hostile[] = "</script><!--]]>&\"\\\n\x01\xff\xe2\x80\xa8";
    struct pf_buf buf = {0};
    json_error_t error;

    const char *text = as_json(&buf, hostile);
    json_t *value = json_loads(text, JSON_DECODE_ANY, &error);

    cr_assert(value, "%s", error.text);
    cr_assert_null(strpbrk(text, "<>&"));
    cr_assert_null(strstr(text, "\xe2\x80\xa8"));
    cr_assert_str_eq(json_string_value(value),
                     "</script><!--]]>&\"\\\n\x01\xef\xbf\xbd\xe2\x80\xa8");
    json_decref(value);
    pf_buf_fini(&buf);
}

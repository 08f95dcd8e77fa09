/* SPDX-License-Identifier: MIT */
#include "harness/server/server_wire.h"

#include <stdlib.h>
#include <string.h>

enum spec_tag {
    TAG_NAME = 'n',
    TAG_ARG = 'a',
    TAG_ENV = 'e',
    TAG_FILE_NAME = 'f',
    TAG_FILE_TEXT = 't',
    TAG_DIR = 'd',
    TAG_READY_PATH = 'r',
    TAG_CLOCK_ENV = 'c',
    TAG_PORT_MODE = 'p',
    TAG_START_MS = 's',
    TAG_STOP_MS = 'x',
    TAG_END = '.',
};

enum { PORT_MODES = 4, DEADLINE_MAX_MS = 3600 * 1000 };

static void put_text(struct pf_buf *out, enum spec_tag tag, const char *text)
{
    if (!text)
        return;
    pf_buf_printf(out, "%c", (int)tag);
    pf_buf_put(out, text, strlen(text) + 1);
}

static void put_number(struct pf_buf *out, enum spec_tag tag, uint32_t value)
{
    pf_buf_printf(out, "%c%u", (int)tag, value);
    pf_buf_put(out, "", 1);
}

static void put_list(struct pf_buf *out, enum spec_tag tag, const char *const *list)
{
    for (unsigned i = 0; i < HN_SPEC_LIST_MAX && list[i]; i++)
        put_text(out, tag, list[i]);
}

void hn_server_spec_encode(struct pf_buf *out, const struct hn_server_spec *spec)
{
    put_text(out, TAG_NAME, spec->name);
    put_list(out, TAG_ARG, spec->argv);
    put_list(out, TAG_ENV, spec->env);
    for (unsigned i = 0; i < HN_SPEC_LIST_MAX && spec->file_names[i]; i++) {
        put_text(out, TAG_FILE_NAME, spec->file_names[i]);
        put_text(out, TAG_FILE_TEXT, spec->file_texts[i] ? spec->file_texts[i] : "");
    }
    put_text(out, TAG_DIR, spec->dir);
    put_text(out, TAG_READY_PATH, spec->ready_path);
    put_text(out, TAG_CLOCK_ENV, spec->clock_env);
    put_number(out, TAG_PORT_MODE, spec->port_mode);
    put_number(out, TAG_START_MS, spec->start_ms);
    put_number(out, TAG_STOP_MS, spec->stop_ms);
    put_text(out, TAG_END, "");
}

static bool append(const char **list, const char *text, struct pf_err *err)
{
    for (unsigned i = 0; i < HN_SPEC_LIST_MAX; i++) {
        if (list[i])
            continue;
        list[i] = text;
        return true;
    }
    return pf_err_set(err, PF_ERR_LIMIT, "server specification: more than %d entries in a list",
                      HN_SPEC_LIST_MAX);
}

static bool read_number(uint32_t *out, const char *text, uint32_t max, struct pf_err *err)
{
    char *end = NULL;
    unsigned long value = strtoul(text, &end, 10);

    if (text[0] < '0' || text[0] > '9' || *end || value > max)
        return pf_err_set(err, PF_ERR_FORMAT, "server specification: %.20s: no number up to %u",
                          text, max);
    *out = (uint32_t)value;
    return true;
}

static bool read_field(struct hn_server_spec *spec, uint8_t tag, const char *text,
                       struct pf_err *err)
{
    switch (tag) {
    case TAG_NAME:
        spec->name = text;
        return true;
    case TAG_ARG:
        return append(spec->argv, text, err);
    case TAG_ENV:
        return append(spec->env, text, err);
    case TAG_FILE_NAME:
        return append(spec->file_names, text, err);
    case TAG_FILE_TEXT:
        return append(spec->file_texts, text, err);
    case TAG_DIR:
        spec->dir = text;
        return true;
    case TAG_READY_PATH:
        spec->ready_path = text;
        return true;
    case TAG_CLOCK_ENV:
        spec->clock_env = text;
        return true;
    case TAG_PORT_MODE:
        return read_number(&spec->port_mode, text, PORT_MODES - 1, err);
    case TAG_START_MS:
        return read_number(&spec->start_ms, text, DEADLINE_MAX_MS, err);
    case TAG_STOP_MS:
        return read_number(&spec->stop_ms, text, DEADLINE_MAX_MS, err);
    default:
        return pf_err_set(err, PF_ERR_FORMAT, "server specification: unknown tag 0x%02x", tag);
    }
}

static bool is_complete(const struct hn_server_spec *spec, struct pf_err *err)
{
    unsigned names = 0;
    unsigned texts = 0;

    while (spec->file_names[names])
        names++;
    while (spec->file_texts[texts])
        texts++;
    if (!spec->name || !spec->argv[0] || spec->argv[0][0] == '\0')
        return pf_err_set(err, PF_ERR_USAGE,
                          "server %s: no command to run: .argv = {\"program\", ...} is missing",
                          spec->name ? spec->name : "?");
    if (spec->clock_env && !strchr(spec->clock_env, '='))
        return pf_err_set(err, PF_ERR_FORMAT,
                          "server specification: %.40s: no NAME=PATH of a clock", spec->clock_env);
    if (names != texts)
        return pf_err_set(err, PF_ERR_FORMAT, "server specification: %u files, %u texts", names,
                          texts);
    for (unsigned i = 0; i < names; i++)
        if (strchr(spec->file_names[i], '/') || spec->file_names[i][0] == '\0')
            return pf_err_set(err, PF_ERR_USAGE,
                              "server %s: .files: \"%s\" must be a plain name; files go to {tmp}",
                              spec->name, spec->file_names[i]);
    return true;
}

bool hn_server_spec_decode(struct hn_server_spec *out, struct pf_bytes bytes, struct pf_err *err)
{
    struct hn_server_spec spec = {0};
    struct pf_cursor cursor = pf_cursor_view(bytes);
    uint8_t tag = 0;

    while (tag != TAG_END) {
        tag = pf_cursor_u8(&cursor);
        const char *text = pf_cursor_cstr(&cursor);
        if (cursor.failed)
            return pf_err_set(err, PF_ERR_FORMAT, "server specification: ends early");
        if (tag != TAG_END && !read_field(&spec, tag, text, err))
            return false;
    }
    if (!is_complete(&spec, err))
        return false;
    *out = spec;
    return true;
}

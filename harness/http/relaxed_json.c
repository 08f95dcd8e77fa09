/* SPDX-License-Identifier: MIT */
#include "harness/http/relaxed_json.h"

#include <ctype.h>
#include <jansson.h>
#include <string.h>

/* A double-quoted string as it stands. Returns what follows it. */
static const char *copy_string(struct pf_buf *out, const char *at)
{
    const char *end = at + 1;

    while (*end && *end != '"')
        end += end[0] == '\\' && end[1] ? 2 : 1;
    if (*end)
        end++;
    pf_buf_put(out, at, (size_t)(end - at));
    return end;
}

/* 'text': \' is a quote, a double quote inside gets its backslash. */
static const char *copy_single(struct pf_buf *out, const char *at)
{
    pf_buf_put_str(out, "\"");
    for (at++; *at && *at != '\''; at++) {
        if (at[0] == '\\' && at[1] == '\'')
            at++;
        else if (at[0] == '\\' && at[1])
            pf_buf_put(out, at++, 1);
        else if (*at == '"')
            pf_buf_put_str(out, "\\");
        pf_buf_put(out, at, 1);
    }
    pf_buf_put_str(out, "\"");
    return *at ? at + 1 : at;
}

static bool is_name_char(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '$' || c == '-';
}

/* true, null and numbers stay; a word before a colon is a name. */
static const char *copy_word(struct pf_buf *out, const char *at)
{
    const char *end = at;

    while (is_name_char(*end))
        end++;
    const char *after = end + strspn(end, " \t\r\n");
    bool is_name = *after == ':';
    pf_buf_put_str(out, is_name ? "\"" : "");
    pf_buf_put(out, at, (size_t)(end - at));
    pf_buf_put_str(out, is_name ? "\"" : "");
    return end;
}

static void rewrite(struct pf_buf *out, const char *at)
{
    while (*at) {
        if (*at == '"') {
            at = copy_string(out, at);
        } else if (*at == '\'') {
            at = copy_single(out, at);
        } else if (isalpha((unsigned char)*at) || *at == '_' || *at == '$') {
            at = copy_word(out, at);
        } else {
            pf_buf_put(out, at++, 1);
        }
    }
}

bool hn_relaxed_json(struct pf_buf *out, const char *text, struct pf_err *err)
{
    struct pf_buf strict = {0};
    json_error_t why;

    rewrite(&strict, text);
    json_t *parsed = json_loads(pf_buf_cstr(&strict), JSON_DECODE_ANY, &why);
    bool ok = parsed != NULL;
    if (!ok)
        (void)pf_err_set(err, PF_ERR_USAGE,
                         "json(): no valid JSON: %s (column %d): %.200s; to send broken JSON on "
                         "purpose use body(\"application/json\", ...)",
                         why.text, why.column, pf_buf_cstr(&strict));
    else
        pf_buf_put(out, strict.at, strict.size);
    json_decref(parsed);
    pf_buf_fini(&strict);
    return ok;
}

/*
 * The canonical form of a snapshot's content.
 *
 * SPDX-License-Identifier: MIT
 */
#include <jansson.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "harness/runner/snapshots.h"

#define REDACTED "[redacted]"

enum { DEPTH_MAX = 64, KEY_MAX = 512 };

/* The next part of a JSON pointer, ~1 and ~0 undone (RFC 6901); returns what follows it. */
static const char *next_part(const char *pointer, char key[KEY_MAX])
{
    size_t size = 0;

    for (pointer++; *pointer && *pointer != '/'; pointer++) {
        char byte = *pointer;
        if (byte == '~' && (pointer[1] == '0' || pointer[1] == '1'))
            byte = *++pointer == '0' ? '~' : '/';
        if (size < KEY_MAX - 1)
            key[size++] = byte;
    }
    key[size] = '\0';
    return pointer;
}

static void redact(json_t *value, const char *pointer, unsigned depth);

static void redact_member(json_t *object, const char *key, const char *rest, unsigned depth)
{
    json_t *member = json_object_get(object, key);

    if (member && !*rest)
        (void)json_object_set_new(object, key, json_string(REDACTED));
    else if (member)
        redact(member, rest, depth);
}

static void redact_element(json_t *array, size_t index, const char *rest, unsigned depth)
{
    if (index >= json_array_size(array))
        return;
    if (!*rest)
        (void)json_array_set_new(array, index, json_string(REDACTED));
    else
        redact(json_array_get(array, index), rest, depth);
}

static void redact(json_t *value, const char *pointer, unsigned depth)
{
    char key[KEY_MAX];
    const char *rest = next_part(pointer, key), *name;
    bool is_any = strcmp(key, "*") == 0;
    json_t *member;
    void *next;

    if (depth == DEPTH_MAX)
        return;
    if (json_is_object(value) && is_any) {
        json_object_foreach_safe(value, next, name, member)
        {
            redact_member(value, name, rest, depth + 1);
        }
    } else if (json_is_object(value)) {
        redact_member(value, key, rest, depth + 1);
    } else if (json_is_array(value)) {
        size_t from = is_any ? 0 : strtoul(key, NULL, 10);
        size_t to = is_any ? json_array_size(value) : from + 1;
        for (size_t i = from; i < to; i++)
            redact_element(value, i, rest, depth + 1);
    }
}

static bool replace_matches(struct pf_buf *out, const char *text, const char *pattern)
{
    regex_t regex;
    regmatch_t match;
    int flags = 0;

    if (regcomp(&regex, pattern, REG_EXTENDED | REG_NEWLINE) != 0)
        return false;
    while (*text && regexec(&regex, text, 1, &match, flags) == 0) {
        size_t start = (size_t)match.rm_so, end = (size_t)match.rm_eo;
        pf_buf_put(out, text, start);
        if (end > start)
            pf_buf_put_str(out, REDACTED);
        else
            pf_buf_put(out, text + start, text[start] != '\0'); /* an empty match moves on */
        text += end > start ? end : start + (text[start] != '\0');
        flags = REG_NOTBOL;
    }
    pf_buf_put_str(out, text);
    regfree(&regex);
    return true;
}

static char *canonical_json(const char *content, const char *const *redactions)
{
    json_t *root = json_loads(content, 0, NULL);
    char *text = NULL;

    for (const char *const *at = redactions; root && *at; at++)
        if (**at == '/')
            redact(root, *at, 0);
    if (root)
        text = json_dumps(root, JSON_SORT_KEYS | JSON_INDENT(2));
    json_decref(root);
    return text;
}

bool hn_snapshot_canonical(struct pf_buf *out, const char *content, const char *const *redactions,
                           const char **problem)
{
    char *json = canonical_json(content, redactions);

    pf_buf_put_str(out, json ? json : content);
    free(json);
    for (const char *const *at = redactions; *at; at++) {
        struct pf_buf replaced = {0};
        if (**at == '/')
            continue;
        if (!replace_matches(&replaced, pf_buf_cstr(out), *at)) {
            *problem = *at;
            pf_buf_fini(&replaced);
            return false;
        }
        pf_buf_fini(out);
        *out = replaced;
    }
    if (!out->size || out->at[out->size - 1] != '\n')
        pf_buf_put_str(out, "\n");
    return true;
}

/* SPDX-License-Identifier: MIT */
#include "harness/server/placeholder.h"

#include <string.h>

static size_t word_size(const char *text)
{
    return strspn(text, "abcdefghijklmnopqrstuvwxyz");
}

static const struct hn_placeholder *find(const struct hn_placeholder *list, const char *name,
                                         size_t size)
{
    for (; list->name; list++)
        if (strlen(list->name) == size && memcmp(list->name, name, size) == 0)
            return list;
    return NULL;
}

static bool put_value(struct pf_buf *out, const struct hn_placeholder *list, const char *name,
                      size_t size, struct pf_err *err)
{
    const struct hn_placeholder *found = find(list, name, size);

    if (!found)
        return pf_err_set(err, PF_ERR_USAGE,
                          "{%.*s}: no such placeholder ({port}, {tmp}, {socket}, {name}; write {{ "
                          "for a brace)",
                          (int)(size < 40 ? size : 40), name);
    if (!found->value)
        return pf_err_set(err, PF_ERR_USAGE, "{%s}: has no value with this kind of .port",
                          found->name);
    pf_buf_put_str(out, found->value);
    return true;
}

bool hn_placeholder_expand(struct pf_buf *out, const char *text, const struct hn_placeholder *list,
                           struct pf_err *err)
{
    while (*text) {
        size_t plain = strcspn(text, "{");
        pf_buf_put(out, text, plain);
        text += plain;
        if (*text == '\0')
            break;

        size_t size = word_size(text + 1);
        if (text[1] == '{') {
            pf_buf_put_str(out, "{");
            text += 2;
        } else if (size > 0 && text[1 + size] == '}') {
            if (!put_value(out, list, text + 1, size, err))
                return false;
            text += size + 2;
        } else {
            pf_buf_put_str(out, "{");
            text++;
        }
    }
    return true;
}

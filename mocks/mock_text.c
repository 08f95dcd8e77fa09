/*
 * Words for values and matchers, for messages.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <string.h>

#include "mocks/mock_priv.h"

enum { SHOWN_BYTES = 32 };

static void put_quoted(char *text, size_t size, const char *at, size_t count)
{
    size_t used = 0;
    bool cut = count > SHOWN_BYTES;

    used += (size_t)snprintf(text, size, "\"");
    for (size_t i = 0; i < (cut ? SHOWN_BYTES : count) && used + 8 < size; i++) {
        unsigned char c = (unsigned char)at[i];
        const char *fmt = c == '"' || c == '\\' ? "\\%c" : c >= 0x20 && c < 0x7f ? "%c" : "\\x%02x";
        if (c == '\n' || c == '\r')
            used += (size_t)snprintf(text + used, size - used, "\\%c", c == '\n' ? 'n' : 'r');
        else
            used += (size_t)snprintf(text + used, size - used, fmt, c);
    }
    (void)snprintf(text + used, size - used, cut ? "\"..." : "\"");
}

void mk_text_value(char *text, size_t size, const struct mk_param *param, union mk_value value)
{
    switch (param->class) {
    case MK_INT:
        (void)snprintf(text, size, "%lld", (long long)value.i);
        break;
    case MK_UINT:
        (void)snprintf(text, size, "%llu", (unsigned long long)value.u);
        break;
    case MK_NUM:
        (void)snprintf(text, size, "%g", value.d);
        break;
    case MK_PTR:
        if (value.p)
            (void)snprintf(text, size, "%p", (const void *)(uintptr_t)value.p);
        else
            (void)snprintf(text, size, "NULL");
        break;
    default:
        (void)snprintf(text, size, "(a structure)");
        break;
    }
}

static void put_operand(char *text, size_t size, const char *word, const struct mk_matcher *matcher,
                        const struct mk_param *param)
{
    struct mk_param as = *param;
    size_t used = (size_t)snprintf(text, size, "%s ", word);

    if (as.class == MK_INT && matcher->value_is_unsigned)
        as.class = MK_UINT;
    mk_text_value(text + used, size - used, &as, matcher->value);
}

static void put_hint(char *text, size_t size, const char *hint)
{
    size_t used = strlen(text);

    (void)snprintf(text + used, size - used, "%s", hint);
}

void mk_text_matcher(char *text, size_t size, const struct mk_matcher *matcher,
                     const struct mk_param *param)
{
    static const char *const words[] = {"ANY", "IS",  "NOT",  "LT", "GT",
                                        "STR", "MEM", "BITS", "FN", "CAPTURE"};
    const char *bytes = (const char *)(uintptr_t)matcher->value.p;

    switch (matcher->kind) {
    case MK_IS:
    case MK_NOT:
        put_operand(text, size, words[matcher->kind], matcher, param);
        if (param->role == MK_STRING && bytes)
            put_hint(text, size, " (this pointer; STR compares text)");
        break;
    case MK_LT:
    case MK_GT:
        put_operand(text, size, words[matcher->kind], matcher, param);
        break;
    case MK_BITS:
        (void)snprintf(text, size, "BITS 0x%llx", (unsigned long long)matcher->value.u);
        break;
    case MK_STR:
    case MK_MEM: {
        size_t used = (size_t)snprintf(text, size, "%s ", words[matcher->kind]);
        size_t count = matcher->kind == MK_MEM ? matcher->size : bytes ? strlen(bytes) : 0;
        put_quoted(text + used, size - used, bytes ? bytes : "", count);
        break;
    }
    default:
        (void)snprintf(text, size, "%s", words[matcher->kind]);
        break;
    }
}

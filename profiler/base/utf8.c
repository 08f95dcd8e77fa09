/* SPDX-License-Identifier: MIT */
#include "profiler/base/utf8.h"

#include <string.h>

static bool is_tail(unsigned char byte)
{
    return (byte & 0xc0) == 0x80;
}

/* The second byte's range rules out overlong forms, surrogates and what is above U+10FFFF. */
static bool is_second(unsigned char lead, unsigned char byte)
{
    switch (lead) {
    case 0xe0:
        return byte >= 0xa0 && byte <= 0xbf;
    case 0xed:
        return byte >= 0x80 && byte <= 0x9f;
    case 0xf0:
        return byte >= 0x90 && byte <= 0xbf;
    case 0xf4:
        return byte >= 0x80 && byte <= 0x8f;
    default:
        return is_tail(byte);
    }
}

unsigned pf_utf8_length(const char *text, size_t size)
{
    const unsigned char *at = (const unsigned char *)text;
    unsigned length = 0;

    if (at[0] < 0x80)
        return 1;
    if (at[0] >= 0xc2 && at[0] <= 0xdf)
        length = 2;
    else if (at[0] >= 0xe0 && at[0] <= 0xef)
        length = 3;
    else if (at[0] >= 0xf0 && at[0] <= 0xf4)
        length = 4;
    if (length == 0 || length > size || !is_second(at[0], at[1]))
        return 0;
    for (unsigned i = 2; i < length; i++)
        if (!is_tail(at[i]))
            return 0;
    return length;
}

uint32_t pf_utf8_decode(const char *text, unsigned length)
{
    static const unsigned char lead_bits[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    const unsigned char *at = (const unsigned char *)text;
    uint32_t code = at[0] & lead_bits[length];

    for (unsigned i = 1; i < length; i++)
        code = code << 6 | (at[i] & 0x3f);
    return code;
}

bool pf_utf8_is_valid(const char *text, size_t size)
{
    for (size_t at = 0; at < size;) {
        unsigned length = pf_utf8_length(text + at, size - at);
        if (length == 0)
            return false;
        at += length;
    }
    return true;
}

void pf_utf8_clean(char *out, size_t out_size, const char *text, size_t size)
{
    size_t used = 0;

    for (size_t at = 0; at < size;) {
        unsigned length = pf_utf8_length(text + at, size - at);
        const char *from = length ? text + at : "\xef\xbf\xbd";
        unsigned put = length ? length : 3;

        if (put == 1 && ((unsigned char)*from < 0x20 || *from == 0x7f) && *from != '\t')
            from = " ";
        if (used + put >= out_size)
            break;
        memcpy(out + used, from, put);
        used += put;
        at += length ? length : 1;
    }
    out[used] = '\0';
}

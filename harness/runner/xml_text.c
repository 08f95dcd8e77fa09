/* SPDX-License-Identifier: MIT */
#include "harness/runner/xml_text.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "profiler/base/sink.h"

/* Bytes of the UTF-8 character at at, 0 if it is not one that XML allows (RFC 3629). */
static size_t valid_length(const unsigned char *at)
{
    if (at[0] < 0x80)
        return at[0] >= 0x20 || at[0] == '\t' || at[0] == '\n' || at[0] == '\r' ? 1 : 0;
    size_t size = at[0] >= 0xF0 ? 4 : at[0] >= 0xE0 ? 3 : 2;
    if (at[0] < 0xC2 || at[0] > 0xF4)
        return 0;
    for (size_t i = 1; i < size; i++)
        if ((at[i] & 0xC0) != 0x80)
            return 0;
    bool overlong = (at[0] == 0xE0 && at[1] < 0xA0) || (at[0] == 0xF0 && at[1] < 0x90);
    bool surrogate = at[0] == 0xED && at[1] >= 0xA0;
    bool too_large = at[0] == 0xF4 && at[1] >= 0x90;
    bool no_character = at[0] == 0xEF && at[1] == 0xBF && at[2] >= 0xBE;
    return overlong || surrogate || too_large || no_character ? 0 : size;
}

static const char *entity(unsigned char byte)
{
    switch (byte) {
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '&':
        return "&amp;";
    case '"':
        return "&quot;";
    case '\r':
        return "&#13;";
    default:
        return NULL;
    }
}

void hn_xml_text(struct pf_sink *sink, const char *text)
{
    const unsigned char *at = (const unsigned char *)(text ? text : "");

    while (*at) {
        size_t size = valid_length(at);
        const char *named = entity(*at);
        if (named)
            pf_sink_put_str(sink, named);
        else if (size)
            pf_sink_put(sink, at, size);
        else
            pf_sink_put_str(sink, "\xEF\xBF\xBD");
        at += size ? size : 1;
    }
}

void hn_xml_attribute(struct pf_sink *sink, const char *name, const char *value)
{
    pf_sink_put_str(sink, " ");
    pf_sink_put_str(sink, name);
    pf_sink_put_str(sink, "=\"");
    for (const char *at = value ? value : ""; *at;) {
        size_t size = strcspn(at, "\n\t");
        char part[512];
        if (size > sizeof part - 1) /* never in the middle of a character */
            for (size = sizeof part - 1; size > 1 && (at[size] & 0xC0) == 0x80;)
                size--;
        memcpy(part, at, size);
        part[size] = '\0';
        hn_xml_text(sink, part);
        at += size;
        if (*at == '\n' || *at == '\t')
            pf_sink_put_str(sink, *at++ == '\n' ? "&#10;" : "&#9;");
    }
    pf_sink_put_str(sink, "\"");
}

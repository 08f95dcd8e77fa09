/*
 * Names made safe for XML, HTML and JSON. They come from binaries and files of other people.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <string.h>

#include "profiler/base/sink.h"
#include "profiler/report/flame_priv.h"
#include "profiler/report/utf8.h"

static const char replacement[] = "\xef\xbf\xbd";

/* XML 1.0 has no control characters but these, and neither U+FFFE nor U+FFFF. */
static bool is_xml_char(uint32_t code)
{
    return code == '\t' || code == '\n' || code == '\r'
           || (code >= 0x20 && code != 0x7f && code != 0xfffe && code != 0xffff);
}

static const char *xml_entity(char c)
{
    switch (c) {
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '&':
        return "&amp;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

void pf_xml_text(struct pf_sink *sink, const char *text)
{
    size_t size = strlen(text);

    for (size_t at = 0; at < size;) {
        unsigned length = pf_utf8_length(text + at, size - at);
        const char *entity = xml_entity(text[at]);
        if (entity)
            pf_sink_put_str(sink, entity);
        else if (length && is_xml_char(pf_utf8_decode(text + at, length)))
            pf_sink_put(sink, text + at, length);
        else
            pf_sink_put_str(sink, replacement);
        at += length ? length : 1;
    }
}

/* What must not stand in JSON as it is, or would end a script element or a CDATA section. */
static bool wants_escape(uint32_t code)
{
    return code < 0x20 || code == '"' || code == '\\' || code == '<' || code == '>' || code == '&'
           || code == 0x7f || code == 0x2028 || code == 0x2029 || code >= 0xfffe;
}

void pf_json_string(struct pf_sink *sink, const char *text)
{
    size_t size = strlen(text);

    pf_sink_put(sink, "\"", 1);
    for (size_t at = 0; at < size;) {
        unsigned length = pf_utf8_length(text + at, size - at);
        uint32_t code = length ? pf_utf8_decode(text + at, length) : 0;
        if (length == 0)
            pf_sink_put_str(sink, replacement);
        else if (code <= 0xffff && wants_escape(code))
            pf_sink_printf(sink, "\\u%04x", code);
        else
            pf_sink_put(sink, text + at, length);
        at += length ? length : 1;
    }
    pf_sink_put(sink, "\"", 1);
}
